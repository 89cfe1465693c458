"""Clocks that are wrong by minutes and hours, while answers are lost and a worker dies."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from notifier.clock import system_now
from tests.faults.ground import Ground, NotReached
from tests.faults.judge import Verdict
from tests.faults.killing import DATABASES, LOSSES
from tests.faults.nursery import FIVE_TIMES_AS_FAST
from tests.faults.points import Point
from tests.faults.world import World

SEEDS = 5
OFF_BY = (300, -300, 7200, -7200)  # seconds
CUSTOMERS = 12

_DEATH_S = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongClock:
    """On PostgreSQL one of three machines is `off_by` seconds ahead; on SQLite the only one."""

    off_by: int
    database: str
    seed: int

    @property
    def name(self) -> str:
        """What this case is called, in the table and in the record of what has run."""
        return f"clock/{self.off_by:+d}/{self.database}/{self.seed}"


def cases() -> Iterator[WrongClock]:
    """Yield five minutes and two hours, ahead and behind."""
    for seed in range(SEEDS):
        for off_by in OFF_BY:
            for database in DATABASES:
                yield WrongClock(off_by=off_by, database=database, seed=seed)


def run(case: WrongClock, ground: Ground) -> Verdict:
    """Run `case` and return the verdict.

    :raises NotReached: if no worker died.
    """
    chance = random.Random(case.name)
    with ground.world(case.database) as world:
        one_machine = case.database == "sqlite"
        if one_machine:
            _set_clock(world, case.off_by)
        world.timings.update(FIVE_TIMES_AS_FAST)
        world.book(CUSTOMERS)
        for off_by in (case.off_by,) * 3 if one_machine else (0, case.off_by, -case.off_by):
            world.timings["clock_off_by"] = off_by
            world.start_workers(1)
        if not world.come_to_rest():
            raise NotReached("the confirmations did not all go out")
        for loss in chance.sample(LOSSES, len(LOSSES)):
            world.providers.fail_next_sms(loss)
        world.set_trap(Point.CALL_ENDED, chance.randint(1, CUSTOMERS // 3))  # of one worker
        world.late()
        if not world.wait_until(world.somebody_died, _DEATH_S):
            raise NotReached("nobody died")
        world.replace_the_dead()
        return world.verdict()


def _set_clock(world: World, off_by: int) -> None:
    """Let those who record have the clock of the machine; the providers have a right one."""
    world.ahead = timedelta(seconds=off_by)
    world.services = replace(world.services, now=lambda: system_now() + world.ahead)
    world.starts_at += world.ahead
