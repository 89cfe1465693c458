"""Moments that come while messages are under way: the night begins, or the news is over.

Two workers call a slow provider, answers are lost and one worker dies, so that some of what was
claimed before the moment comes up again after it.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from notifier.brands import set_quiet_hours
from tests.faults.ground import Ground, NotReached
from tests.faults.judge import Night, Owed, Verdict
from tests.faults.killing import DATABASES, LOSSES
from tests.faults.nursery import FIVE_TIMES_AS_FAST
from tests.faults.points import Point
from tests.faults.world import World

SEEDS = 5
CUSTOMERS = 250

_CALL_S = 4.0  # sixteen calls at once: all of them take longer than it is until the moment
_TO_BOOK = timedelta(seconds=0.2)  # a visit, also where several cases share a busy machine
_AHEAD = timedelta(seconds=10)  # from the start of the workers to the moment
_NIGHT = timedelta(minutes=1)
_DEATH_S = 120


class Moment(StrEnum):
    """What comes while messages are under way."""

    NIGHT = "night"
    EXPIRY = "expiry"


#: When the visits start, from the moment on: later than what is worth waking anybody for, or so
#: that they are over.
_STARTS = MappingProxyType({Moment.NIGHT: timedelta(days=2), Moment.EXPIRY: timedelta(hours=-2)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """So many customers are owed something when `moment` comes."""

    moment: Moment
    database: str
    seed: int
    customers: int = CUSTOMERS

    @property
    def name(self) -> str:
        """What this case is called, in the table and in the record of what has run."""
        return f"deadline/{self.moment}/{self.database}/{self.seed}"


def cases() -> Iterator[Deadline]:
    """Yield both moments on both databases, five seeds each."""
    for seed in range(SEEDS):
        for moment in Moment:
            for database in DATABASES:
                yield Deadline(moment=moment, database=database, seed=seed)


def run(case: Deadline, ground: Ground) -> Verdict:
    """Run `case` and return the verdict.

    :raises NotReached: if nobody died, or nothing was left to send when the moment came.
    """
    chance = random.Random(case.name)
    with ground.world(case.database) as world:
        world.timings.update(FIVE_TIMES_AS_FAST)
        at = world.services.now() + case.customers * _TO_BOOK + _AHEAD
        if case.moment is Moment.NIGHT:  # which begins and ends on the minute
            at = _next_minute(at)
        world.starts_at = at + _STARTS[case.moment]
        world.book(case.customers)
        if case.moment is Moment.NIGHT:
            _let_night_fall(world, at)
        else:  # a visit that is nearly over, and nobody came: that, too, is said
            world.owed += [Owed(job=job, rule="no_word_yet", says="") for job in world.jobs]
        for _ in world.owed:
            kind = chance.choice((*LOSSES, "slow", "slow", "slow"))
            world.providers.fail_next_sms(kind, seconds=_CALL_S)
        world.set_trap(Point.CLAIM_COMMITTED, 3)
        _wait_until(world, at - _AHEAD)
        world.start_workers(2)
        if not world.wait_until(world.somebody_died, _DEATH_S):
            raise NotReached("nobody died")
        world.replace_the_dead()
        verdict = world.verdict()
        before = world.taken_before(at)
        if not 0 < before < verdict.owed:
            raise NotReached(f"{before} of {verdict.owed} were taken before the moment came")
        verdict.notes.append(f"{before} were taken before the moment came")
        return verdict


def _let_night_fall(world: World, at: datetime) -> None:
    """Let nothing be sent for a minute from `at` on; what was claimed before may be."""
    starts = at.astimezone(ZoneInfo(world.zone))
    usual = f"{starts:%H:%M}-{starts + _NIGHT:%H:%M}"
    set_quiet_hours(world.services, world.brand, usual=usual, actor="key:faults")
    lease = timedelta(seconds=FIVE_TIMES_AS_FAST["lease"])
    world.night = Night(starts=at + lease, ends=at + _NIGHT)


def _wait_until(world: World, moment: datetime) -> None:
    left = moment - world.services.now()
    threading.Event().wait(max(0.0, left.total_seconds()))


def _next_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
