"""What tests of the pages need: a sandbox that delivers, booked jobs, and their links."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from notifier.booking import NewAppointment, NewOrder, NewPerson, book
from notifier.delivery import deliver_due
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import Role
from notifier.domain.windows import Window
from notifier.intake import NewFact, record
from notifier.links import message_token, person_token
from notifier.parcels import NewParcel
from notifier.planner import look_again
from notifier.sandbox.journal import SandboxJournal, confirm_sandbox_deliveries
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import FactRow, JobPerson, Message, Task
from notifier.store.vault import Vault
from tests.fakes.clock import FakeClock
from tests.services import SECRET, make_services

#: 11:00 to 13:00 in Los Angeles on the clock's day; the clock stands at 9:00 there.
WINDOW = Window(datetime(2026, 11, 23, 19, tzinfo=UTC), datetime(2026, 11, 23, 21, tzinfo=UTC))
ADA = NewPerson(
    name="Ada Park", phone="+12065550100", email="ada@example.com", zone="America/Los_Angeles"
)


def sandbox_services(sessions: sessionmaker[Session], clock: FakeClock) -> Services:
    """Return services whose messages arrive in the sandbox."""
    journal = SandboxJournal(sessions=sessions, now=clock, vault=Vault(SECRET))
    return make_services(sessions, now=clock, sms=journal.sms(), email=journal.email())


def given_visit(services: Services, brand_id: UUID, **changes: Any) -> UUID:
    """Return a booked visit: a boiler repair for Ada, by Sam, in WINDOW."""
    fields: dict[str, Any] = {
        "reference": "JOB-1",
        "service": "Boiler repair",
        "technician": "Sam Rivera",
        "window": WINDOW,
        "address": "1200 Pine Street",
        "people": (ADA,),
    }
    new = NewAppointment(**(fields | changes))
    return book(services, brand_id, new, source=FactSource.STAFF, actor="staff:test").job_id


def given_order(services: Services, brand_id: UUID, **changes: Any) -> UUID:
    """Return an order of one parcel, promised for the clock's day."""
    fields: dict[str, Any] = {
        "reference": "ORD-1",
        "service": "Radiator valve",
        "parcels": (NewParcel(carrier="UPS", tracking_code="DEMO0001"),),
        "window": Window(WINDOW.start, WINDOW.end + timedelta(hours=5)),
        "people": (ADA,),
    }
    new = NewOrder(**(fields | changes))
    return book(services, brand_id, new, source=FactSource.STAFF, actor="staff:test").job_id


def say(services: Services, brand_id: UUID, job_id: UUID, type: FactType, **fields: Any) -> UUID:
    """Record a fact by staff and let what follows go out and arrive; return the fact."""
    new = NewFact(type=type, source=FactSource.STAFF, actor="staff:test", **fields)
    recorded = record(services, brand_id, job_id, new)
    deliver(services)
    return recorded.fact_id


def deliver(services: Services) -> None:
    """Send what is due, have it arrive, and plan again."""
    look_again(services)
    while deliver_due(services):
        pass
    confirm_sandbox_deliveries(services)


def link_of(services: Services, job_id: UUID, role: Role = Role.CUSTOMER) -> str:
    """Return the path of the status page of the job's person in `role`."""
    with reading(services.sessions) as session:
        found = session.scalars(
            select(JobPerson.id).where(JobPerson.job_id == job_id, JobPerson.role == role)
        ).one()
    return f"/s/{person_token(services.vault, found)}"


def message_links(services: Services, job_id: UUID) -> list[str]:
    """Return the paths in the job's messages, the oldest first."""
    with reading(services.sessions) as session:
        ids = session.scalars(
            select(Message.id).where(Message.job_id == job_id).order_by(Message.created_at)
        )
        return [f"/s/{message_token(services.vault, message_id)}" for message_id in ids]


def facts_of(services: Services, job_id: UUID) -> list[tuple[str, str]]:
    """Return type and source of the job's facts in order of arrival, the booking left out."""
    with reading(services.sessions) as session:
        rows = session.scalars(
            select(FactRow).where(FactRow.job_id == job_id).order_by(FactRow.seq)
        )
        return [(row.type, row.source) for row in rows if row.type != FactType.BOOKED]


def plain(html: str) -> str:
    """Return the words of a page, in one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def show(client: FlaskClient, link: str) -> str:
    """Return the words of the page behind `link`."""
    response = client.get(link)
    assert response.status_code == 200, response.text
    return plain(response.text)


def press(client: FlaskClient, link: str, button: str, window: Window | None = None) -> int:
    """Press a button of the page, which carries `window`; return the status."""
    form = {}
    if window is not None:
        form = {"start": window.start.isoformat(), "end": window.end.isoformat()}
    return client.post(f"{link}/{button}", data=form).status_code


def open_calls(services: Services, job_id: UUID) -> int:
    """Return how many calls are still to be made about the job."""
    with reading(services.sessions) as session:
        return (
            session.scalar(
                select(func.count())
                .select_from(Task)
                .where(Task.job_id == job_id, Task.kind == "call", Task.done_at.is_(None))
            )
            or 0
        )
