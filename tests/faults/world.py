"""One case of the suite: customers, news for them, workers that die, and the verdict."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import parse_qs, urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from notifier.booking import NewAppointment, NewPerson, book
from notifier.clock import system_now
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import WAITING, Channel, MessageStatus, Role
from notifier.domain.windows import Window
from notifier.intake import NewFact, record
from notifier.services import Services
from notifier.store.engine import create_sessions, reading
from notifier.store.tables import Attempt, CallBegun, Message, Task
from tests.fakes.provider_server import FakeProviders
from tests.fakes.provider_state import Taken
from tests.faults.judge import Admitted, Night, Owed, Sent, Verdict, judge
from tests.faults.nursery import Nursery, Order
from tests.faults.points import Point
from tests.services import given_brand, make_services

_Answer = TypeVar("_Answer")
_Standing = tuple[Any, ...]
"""A message, its status, when it is due, and how often it was tried."""

_POLL_S = 0.05
_PATIENCE = 20  # times that a caller says again what was turned away
#: What is due later than this is not waited for: reminders, thanks.
_SOON = timedelta(minutes=2)
#: Of these it matters that they end, however long they are put off.
_UNDER_WAY = (MessageStatus.CLAIMED, MessageStatus.UNKNOWN, MessageStatus.DEFERRED)
_REST_POLL_S = 0.3
_STUCK_S = 400  # longer than anything is put off after five attempts


@dataclass
class World:
    """A database, the providers with their journal, workers, and what was promised to whom."""

    services: Services
    providers: FakeProviders
    nursery: Nursery
    directory: Path
    database_url: str
    brand: UUID
    zone: str
    timings: dict[str, float] = field(default_factory=dict)  # of its workers, as in `Order`
    at_a_time: int | None = None  # messages of one claim of its workers, as in `Order`
    workers: list[int] = field(default_factory=list)
    jobs: list[UUID] = field(default_factory=list)
    owed: list[Owed] = field(default_factory=list)
    ahead: timedelta = timedelta(0)  # of those who record, and of the database, against us
    night: Night | None = None
    starts_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        now = system_now().replace(second=0, microsecond=0)
        self.starts_at = now + timedelta(hours=3)

    @classmethod
    def made(cls, database_url: str, directory: Path, nursery: Nursery) -> Self:
        """Return a new world on the empty, migrated database at `database_url`."""
        services = make_services(create_sessions(database_url), now=system_now)
        zone = _midday()
        brand = given_brand(services, slug="default", zone=zone)
        providers = FakeProviders(journal=directory / "journal")
        providers.__enter__()
        return cls(
            services=services,
            providers=providers,
            nursery=nursery,
            directory=directory,
            database_url=database_url,
            brand=brand.id,
            zone=zone,
        )

    def close(self) -> None:
        """End all workers and the providers."""
        for pid in self.workers:
            self.nursery.kill(pid)
        self.providers.__exit__()
        self.services.sessions.kw["bind"].dispose()

    def book(self, how_many: int, channel: Channel = Channel.SMS) -> None:
        """Book so many visits; each customer is owed the confirmation, over `channel`."""
        for number in range(len(self.jobs), len(self.jobs) + how_many):
            self.book_one(number, channel)

    def book_one(self, number: int, channel: Channel = Channel.SMS) -> UUID:
        """Book the visit of this number and return its job."""
        by_text = channel is Channel.SMS
        booked = _until_taken(
            book,
            self.services,
            self.brand,
            NewAppointment(
                reference=f"JOB-{number}",
                service="Boiler repair",
                window=self.window(),
                people=(
                    NewPerson(
                        role=Role.CUSTOMER,
                        name="Ada Park",
                        phone=self.phone(number) if by_text else None,
                        email=None if by_text else self.address(number, channel),
                        zone=self.zone,
                        locale="en",
                    ),
                ),
            ),
            source=FactSource.API,
            actor="key:faults",
        )
        self.jobs.append(booked.job_id)
        self.owed.append(Owed(job=booked.job_id, rule="booked", says=self.clock_time(0)))
        return booked.job_id

    def phone(self, number: int) -> str:
        """Return the number of the customer of that visit."""
        return f"+1206{2_000_000 + number}"

    def address(self, number: int, channel: Channel) -> str:
        """Return where the customer of that visit is told."""
        return self.phone(number) if channel is Channel.SMS else f"ada{number}@customers.example"

    def late(self, minutes: int = 45) -> None:
        """Say of each visit that it is late; each customer is owed the new time."""
        for job in self.jobs:
            self.say_late(job, minutes)

    def say_late(self, job: UUID, minutes: int = 45) -> None:
        """Say of one visit that it is late; its customer is owed the new time."""
        self.say(job, FactType.DELAYED, minutes=minutes)
        self.owed.append(Owed(job=job, rule="running_late", says=self.clock_time(minutes)))

    def say(self, job: UUID, type: FactType, **details: Any) -> UUID:
        """Record a fact as an integration would, and return it."""
        new = NewFact(type=type, source=FactSource.API, actor="key:faults", **details)
        return _until_taken(record, self.services, self.brand, job, new).fact_id

    def window(self, late: int = 0) -> Window:
        """Return the window of every visit, `late` minutes later."""
        start = self.starts_at + timedelta(minutes=late)
        return Window(start, start + timedelta(hours=2))

    def clock_time(self, late: int) -> str:
        """Return how a text says the end of the window, `late` minutes later."""
        end = self.window(late).end.astimezone(ZoneInfo(self.zone))
        return f"{end:%I:%M %p}".lstrip("0").replace(":00", "")

    def start_workers(self, how_many: int) -> None:
        """Start so many workers more."""
        for _ in range(how_many):
            order = Order(
                database_url=self.database_url,
                provider_url=self.providers.url,
                trap_file=str(self.trap_file),
                at_a_time=self.at_a_time,
                **self.timings,
            )
            self.workers.append(self.nursery.start(order))

    @property
    def trap_file(self) -> Path:
        """Where workers look for the point at which one of them ends."""
        return self.directory / "trap"

    def set_trap(self, point: Point, count: int, how: signal.Signals = signal.SIGKILL) -> None:
        """Let a worker end, or be frozen, the `count`th time that it passes `point`."""
        waiting = self.trap_file.with_suffix(".new")
        waiting.write_text(f"{point} {count} {how:d}")
        waiting.rename(self.trap_file)

    def somebody_died(self) -> bool:
        """Whether a worker has ended."""
        return any(self.nursery.has_ended(pid) for pid in self.workers)

    def frozen(self) -> list[int]:
        """Return the workers that stand still, as Linux says."""
        states = {
            pid: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            for pid in self.workers
            if not self.nursery.has_ended(pid)
        }
        return [pid for pid, state in states.items() if state == "T"]

    def wake_up(self, pid: int) -> None:
        """Let a worker that was frozen go on where it stood."""
        os.kill(pid, signal.SIGCONT)

    def replace_the_dead(self) -> int:
        """Start a worker for each one that has ended; return how many that were."""
        dead = [pid for pid in self.workers if self.nursery.has_ended(pid)]
        self.workers = [pid for pid in self.workers if pid not in dead]
        self.start_workers(len(dead))
        return len(dead)

    def come_to_rest(self) -> bool:
        """Wait until it is quiet, however slow this machine; False if nothing moves any more."""
        pause = threading.Event()
        moving: object = None
        moved_at = time.monotonic()
        while time.monotonic() - moved_at < _STUCK_S:
            before = moving
            pause.wait(_REST_POLL_S)
            try:
                moving = self._moving()
            except SQLAlchemyError:  # a connection from before the database died
                continue
            if not moving:
                return True
            if moving != before:
                moved_at = time.monotonic()
        return False

    def _moving(self) -> set[_Standing]:
        """Return what is under way or due soon, as it stands."""
        columns = (Message.id, Message.status, Message.due_at, Message.attempts)
        soon = self.services.now() + _SOON
        with reading(self.services.sessions) as session:
            rows = session.execute(
                select(*columns).where(
                    Message.status.in_(_UNDER_WAY)
                    | (Message.status.in_(WAITING) & (Message.due_at <= soon))
                )
            )
            return {tuple(row) for row in rows}

    def wait_until(self, reached: Callable[[], bool], timeout: float) -> bool:
        """Look again and again, since nobody tells; False after `timeout` seconds."""
        pause = threading.Event()
        ends = time.monotonic() + timeout
        while not reached():
            if time.monotonic() > ends:
                return False
            pause.wait(_POLL_S)
        return True

    def verdict(self) -> Verdict:
        """Return the judgement on all that was owed and all that was taken, once all is at rest.

        What never comes to rest is no end that could be judged: it counts against the case.
        """
        restless = set() if self.come_to_rest() else self._moving()
        verdict = judge(self.owed, self._sent(), self._admitted(), self.night)
        verdict.restless = len(restless)
        verdict.untold += [f"restless: {id_} is {status}" for id_, status, *_ in sorted(restless)]
        return verdict

    def taken_before(self, moment: datetime) -> int:
        """Return how many texts and emails were taken before `moment`."""
        return sum(one.at < moment for one in self._sent())

    def held_in_call(self) -> int:
        """Return how many are held of which it is on record that a call began."""
        held = select(Message.id).where(Message.status == MessageStatus.HELD)
        begun = (
            select(func.count(Attempt.message_id.distinct()))
            .join(CallBegun, CallBegun.attempt_id == Attempt.id)
            .where(Attempt.message_id.in_(held))
        )
        with reading(self.services.sessions) as session:
            return session.scalar(begun) or 0

    def _sent(self) -> list[Sent]:
        journal = self.directory / "journal"
        lines = journal.read_text().splitlines() if journal.exists() else []
        taken = [json.loads(line) for line in lines]
        return [_sent(item, self.ahead) for item in taken]

    def _admitted(self) -> dict[UUID, Admitted]:
        with reading(self.services.sessions) as session:
            tasks = list(session.scalars(select(Task).where(Task.dropped.is_(False))))
            asked = {task.message_id for task in tasks}
            to_ring = {(task.job_person_id, task.rule) for task in tasks}
            return {
                row.id: Admitted(
                    job=row.job_id,
                    rule=row.rule,
                    status=MessageStatus(row.status),
                    expires_at=row.expires_at,
                    has_reason=row.reason is not None,
                    has_task=row.id in asked or (row.job_person_id, row.rule) in to_ring,
                )
                for row in session.scalars(select(Message))
            }


def _until_taken(say: Callable[..., _Answer], *args: object, **kwargs: object) -> _Answer:
    """Say something as callers do: a busy database is a 503, and they say it again."""
    for _ in range(_PATIENCE):
        try:
            return say(*args, **kwargs)
        except OperationalError:
            continue
    return say(*args, **kwargs)


def _sent(taken: Taken, ahead: timedelta) -> Sent:
    """Return what was taken with the id of ours that it carries."""
    at = datetime.fromisoformat(taken["at"]) + ahead
    if taken["kind"] == "email":
        message = UUID(taken["custom_args"]["message_id"])
        return Sent(message=message, body=taken["text"], at=at)
    (id_,) = parse_qs(urlsplit(taken["status_callback"]).query)["m"]
    return Sent(message=UUID(id_), body=taken["body"], at=at)


def _midday() -> str:
    """Return a zone where it is about eleven in the morning: no visit is at night."""
    ahead = 11 - datetime.now(UTC).hour  # -12 to 11
    return "Etc/UTC" if ahead == 0 else f"Etc/GMT{-ahead:+d}"
