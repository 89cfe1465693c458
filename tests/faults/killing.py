"""Kills at the points of the send path: a worker ends there, and another takes its place."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.faults.ground import Ground, NotReached
from tests.faults.judge import Verdict
from tests.faults.points import IN_DOUBT, Point
from tests.faults.world import World

SEEDS = 20
DATABASES = ("sqlite", "postgres")
WORKERS = (1, 3)

#: How an answer is lost, so that the outcome is in doubt.
LOSSES = ("reset_before", "reset_after", "error_before", "error_after", "garbage")

_DEATH_S = 90  # leases, look-ups and a busy machine

#: These come after a lease that nobody ended: another worker dies first.
_AFTER_A_DEATH = frozenset({Point.BEFORE_LAPSE_COMMITS, Point.LAPSED})


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


def cases() -> Iterator[Kill]:
    """Yield every kill: 15 points, two databases, one and three workers, 20 seeds."""
    for seed in range(SEEDS):
        for point in Point:
            for database in DATABASES:
                for workers in WORKERS:
                    yield Kill(point=point, database=database, workers=workers, seed=seed)


def run(case: Kill, ground: Ground) -> Verdict:
    """Run `case` and return the verdict.

    :raises NotReached: if no worker died at the point.
    """
    with ground.world(case.database) as world:
        world.book(case.customers)
        world.start_workers(case.workers)
        if not world.come_to_rest():
            raise NotReached("the confirmations did not all go out")
        if case.loss is not None and case.point not in _AFTER_A_DEATH:
            world.providers.fail_next_sms(case.loss)
        if case.point in _AFTER_A_DEATH:
            world.set_trap(Point.CLAIM_COMMITTED, 1)
            world.late()
            _wait_for_a_death(world)
            world.set_trap(case.point, 1)
            world.replace_the_dead()
        else:
            world.set_trap(case.point, 1)
            world.late()
        _wait_for_a_death(world)
        world.replace_the_dead()
        world.come_to_rest()
        return world.verdict()


def _wait_for_a_death(world: World) -> None:
    if not world.wait_until(world.somebody_died, _DEATH_S):
        raise NotReached("nobody died there")
