"""How much one delivery may say: what is more fails with the reason, and leaves nothing behind."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select

from notifier.domain.deliveries import DeliveryStatus
from notifier.domain.facts import FactType
from notifier.domain.jobs import JobKind
from notifier.domain.messages import Role
from notifier.parcels import MAX_PARCELS
from notifier.services import Services
from notifier.sources.protocol import (
    BookedParcel,
    BookedPerson,
    Booking,
    ByReference,
    Shipment,
    SourceEvent,
    Untranslatable,
)
from notifier.store.engine import reading
from notifier.store.tables import Job, Parcel
from notifier.webhooks.bounds import (
    MAX_EVENTS,
    MAX_EVENTS_OF_ONE_JOB,
    MAX_PEOPLE,
    check_bounds,
)
from notifier.webhooks.receiving import receive
from notifier.webhooks.set_up import add_source
from tests.fakes.clock import FakeClock
from tests.sources import onfleet_events
from tests.webhooks.deliveries import HOUR, count, delivery, translate_all
from tests.webhooks.shopify_orders import Shop, given_shop

SENT = SourceEvent(join=ByReference("#1"), job_kind=JobKind.ORDER, type=FactType.SHIPPED)


def labels(number: int, first: int = 0) -> list[str]:
    """Return so many tracking codes, without the order's number at their ends."""
    return [f"CODE{nth:05}X" for nth in range(first, first + number)]


def refusal(*events: SourceEvent) -> str | None:
    """Return why these events are not recorded; None: they are."""
    try:
        check_bounds(events)
    except Untranslatable as why:
        return str(why)
    return None


def booked(people: int = 1, parcels: int = 0) -> SourceEvent:
    """Return the booking of an order with so many people and parcels."""
    asked = Booking(
        reference="#1",
        service=None,
        people=(BookedPerson(role=Role.CUSTOMER),) * people,
        parcels=tuple(BookedParcel(carrier="", tracking_code=code) for code in labels(parcels)),
    )
    return replace(SENT, type=FactType.BOOKED, booking=asked)


@pytest.fixture
def shop(services: Services, brand: UUID) -> Shop:
    """A shop that has one order."""
    return given_shop(services, brand)


def test_a_fulfillment_of_too_many_parcels_fails_with_the_reason(
    services: Services, shop: Shop
) -> None:
    """The one parcel too many fails all of it; an order of as many as may be is whole."""
    too_many = shop.sent(1, labels(MAX_PARCELS + 1), "in_transit")
    translate_all(services)

    row = delivery(services, too_many)
    assert (row.status, row.why) == (
        DeliveryStatus.FAILED,
        "An order has at most 100 parcels; this one has more.",
    )
    assert row.body is not None
    assert count(services, Parcel) == 0


def test_an_order_of_as_many_parcels_as_may_be_takes_no_more(
    services: Services, shop: Shop
) -> None:
    """It takes a hundred by two fulfillments, and what is said of those; and not another one."""
    halves = [
        shop.sent(1, labels(MAX_PARCELS // 2)),
        shop.sent(1, labels(MAX_PARCELS // 2, MAX_PARCELS // 2), fulfillment=2),
    ]
    another = shop.sent(2, ["ANOTHER"], fulfillment=3)
    of_those = shop.sent(3, labels(MAX_PARCELS // 2), "in_transit")
    translate_all(services)

    for one in (*halves, of_those):
        assert delivery(services, one).status == DeliveryStatus.APPLIED
    row = delivery(services, another)
    assert (row.status, row.why) == (
        DeliveryStatus.FAILED,
        "parcels: an order has at most 100, and this one has those",
    )
    assert count(services, Parcel) == MAX_PARCELS


def test_a_task_with_too_many_recipients_fails_with_the_reason(
    services: Services, brand: UUID, clock: FakeClock
) -> None:
    """Twelve recipients: no visit, and the reason; a customer and ten contacts are booked."""
    add_source(services, brand, "onfleet", "onfleet", onfleet_events.SECRET, live=True)

    def created(short_id: str, recipients: int) -> UUID:
        task = onfleet_events.Task(clock() + 5 * HOUR, short_id=short_id)
        people = [{"name": "Ada", "phone": f"+120655501{nth:02}"} for nth in range(recipients)]
        event = task.event(6, clock(), task={"recipients": people}, taskId=short_id)
        body = onfleet_events.body_of(event)
        signature = onfleet_events.sign(onfleet_events.SECRET, body)
        headers = {"Content-Type": "application/json", "X-Onfleet-Signature": signature}
        return receive(services, "onfleet", headers, body).delivery_id

    few, many = created("few", MAX_PEOPLE), created("many", MAX_PEOPLE + 1)
    translate_all(services)

    assert delivery(services, few).status == DeliveryStatus.APPLIED
    row = delivery(services, many)
    assert (row.status, row.why) == (
        DeliveryStatus.FAILED,
        "A job has a customer and at most 10 contacts; this one names 12 people.",
    )
    with reading(services.sessions) as session:
        assert session.scalars(select(Job.reference)).all() == ["few"]


def test_as_many_as_may_be_pass() -> None:
    """Of everything, and one more of each does not."""
    codes = [BookedParcel(carrier="", tracking_code=code) for code in labels(MAX_PARCELS)]
    shipment = Shipment(
        name="", codes=tuple(labels(MAX_PARCELS)), as_of=FakeClock()(), known_as=None
    )
    each = [replace(SENT, adds_parcel=parcel, shipment=shipment) for parcel in codes]
    assert refusal(booked(parcels=MAX_PARCELS), *each, *each) is None
    assert refusal(*each, replace(SENT, adds_parcel=replace(codes[0], tracking_code="NEW")))
    assert refusal(booked(parcels=MAX_PARCELS + 1))
    assert refusal(replace(SENT, shipment=replace(shipment, codes=tuple(labels(101)))))

    assert refusal(booked(people=MAX_PEOPLE)) is None
    assert refusal(booked(people=MAX_PEOPLE + 1))

    assert refusal(*[SENT] * MAX_EVENTS_OF_ONE_JOB) is None
    assert refusal(*[SENT] * (MAX_EVENTS_OF_ONE_JOB + 1))

    lists = [replace(SENT, join=ByReference(f"#{nth}")) for nth in range(MAX_EVENTS + 1)]
    assert refusal(*lists[1:]) is None
    assert refusal(*lists)
