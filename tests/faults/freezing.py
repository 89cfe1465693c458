"""Workers that are frozen in the midst of a claim, as with their machine, and wake up later."""

from __future__ import annotations

import random
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from tests.faults.ground import Ground, NotReached
from tests.faults.judge import Verdict
from tests.faults.killing import DATABASES
from tests.faults.nursery import FIVE_TIMES_AS_FAST
from tests.faults.points import Point
from tests.faults.world import World

SEEDS = 5
POINTS = (Point.BEFORE_CLAIM_COMMITS, Point.CLAIM_COMMITTED)

_WORKERS = 3
_FREEZE_S = 90
_LOCKED_S = 7.0  # a writer waits for five, and a lease is six
_BRIEFLY_SILENT = "&options=-c%20idle_in_transaction_session_timeout%3D2s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """One of three workers is frozen at `point`; the others go on without it, then it alone.

    `brief`: PostgreSQL ends the session of who is silent sooner than it does in production.
    """

    point: Point
    database: str
    seed: int
    brief: bool = False

    @property
    def name(self) -> str:
        """What this case is called, in the table and in the record of what has run."""
        return f"freeze/{self.point}/{self.database}/{self.seed}"

    @property
    def customers(self) -> int:
        """How many are owed news."""
        return random.Random(self.name).randint(6, 12)


def cases() -> Iterator[Freeze]:
    """Yield both points on both databases, five seeds each."""
    for seed in range(SEEDS):
        for point in POINTS:
            for database in DATABASES:
                yield Freeze(point=point, database=database, seed=seed)


def run(case: Freeze, ground: Ground) -> Verdict:
    """Run `case` and return the verdict.

    Of the others, if they did not come to rest without the one that is frozen; else of all.

    :raises NotReached: if no worker was frozen.
    """
    with ground.world(case.database) as world:
        if case.brief and case.database == "postgres":
            world.database_url += _BRIEFLY_SILENT
        world.timings.update(FIVE_TIMES_AS_FAST)
        world.at_a_time = 2
        world.book(case.customers)
        world.start_workers(_WORKERS)
        if not world.come_to_rest():
            raise NotReached("the confirmations did not all go out")
        world.set_trap(case.point, 1, signal.SIGSTOP)
        with ThreadPoolExecutor(1) as beside:  # whoever is frozen may have SQLite's one lock
            said = beside.submit(world.late)
            if not world.wait_until(lambda: world.frozen() != [], _FREEZE_S):
                raise NotReached("nobody was frozen")
            if case.database == "sqlite":
                threading.Event().wait(_LOCKED_S)
            else:
                said.result()
                verdict = world.verdict()
                if not verdict.clean:
                    return verdict
            _leave_to_the_frozen(world, said, case.customers)
        return world.verdict()


def _leave_to_the_frozen(world: World, said: Future[None], customers: int) -> None:
    """Wake up who was frozen, as the only worker that there is, and have something to do for it.

    What it had in hand it would send before it is through with that.
    """
    (left,) = world.frozen()
    for pid in world.workers:
        if pid != left:
            world.nursery.kill(pid)
    world.wake_up(left)
    said.result()
    world.book(customers)
