"""Visits and orders of vendors that are asked, from the webhook to the job."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from notifier.domain.deliveries import DeliveryStatus
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Job, Parcel
from notifier.webhooks.receiving import receive
from notifier.webhooks.set_up import add_source, give_key
from notifier.webhooks.translation import translate_received
from tests.fakes.vendor_server import FakeVendor, Said
from tests.sources import shipengine_events, shipengine_lists, square_events
from tests.webhooks.deliveries import HOUR, book_visit, delivery, facts_of, job
from tests.webhooks.fetching import work

SECRET = "the secret that the vendor was given"
SQUARE = "https://connect.squareup.com/v2"


@pytest.fixture
def vendor() -> Iterator[FakeVendor]:
    """Every vendor there is, on this machine."""
    with FakeVendor() as made:
        yield made


@pytest.fixture
def asking(services: Services, brand: UUID, vendor: FakeVendor) -> Services:
    """Services with a Square and a ShipEngine source, and the way to the fake vendor."""
    add_source(services, brand, "square", "square", SECRET, live=True)
    add_source(services, brand, "shipengine", "shipengine", SECRET, live=True)
    return replace(services, vendors=vendor.vendors())


def says(vendor: FakeVendor, url: str, value: Any) -> None:
    """Let a vendor answer `value` at `url`."""
    vendor.answers[url] = Said(body=json.dumps(value).encode())


def push_square(services: Services, event: dict[str, Any], event_id: str) -> UUID:
    """Let Square deliver; return the delivery's id."""
    body = json.dumps(event | {"event_id": event_id}).encode()
    signed = {"x-square-hmacsha256-signature": square_events.sign(SECRET, body)}
    return receive(services, "square", signed, body).delivery_id


def push_shipengine(services: Services, body: bytes) -> UUID:
    """Let ShipStation's API v2 deliver; return the delivery's id."""
    return receive(services, "shipengine", {"X-Webhook-Token": SECRET}, body).delivery_id


def jobs(services: Services) -> list[Job]:
    """Return every job, by its reference."""
    with reading(services.sessions) as session:
        return session.query(Job).order_by(Job.reference).all()


def test_a_visit_of_squares_is_booked_and_follows_it_when_it_moves(
    asking: Services, vendor: FakeVendor
) -> None:
    """Whichever of the two comes first, and however often each."""
    give_key(asking, "square", "EAAA-key")
    says(vendor, f"{SQUARE}/customers/C1", square_events.customer())
    now = asking.now()
    for nth, turns in enumerate(permutations(range(2))):
        says_it = [
            square_events.booking("ACCEPTED", now + at * HOUR, now + start * HOUR, id=f"B{nth}")
            for at, start in ((-2, 30), (-1, 50))
        ]
        for turn in (*turns, *turns):
            push_square(asking, says_it[turn], f"{nth}-{turn}")
            work(asking)

    assert [(one.reference, one.starts_at) for one in jobs(asking)] == [
        ("B0", now + 50 * HOUR),
        ("B1", now + 50 * HOUR),
    ]
    assert {one.headers["Authorization"] for one in vendor.asked} == {"Bearer EAAA-key"}


def test_a_visit_that_we_know_by_squares_id_is_moved_as_before(
    asking: Services, brand: UUID, vendor: FakeVendor
) -> None:
    """Booked by somebody else, with or without a key."""
    now = asking.now()
    visits = [book_visit(asking, brand, reference) for reference in ("B1", "B2")]
    moved = square_events.booking("ACCEPTED", now, now + 30 * HOUR)
    push_square(asking, moved, "e1")
    work(asking)
    assert vendor.asked == []

    give_key(asking, "square", "EAAA-key")
    moved["data"]["object"]["booking"]["id"] = "B2"
    push_square(asking, moved, "e2")
    work(asking)

    for visit in visits:
        assert job(asking, visit).starts_at == now + 30 * HOUR
        assert [fact.type for fact in facts_of(asking, visit)] == ["rescheduled"]


def test_an_order_of_squares_ends_the_same_in_any_order(
    asking: Services, vendor: FakeVendor
) -> None:
    """Made, ready to be collected, and collected; what is asked for is always how it stands now."""
    give_key(asking, "square", "EAAA-key")
    says(vendor, f"{SQUARE}/customers/C1", square_events.customer())
    now = asking.now()

    def said(order_id: str) -> list[dict[str, Any]]:
        def change(old: str, new: str) -> dict[str, Any]:
            update = {"fulfillment_uid": "F1", "old_state": old, "new_state": new}
            name = "order.fulfillment.updated"
            return square_events.order(
                name, now, "OPEN", order_id=order_id, fulfillment_update=[update]
            )

        return [
            square_events.order("order.created", now - 3 * HOUR, "OPEN", order_id=order_id),
            change("RESERVED", "PREPARED"),
            change("PREPARED", "COMPLETED"),
        ]

    for nth, turns in enumerate(permutations(range(3))):
        stands = square_events.looked_up(
            now - 3 * HOUR,
            "PICKUP",
            "COMPLETED",
            ready_at=str(now - 2 * HOUR),
            picked_up_at=str(now - HOUR),
        )
        says(vendor, f"{SQUARE}/orders/O{nth}", stands)
        events = said(f"O{nth}")
        for turn in (*turns, *turns):
            push_square(asking, events[turn], f"{nth}-{turn}")
            work(asking)

    assert {(one.reference, one.status) for one in jobs(asking)} == {
        (f"O{nth}", "delivered") for nth in range(6)
    }
    for one in jobs(asking):
        assert sorted(fact.type for fact in facts_of(asking, one.id)) == [
            "delivered",
            "ready_for_pickup",
        ]


def test_an_order_of_shipstations_gets_its_parcel_and_the_parcel_moves(
    asking: Services, vendor: FakeVendor
) -> None:
    """A scan that comes before the order waits for it; labels are ignored without a key."""
    made = asking.now() - 5 * HOUR
    label = shipengine_lists.pointer("LABEL_CREATED_V2", shipengine_lists.LABELS)
    keyless = push_shipengine(asking, label.replace(b"646", b"645"))
    scanned = push_shipengine(
        asking,
        shipengine_events.body_of(
            shipengine_events.simple("IT", asking.now() - HOUR, code="383144378470")
        ),
    )
    work(asking)
    assert delivery(asking, keyless).status == DeliveryStatus.IGNORED
    assert delivery(asking, scanned).status == DeliveryStatus.WAITING

    give_key(asking, "shipengine", "the-key")
    labels = shipengine_lists.page("labels", shipengine_lists.label(made))
    says(vendor, shipengine_lists.LABELS, labels)
    says(vendor, shipengine_lists.ORDER, shipengine_lists.order(made - HOUR))
    push_shipengine(asking, label)
    work(asking)

    assert [one.headers["API-Key"] for one in vendor.asked] == ["the-key", "the-key"]
    assert delivery(asking, scanned).status == DeliveryStatus.APPLIED
    (booked,) = jobs(asking)
    assert (booked.reference, booked.status) == ("100044", "in_transit")
    with reading(asking.sessions) as session:
        assert session.query(Parcel).one().tracking_code == "383144378470"
    assert translate_received(asking) == 0
