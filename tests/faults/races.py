"""Races with the claim: what staff and customers do while the news that it concerns is claimed.

Each meeting is a crowd of visits whose news is due, workers that claim it, and for each visit
somebody who acts. Now the workers go ahead, up to some point of the claim, now those who act,
now all begin at once. Afterwards it is known of each visit which came first: the claim's locks,
or the act's commit. That decides what its customer was owed.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import cycle
from uuid import UUID

from sqlalchemy import select

from notifier.clock import system_now
from notifier.delivery import deliver_due
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import Channel
from notifier.domain.reasons import Party
from notifier.intake import withdraw
from notifier.replies import IncomingReply, take_reply
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Message
from tests.faults.ground import Ground, NotReached
from tests.faults.judge import Owed, Verdict
from tests.faults.nursery import FROM, Order, services_for
from tests.faults.watch import Pass, Watch
from tests.faults.world import World

DATABASES = ("sqlite", "postgres")
RACES = 1000

_CROWD = 10
_WORKERS = 2
_AT_A_TIME = 4  # messages of one claim: of a crowd some are locked, some are not
_PATIENCE_S = 30
_RARE = 0.05  # of the races: an order that is rarer was hardly tried

#: Who goes ahead and how far, meeting after meeting. The first two alone see both orders.
_AHEAD = (
    Pass.CLAIM_LOCKED,
    Pass.ACT_COMMITTED,
    None,
    Pass.CLAIM_BEGINS,
    Pass.ACT_BEGINS,
    Pass.CLAIM_CHECKED,
    Pass.ACT_COMMITS,
    Pass.CLAIM_COMMITS,
    Pass.CLAIM_COMMITTED,
)


class Act(StrEnum):
    """What races the claim."""

    CANCEL = "cancel"
    WITHDRAWAL = "withdrawal"
    STOP = "stop"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """So many times the same act races the claim of the news that it concerns."""

    act: Act
    database: str
    races: int = RACES
    seed: int = 0

    @property
    def name(self) -> str:
        """What this case is called, in the table and in the record of what has run."""
        return f"race/{self.act}/{self.database}/{self.races}/{self.seed}"


def cases() -> Iterator[Race]:
    """Yield the races of the suite: a thousand of each on each database."""
    for act in Act:
        for database in DATABASES:
            yield Race(act=act, database=database)


def run(case: Race, ground: Ground) -> Verdict:
    """Run `case` and return the verdict.

    :raises NotReached: if one of the two orders hardly ever came about.
    """
    with ground.world(case.database) as world, ThreadPoolExecutor(_CROWD + _WORKERS) as threads:
        order = Order(
            database_url=world.database_url,
            provider_url=world.providers.url,
            trap_file=str(world.trap_file),
            lease=30,
            look_up_after=40,
            look_up_again=90,
        )
        services = replace(
            services_for(world.services, order), sessions=world.services.sessions
        )  # one engine: on SQLite those who write take turns, as in one process of ours
        course = _Course(case, world, services, threads)
        with course.watch.over_the_claims():
            course.run()
        if min(course.claims_first, course.acts_first) < _RARE * case.races:
            raise NotReached(course.orders)
        verdict = world.verdict()
        verdict.notes.append(course.orders)
        return verdict


@dataclass
class _Course:
    """The races of one case, one meeting after another."""

    case: Race
    world: World
    services: Services
    threads: ThreadPoolExecutor
    watch: Watch = field(default_factory=Watch)
    claims_first: int = 0
    acts_first: int = 0

    @property
    def orders(self) -> str:
        """Say how often each came first."""
        return f"the claim came first {self.claims_first} times, the act {self.acts_first} times"

    def run(self) -> None:
        """Book all visits, and let the meetings follow each other."""
        self.world.book(self.case.races)
        self._deliver_all()
        chance = random.Random(self.case.name)
        firsts = range(0, self.case.races, _CROWD)
        for first, ahead in zip(firsts, cycle(_AHEAD), strict=False):
            self._meet(range(first, min(first + _CROWD, self.case.races)), ahead, chance)

    def _meet(self, visits: range, ahead: Pass | None, chance: random.Random) -> None:
        """Let the news of these visits be claimed while somebody acts on each of them."""
        late = {
            visit: self.world.say(self.world.jobs[visit], FactType.DELAYED, minutes=45)
            for visit in visits
        }
        start = _Start(self.watch, ahead, len(late) + _WORKERS)
        acts = {
            visit: self.threads.submit(self._act, visit, late[visit], start)
            for visit in chance.sample(visits, len(visits))
        }
        workers = [self.threads.submit(self._work, start) for _ in range(_WORKERS)]
        moments = {visit: act.result() for visit, act in acts.items()}
        for worker in workers:
            worker.result()
        self._deliver_all()
        for visit, (commits, committed) in moments.items():
            self._note_what_was_owed(visit, commits, committed)

    def _act(self, visit: int, late: UUID, start: _Start) -> tuple[float, float]:
        start.wait_for("claim")
        return self.watch.act(lambda: self._do(visit, late))

    def _work(self, start: _Start) -> None:
        start.wait_for("act")
        self._deliver_all()

    def _deliver_all(self) -> None:
        while deliver_due(self.services, limit=_AT_A_TIME):
            pass

    def _do(self, visit: int, late: UUID) -> None:
        world, job = self.world, self.world.jobs[visit]
        match self.case.act:
            case Act.CANCEL:
                world.say(job, FactType.CANCELLED, by=Party.US)
            case Act.MOVED:
                world.say(job, FactType.DELAYED, minutes=90)
            case Act.WITHDRAWAL:
                withdraw(
                    world.services,
                    world.brand,
                    job,
                    late,
                    source=FactSource.API,
                    actor="key:faults",
                )
            case Act.STOP:
                take_reply(world.services, _stop(world.phone(visit)))

    def _note_what_was_owed(self, visit: int, commits: float, committed: float) -> None:
        """What was committed before the claim had its locks decides.

        Facts commit under the job's lock: that a claim had it before they began to commit
        means that it had it first. Opting out takes no lock.
        """
        job = self.world.jobs[visit]
        locked = self._claimed(job)
        decided_at = committed if self.case.act is Act.STOP else commits
        claim_first = locked is not None and locked < decided_at
        if claim_first:
            self.claims_first += 1
        else:
            self.acts_first += 1
        owed = _owed(self.case.act, claim_first=claim_first)
        self.world.owed += [
            Owed(job=job, rule=rule, says=self._says(said)) for rule, said in owed.items()
        ]

    def _says(self, said: int | str) -> str:
        return said if isinstance(said, str) else self.world.clock_time(said)

    def _claimed(self, job: UUID) -> float | None:
        """Return when the claim of the news, if it ever was claimed, had its locks."""
        with reading(self.services.sessions) as session:
            news = session.scalars(
                select(Message.id).where(Message.job_id == job, Message.rule == _NEWS)
            )
            moments = [self.watch.locked.get(message) for message in news]
        return next((moment for moment in moments if moment is not None), None)


class _Start:
    """Lets all begin at once, or those of one side once the others have come so far."""

    def __init__(self, watch: Watch, ahead: Pass | None, parties: int) -> None:
        self._ahead = ahead
        self._passed = watch.await_pass(ahead) if ahead is not None else None
        self._all = threading.Barrier(parties)

    def wait_for(self, side: str) -> None:
        """Wait until all are there and, if `side` (claim, act) goes ahead, until it did."""
        self._all.wait(_PATIENCE_S)
        if self._ahead is not None and self._passed is not None and self._ahead.startswith(side):
            self._passed.wait(_PATIENCE_S)


_NEWS = "running_late"


def _owed(act: Act, *, claim_first: bool) -> dict[str, int | str]:
    """Return what the customer was owed, by rule: words, or by how many minutes it is late."""
    news: dict[str, int | str] = {_NEWS: 45} if claim_first else {}
    match act:
        case Act.CANCEL:
            return news | {"cancelled": "call off"}
        case Act.WITHDRAWAL:
            return news | ({"please_ignore": 0} if claim_first else {})
        case Act.MOVED:
            return news | ({"running_late_again": 90} if claim_first else {_NEWS: 90})
        case Act.STOP:
            return news


def _stop(number: str) -> IncomingReply:
    return IncomingReply(
        channel=Channel.SMS,
        provider_id=f"stop:{number}",
        from_address=number,
        to_address=FROM,
        body="STOP",
        received_at=system_now(),
    )
