"""What is pushed in these tests, and what became of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from notifier.booking import NewAppointment, NewOrder, NewPerson, book
from notifier.domain.facts import FactSource
from notifier.domain.messages import Role
from notifier.domain.windows import Window
from notifier.parcels import NewParcel
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Delivery, FactRow, Job
from notifier.webhooks.receiving import (
    receive,
    translate_received,
)
from tests.sources import easypost_events, generic_events
from tests.sources.easypost_events import body_of

SECRET = "a secret of EasyPost's"
CODE = "1Z999AA10123456784"
HOUR = timedelta(hours=1)
BY_API: Any = {"source": FactSource.API, "actor": "key:test"}


def ada() -> tuple[NewPerson, ...]:
    """Return the customer of every job here."""
    return (NewPerson(role=Role.CUSTOMER, name="Ada Park", phone="+12065550100"),)


def book_order(services: Services, brand: UUID, *codes: str, reference: str = "ORD-1") -> UUID:
    """Book an order promised for tomorrow, with a parcel for each code."""
    return book(services, brand, an_order(services, *codes, reference=reference), **BY_API).job_id


def an_order(services: Services, *codes: str, reference: str = "ORD-1") -> NewOrder:
    """Return an order promised for tomorrow, with a parcel for each code."""
    tomorrow = services.now() + timedelta(days=1)
    return NewOrder(
        reference=reference,
        service="Kettle",
        items=("Kettle",),
        parcels=tuple(NewParcel(carrier="UPS", tracking_code=code) for code in codes),
        window=Window(tomorrow, tomorrow + 8 * HOUR),
        zone="America/Los_Angeles",
        address=None,
        people=ada(),
    )


def book_visit(services: Services, brand: UUID, reference: str = "JOB-1") -> UUID:
    """Book a visit two hours from now."""
    start = services.now() + 2 * HOUR
    new = NewAppointment(
        reference=reference,
        service="Boiler repair",
        technician="Sam",
        window=Window(start, start + 2 * HOUR),
        zone="America/Los_Angeles",
        address=None,
        people=ada(),
    )
    return book(services, brand, new, **BY_API).job_id


def push(services: Services, event: dict[str, Any], secret: str = SECRET) -> UUID:
    """Let EasyPost deliver `event`; return the delivery's id."""
    body = body_of(event)
    return receive(services, "easypost", signed(body, secret), body).delivery_id


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """Return the headers that EasyPost sends with `body`."""
    signature = easypost_events.sign(secret, body)
    return {"Content-Type": "application/json", "X-Hmac-Signature": signature}


def push_ours(services: Services, body: bytes, webhook_id: str = "msg_1") -> UUID:
    """Let an integrator deliver one of our own events; return the delivery's id."""
    headers = generic_events.signed(body, at=services.now(), webhook_id=webhook_id)
    return receive(services, "shop", headers, body).delivery_id


def translate_all(services: Services) -> None:
    """Translate until nothing waits for it."""
    while translate_received(services):
        pass


def delivery(services: Services, delivery_id: UUID) -> Delivery:
    """Return the journal's row."""
    with reading(services.sessions) as session:
        return session.get_one(Delivery, delivery_id)


def job(services: Services, job_id: UUID) -> Job:
    """Return the job as it stands."""
    with reading(services.sessions) as session:
        return session.get_one(Job, job_id)


def count(services: Services, table: type[Any]) -> int:
    """Return how many rows `table` has."""
    with reading(services.sessions) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def facts_of(services: Services, job_id: UUID) -> list[FactRow]:
    """Return the facts of a job that a source brought, in order of arrival."""
    with reading(services.sessions) as session:
        return list(
            session.scalars(
                select(FactRow)
                .where(FactRow.job_id == job_id, FactRow.source_id.is_not(None))
                .order_by(FactRow.seq)
            )
        )
