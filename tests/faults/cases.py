"""Every case of the suite, as values: what dies where, on which database, beside how many."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.faults.points import IN_DOUBT, Point

SEEDS = 20
DATABASES = ("sqlite", "postgres")
WORKERS = (1, 3)

#: How an answer is lost, so that the outcome is in doubt.
LOSSES = ("reset_before", "reset_after", "error_before", "error_after", "garbage")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """One of `workers` workers ends at `point`, and another takes its place."""

    point: Point
    database: str
    workers: int
    seed: int

    @property
    def name(self) -> str:
        """What this case is called, in the table and in the record of what has run."""
        return f"kill/{self.point}/{self.database}/{self.workers}/{self.seed}"

    @property
    def customers(self) -> int:
        """How many are owed news."""
        return self._random().randint(2, 8)

    @property
    def loss(self) -> str | None:
        """How one answer is lost; only at points that are passed where one is in doubt."""
        return self._random().choice(LOSSES) if self.point in IN_DOUBT else None

    def _random(self) -> random.Random:
        return random.Random(self.name)


def kills() -> Iterator[Kill]:
    """Yield every kill: 15 points, two databases, one and three workers, 20 seeds."""
    for seed in range(SEEDS):
        for point in Point:
            for database in DATABASES:
                for workers in WORKERS:
                    yield Kill(point=point, database=database, workers=workers, seed=seed)
