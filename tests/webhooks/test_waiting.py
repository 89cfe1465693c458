"""Deliveries about a job that nobody has booked yet, or about somebody else's."""

from __future__ import annotations

import threading
from uuid import UUID

import pytest

from notifier.booking import NewAppointment, book_in
from notifier.domain.deliveries import DeliveryStatus
from notifier.housekeeping import tidy
from notifier.services import Services
from notifier.store.tables import AwaitedName, Brand
from notifier.webhooks.receiving import receive
from tests.fakes.clock import FakeClock
from tests.sources import calcom_events, generic_events
from tests.sources.easypost_events import Parcel as OnItsWay
from tests.webhooks.booking_pages import SECRET, connect
from tests.webhooks.deliveries import (
    BY_API,
    CODE,
    HOUR,
    ada,
    an_order,
    book_order,
    book_visit,
    count,
    delivery,
    job,
    push,
    push_ours,
    translate_all,
)


def test_an_event_waits_for_its_order_and_is_applied_when_it_is_booked(
    services: Services, brand: UUID
) -> None:
    """A tracker may be faster than the shop: the event waits visibly, then counts."""
    delivery_id = push(
        services, OnItsWay(code=CODE).scanned("out_for_delivery", services.now() - HOUR)
    )
    translate_all(services)
    waiting = delivery(services, delivery_id)
    assert (waiting.status, waiting.why) == (
        DeliveryStatus.WAITING,
        "no order with this tracking code yet",
    )

    job_id = book_order(services, brand, CODE)
    translate_all(services)

    assert delivery(services, delivery_id).status == DeliveryStatus.APPLIED
    assert job(services, job_id).status == "out_for_delivery"


def test_our_own_event_waits_for_its_reference(services: Services, brand: UUID) -> None:
    """A delay that overtakes its booking is applied after it."""
    delivery_id = push_ours(
        services,
        generic_events.event(
            "appointment.delayed", services.now(), reference="JOB-1", minutes=45, reason="traffic"
        ),
    )
    translate_all(services)
    assert delivery(services, delivery_id).status == DeliveryStatus.WAITING

    job_id = book_visit(services, brand)
    translate_all(services)

    row = job(services, job_id)
    assert (row.late, row.reason) == (True, "traffic")


def test_another_brands_order_is_not_moved(services: Services, brand: UUID) -> None:
    """Codes and references are the brand's own: an event of one never touches another's."""
    stranger = services.ids()
    with services.sessions.begin() as session:
        made = session.get_one(Brand, brand)
        copied = {
            column.key: getattr(made, column.key)
            for column in Brand.__table__.columns
            if column.key not in ("id", "slug")
        }
        session.add(Brand(id=stranger, slug="other", **copied))
    job_id = book_order(services, stranger, CODE)

    delivery_id = push(services, OnItsWay(code=CODE).scanned("delivered", services.now()))
    translate_all(services)

    assert delivery(services, delivery_id).status == DeliveryStatus.WAITING
    assert job(services, job_id).status == "ordered"


def test_an_event_that_is_read_while_its_order_is_being_booked_does_not_wait_for_ever(
    services: Services, brand: UUID
) -> None:
    """The booking has looked for waiting events and not committed; just then one is read."""
    delivery_id = push(services, OnItsWay(code=CODE).scanned("in_transit", services.now() - HOUR))
    reader = threading.Thread(target=translate_all, args=(services,))
    with services.sessions.begin() as session:
        book_in(session, services, brand, an_order(services, CODE), **BY_API)
        reader.start()
        reader.join(timeout=0.5)  # it looks for the order meanwhile, and must not give up
    reader.join()

    translate_all(services)

    assert delivery(services, delivery_id).status == DeliveryStatus.APPLIED


def cancelled_by_two_names(services: Services) -> UUID:
    """Let Cal.com cancel a visit that nobody has booked, by its first uid and by its own."""
    visit = calcom_events.Visit(services.now() + 2 * HOUR, uid=calcom_events.SECOND)
    body = calcom_events.body_of(visit.cancelled(services.now()))
    signed = {"X-Cal-Signature-256": calcom_events.sign(SECRET, body)}
    headers = {"Content-Type": "application/json", **signed}
    return receive(services, "calcom", headers, body).delivery_id


@pytest.mark.parametrize("name", [calcom_events.FIRST, calcom_events.SECOND])
def test_a_visit_that_is_booked_under_either_name_is_waited_for(
    services: Services, brand: UUID, name: str
) -> None:
    """By whoever it is: here by a caller of the API."""
    connect(services, brand, "calcom")
    delivery_id = cancelled_by_two_names(services)
    translate_all(services)
    assert delivery(services, delivery_id).status == DeliveryStatus.WAITING

    job_id = book_visit(services, brand, name)
    translate_all(services)

    assert delivery(services, delivery_id).status == DeliveryStatus.APPLIED
    assert job(services, job_id).status == "cancelled"


def test_a_visit_that_is_booked_under_a_later_name_while_it_is_looked_for_is_found(
    services: Services, brand: UUID
) -> None:
    """The booking has looked for what waits for that name and not committed; just then one is
    read that has the name beside another."""
    connect(services, brand, "calcom")
    delivery_id = cancelled_by_two_names(services)
    reader = threading.Thread(target=translate_all, args=(services,))
    visit = NewAppointment(reference=calcom_events.SECOND, service="Boiler repair", people=ada())
    with services.sessions.begin() as session:
        book_in(session, services, brand, visit, **BY_API)
        reader.start()
        reader.join(timeout=0.5)  # it looks for the visit meanwhile, and must not give up
    reader.join()

    translate_all(services)

    assert delivery(services, delivery_id).status == DeliveryStatus.APPLIED


def test_the_names_that_were_waited_for_are_forgotten_with_the_body(
    services: Services, brand: UUID, clock: FakeClock
) -> None:
    """After a month nobody will read it again."""
    connect(services, brand, "calcom")
    delivery_id = cancelled_by_two_names(services)
    translate_all(services)
    assert count(services, AwaitedName) == 2

    clock.advance(days=31)
    tidy(services)

    assert count(services, AwaitedName) == 0
    assert delivery(services, delivery_id).status == DeliveryStatus.IGNORED
