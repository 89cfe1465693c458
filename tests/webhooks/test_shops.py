"""A shop's deliveries about one order, in whichever order they arrive."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from notifier.domain.deliveries import DeliveryStatus
from notifier.domain.facts import FactType
from notifier.domain.jobs import JobStatus
from notifier.domain.windows import local_date
from notifier.services import Services
from notifier.sources.protocol import Incoming
from notifier.store.engine import reading
from notifier.store.tables import Delivery, Job, Parcel
from notifier.webhooks.receiving import receive
from notifier.webhooks.set_up import add_source
from tests.sources import shopify_events, square_events
from tests.webhooks.deliveries import HOUR, book_visit, delivery, facts_of, translate_all

SECRET = "the secret that the shop was given"
LA = ZoneInfo("America/Los_Angeles")


def jobs_of(services: Services) -> dict[str, tuple[str, dict[str, str]]]:
    """Return each order's status, and the status of each of its parcels."""
    with reading(services.sessions) as session:
        parcels: dict[UUID, dict[str, str]] = {}
        for parcel in session.scalars(select(Parcel)):
            parcels.setdefault(parcel.job_id, {})[parcel.tracking_code[0]] = parcel.status
        return {
            job.reference: (job.status, parcels.get(job.id, {}))
            for job in session.scalars(select(Job))
        }


def push(services: Services, incoming: Incoming, delivery: str, *, source: str = "shopify") -> None:
    """Let Shopify deliver."""
    headers = {
        **incoming.headers,
        "x-shopify-webhook-id": delivery,
        "x-shopify-hmac-sha256": shopify_events.sign(SECRET, incoming.body),
    }
    receive(services, source, headers, incoming.body)


def test_an_order_that_was_split_ends_the_same_in_any_order(
    services: Services, brand: UUID
) -> None:
    """One parcel came and one is under way, though the booking may come last and all come twice."""
    add_source(services, brand, "shopify", "shopify", SECRET, live=True)
    made = services.now() - 50 * HOUR

    def said(name: str) -> list[tuple[str, dict[str, Any]]]:
        def parcel(nth: int, code: str, status: str | None) -> dict[str, Any]:
            return shopify_events.fulfillment(
                made + nth * HOUR,
                name=f"{name}.{nth}",
                tracking_number=f"{code} {name[1:]}",
                tracking_numbers=[],
                shipment_status=status,
                updated_at=str(made + timedelta(hours=20 if status else nth)),
            )

        return [
            ("orders/create", shopify_events.order(made, name=name)),
            ("fulfillments/create", parcel(1, "A", None)),
            ("fulfillments/update", parcel(1, "A", "delivered")),
            ("fulfillments/create", parcel(2, "B", None)),
        ]

    names = []
    for nth, order in enumerate(permutations(range(4))):
        names.append(f"#{1000 + nth}")
        deliveries = said(names[-1])
        for one in (*order, *order):
            incoming = shopify_events.delivered(*deliveries[one])
            push(services, incoming, f"{names[-1]}-{one}")
            translate_all(services)

    assert jobs_of(services) == dict.fromkeys(
        names, (JobStatus.SHIPPED, {"A": JobStatus.DELIVERED, "B": JobStatus.SHIPPED})
    )


def test_two_shops_that_number_their_orders_alike_are_kept_apart(
    services: Services, brand: UUID
) -> None:
    """Whoever booked #1001 first keeps it; that of the other shop fails, and tells why."""
    made = services.now() - 3 * HOUR
    codes: dict[str, Any] = {"tracking_number": "1Z 1", "tracking_numbers": []}
    for shop in ("first", "second", "second-parcels"):
        add_source(services, brand, shop, "shopify", SECRET, live=True)

    def say(source: str, topic: str, body: dict[str, Any], *, shop: str) -> None:
        incoming = shopify_events.delivered(
            topic, body, x_shopify_shop_domain=f"{shop}.example.com"
        )
        push(services, incoming, f"{source} {topic} {body['name']}", source=source)
        translate_all(services)

    say("first", "orders/create", shopify_events.order(made, name="#1001"), shop="first")
    say("second", "orders/create", shopify_events.order(made, name="#1001"), shop="second")
    say("second", "orders/create", shopify_events.order(made, name="#1002"), shop="second")
    parcel = shopify_events.fulfillment(made + HOUR, name="#1001.1", **codes)
    say("second", "fulfillments/create", parcel, shop="second")
    own = shopify_events.fulfillment(made + HOUR, name="#1002.1", **codes)
    say("second-parcels", "fulfillments/create", own, shop="second")

    cancelled = shopify_events.order(made, name="#1001", cancelled_at=str(made + 2 * HOUR))
    say("first", "orders/cancelled", cancelled, shop="second")  # an app that both have installed

    assert {name: status for name, (status, _) in jobs_of(services).items()} == {
        "#1001": JobStatus.ORDERED,
        "#1002": JobStatus.SHIPPED,
    }
    with reading(services.sessions) as session:
        failed = session.scalars(
            select(Delivery.why).where(Delivery.status == DeliveryStatus.FAILED)
        ).all()
    assert len(failed) == 3
    assert set(failed) == {
        "Another account at the vendor has a job of this number. Give the numbers of the two"
        " prefixes that differ, or each account a brand of its own."
    }


def test_a_promised_day_is_given_with_the_booking_and_followed_when_it_moves(
    services: Services, brand: UUID
) -> None:
    """By Friday, then by Monday, then nothing but a note: in any order it is by Monday."""
    add_source(services, brand, "shopify", "shopify", SECRET, live=True)
    made = services.now() - 3 * HOUR

    def said(name: str) -> list[tuple[str, dict[str, Any]]]:
        return [
            (
                topic,
                shopify_events.order(
                    made,
                    name=name,
                    updated_at=str(made + hours * HOUR),
                    note_attributes=[{"name": "Delivery-Date", "value": day}],
                ),
            )
            for topic, hours, day in (
                ("orders/create", 0, "2026-11-27"),
                ("orders/updated", 1, "2026-11-30"),
                ("orders/updated", 2, "2026-11-30"),
            )
        ]

    for nth, order in enumerate(permutations(range(3))):
        deliveries = said(f"#{nth + 1}")
        for which in (*order, *order):
            topic, body = deliveries[which]
            push(services, shopify_events.delivered(topic, body), f"{nth}-{which}")
            translate_all(services)

    with reading(services.sessions) as session:
        orders = session.scalars(select(Job).order_by(Job.reference)).all()
    assert {local_date(order.ends_at, LA).isoformat() for order in orders if order.ends_at} == {
        "2026-11-30"
    }
    in_order = facts_of(services, orders[0].id)
    assert [fact.type for fact in in_order] == [FactType.DELAYED], "the note was no news"


def test_a_booking_of_squares_waits_for_the_visit_with_its_id(
    services: Services, brand: UUID
) -> None:
    """It is signed with the address that Square was given, and names nobody to write to."""
    add_source(services, brand, "square", "square", SECRET, live=True)
    now = services.now()
    body = square_events.delivered(square_events.booking("ACCEPTED", now, now + 30 * HOUR)).body
    signed = {"x-square-hmacsha256-signature": square_events.sign(SECRET, body)}

    moved = receive(services, "square", signed, body).delivery_id
    translate_all(services)
    assert delivery(services, moved).status == DeliveryStatus.WAITING

    visit = book_visit(services, brand, "B1")
    translate_all(services)
    assert delivery(services, moved).status == DeliveryStatus.APPLIED
    assert [fact.type for fact in facts_of(services, visit)] == [FactType.RESCHEDULED]
