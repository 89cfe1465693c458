"""What every benchmark stands on: a real database, a live brand, a provider that takes no time."""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast
from uuid import UUID

from sqlalchemy import Engine

from notifier.booking import NewAppointment, NewPerson, book
from notifier.clock import new_id, system_now
from notifier.domain.facts import FactSource
from notifier.domain.messages import Role
from notifier.domain.windows import Window
from notifier.providers.protocols import Accepted, LookUp, LookUpAbsent, OutgoingSms
from notifier.services import Services
from notifier.store.engine import create_sessions
from notifier.waking import Waker
from tests.databases import Databases
from tests.services import given_brand, make_services

DATABASES = ("SQLite", "PostgreSQL")
_KINDS = {"SQLite": "sqlite", "PostgreSQL": "postgres"}


@dataclass
class InstantSms:
    """A provider in this process that takes every text at once and notes when."""

    name: str = "twilio"
    gives_receipts: bool = True
    can_look_up: bool = True
    handed_over: dict[str, list[float]] = field(default_factory=dict)  # by recipient, monotonic
    total: int = 0

    def send(self, sms: OutgoingSms) -> Accepted:
        """Take `sms`."""
        at = time.monotonic()
        self.handed_over.setdefault(sms.to, []).append(at)
        self.total += 1
        return Accepted(str(sms.attempt_id))

    def look_up(self, *, to: str, link_token: str, since: datetime) -> LookUp:
        """Find nothing: nothing is ever in doubt here."""
        return LookUpAbsent()


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Services on one database; `wake` is the one that a worker in this process listens to."""

    services: Services
    sms: InstantSms
    waker: Waker
    brand: UUID

    @property
    def engine(self) -> Engine:
        """The engine of the database."""
        return cast("Engine", self.services.sessions.kw["bind"])

    def book(self, number: int, *, starts_in: timedelta = timedelta(hours=4)) -> UUID:
        """Book visit `number` with a customer of its own, and return its job."""
        start = self.services.now() + starts_in
        booked = book(
            self.services,
            self.brand,
            NewAppointment(
                reference=f"JOB-{number}",
                service="Boiler repair",
                technician="Sam",
                window=Window(start, start + timedelta(hours=2)),
                zone=None,
                address="1200 Pine St, Seattle",
                people=(
                    NewPerson(
                        role=Role.CUSTOMER,
                        name="Ada Park",
                        phone=phone(number),
                        email=None,
                        zone=midday_zone(),
                        locale="en",
                    ),
                ),
            ),
            source=FactSource.API,
            actor="key:bench",
        )
        return booked.job_id


def phone(number: int) -> str:
    """Return the phone number of customer `number`; the first 10 million differ."""
    return f"+1206{2_000_000 + number:07d}"


def midday_zone() -> str:
    """Return a zone where it is about noon, so that nobody's quiet hours hold anything back."""
    ahead = 12 - datetime.now(UTC).hour  # -11 to 12
    return "Etc/UTC" if ahead == 0 else f"Etc/GMT{-ahead:+d}"


@contextmanager
def stage(
    database: str, *, now: Callable[[], datetime] = system_now, public_url: str | None = None
) -> Iterator[Stage]:
    """Set up `database` (one of `DATABASES`) empty, and remove it in the end.

    PostgreSQL writes as carefully as in production, and so does SQLite.
    """
    with tempfile.TemporaryDirectory(prefix="notifier-bench-") as directory:
        databases = Databases(Path(directory), durable=True)
        try:
            url = databases.create(_KINDS[database])
            sessions = create_sessions(url)
            engine = cast("Engine", sessions.kw["bind"])
            sms, waker = InstantSms(), Waker(engine)
            services = make_services(
                sessions,
                now=now,
                ids=new_id,
                sms=sms,
                wake=waker,
                public_url=public_url or "https://go.example.com",
            )
            brand = given_brand(services, zone=midday_zone())
            gc.collect()
            gc.freeze()  # as `app.py` does
            yield Stage(services=services, sms=sms, waker=waker, brand=brand.id)
            engine.dispose()
        finally:
            databases.close()
