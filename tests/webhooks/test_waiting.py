"""Deliveries about a job that nobody has booked yet, or about somebody else's."""

from __future__ import annotations

import threading
from uuid import UUID

from notifier.booking import book_in
from notifier.domain.deliveries import DeliveryStatus
from notifier.services import Services
from notifier.store.tables import Brand
from tests.sources import generic_events
from tests.sources.easypost_events import Parcel as OnItsWay
from tests.webhooks.deliveries import (
    BY_API,
    CODE,
    HOUR,
    an_order,
    book_order,
    book_visit,
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
