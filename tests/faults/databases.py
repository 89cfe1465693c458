"""Databases that fail while callers talk: killed, locked, full, or without a free connection."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tests.faults.callers import Callers
from tests.faults.ground import Ground, NotReached
from tests.faults.judge import Verdict
from tests.faults.nursery import FIVE_TIMES_AS_FAST
from tests.faults.troubles import (
    Trouble,
    disk_full,
    locked,
    no_connections,
    pool_empty,
    postmaster_killed,
)

_BEFORE_S, _AFTER_S = 1.0, 5.0  # that callers talk before and after the trouble
_WAITING, _BRIEFLY_WAITING = 100, 20  # who are owed something when workers start
_CALL_S = 0.5  # what a call takes, so that the trouble comes in the midst of some


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """`trouble` with a database while callers talk and two workers deliver."""

    trouble: str
    database: str
    seed: int
    brief: bool = False

    @property
    def name(self) -> str:
        """What this case is called, in the table and in the record of what has run."""
        return f"database/{self.trouble}/{self.database}/{self.seed}"


def cases() -> Iterator[Broken]:
    """Yield each trouble; of the postmaster's deaths 25 times as many as one case has."""
    for seed in range(25):
        yield Broken(trouble="postmaster_killed", database="postgres", seed=seed)
    for seed in range(3):
        yield Broken(trouble="locked", database="sqlite", seed=seed)
        yield Broken(trouble="no_connections", database="postgres", seed=seed)
        for database in ("sqlite", "postgres"):
            yield Broken(trouble="disk_full", database=database, seed=seed)
            yield Broken(trouble="pool_empty", database=database, seed=seed)


_TROUBLES: Mapping[str, Trouble] = MappingProxyType(
    {
        "postmaster_killed": postmaster_killed,
        "locked": locked,
        "disk_full": disk_full,
        "no_connections": no_connections,
        "pool_empty": pool_empty,
    }
)


def run(case: Broken, ground: Ground) -> Verdict:
    """Run `case` and return the verdict.

    :raises NotReached: if no caller noticed, or it can't be done on this machine.
    """
    chance = random.Random(case.name)
    with _TROUBLES[case.trouble](ground, case.database, chance, case.brief) as place:
        world, make_trouble = place
        world.timings.update(FIVE_TIMES_AS_FAST)
        callers = Callers.of(world)
        world.book(_BRIEFLY_WAITING if case.brief else _WAITING)
        world.providers.fail_next_sms("slow", times=4 * _WAITING, seconds=_CALL_S)
        world.start_workers(2)
        pause = threading.Event()
        with callers.talking():
            pause.wait(_BEFORE_S)
            make_trouble()
            if not callers.busy:
                raise NotReached("no caller noticed")
            pause.wait(_AFTER_S)
        verdict = world.verdict()
        verdict.misled = len(callers.misled)
        verdict.untold += [f"misled: {answer}" for answer in sorted(set(callers.misled))]
        verdict.notes.append(f"{callers.busy} times a caller was told to come back")
        return verdict
