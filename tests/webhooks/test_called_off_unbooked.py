"""What a shop calls off, or sent long ago, and never was booked here: nothing waits for it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from notifier.domain.deliveries import DeliveryStatus
from notifier.domain.jobs import JobStatus
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Delivery, Job
from notifier.webhooks.receiving import receive
from notifier.webhooks.set_up import add_source
from tests.sources import shopify_events, square_events, woocommerce_events
from tests.sources.shopify_events import sign
from tests.webhooks.deliveries import HOUR, book_order, book_visit, delivery, translate_all

SECRET = "the secret that the shop was given"
CALLED_OFF = (DeliveryStatus.IGNORED, "called off, and not booked here")


@pytest.fixture(autouse=True)
def _sources(services: Services, brand: UUID) -> None:
    for kind in ("shopify", "woocommerce", "square"):
        add_source(services, brand, kind, kind, SECRET, live=True)


def shopify(services: Services, topic: str, **changes: Any) -> UUID:
    """Let Shopify say how the order stands, made three hours ago."""
    body = shopify_events.order(services.now() - 3 * HOUR, **changes)
    incoming = shopify_events.delivered(topic, body)
    signed = {"x-shopify-hmac-sha256": sign(SECRET, incoming.body)}
    return _taken(services, "shopify", {**incoming.headers, **signed}, incoming.body)


def woocommerce(services: Services, status: str, *, days_ago: int = 0, **changes: Any) -> UUID:
    """Let WooCommerce say that the order, made so long ago, came to this status just now."""
    order = woocommerce_events.order(status, services.now() - timedelta(days=days_ago, hours=3))
    changed_at = woocommerce_events.local(services.now() - HOUR)
    raw = json.dumps({**order, "date_modified_gmt": changed_at, **changes}).encode()
    headers = {
        "x-wc-webhook-topic": "order.updated",
        "x-wc-webhook-signature": sign(SECRET, raw),
    }
    return _taken(services, "woocommerce", headers, raw)


def square(services: Services, event: dict[str, Any]) -> UUID:
    """Let Square say this."""
    body = square_events.delivered(event).body
    signed = {"x-square-hmacsha256-signature": square_events.sign(SECRET, body)}
    return _taken(services, "square", signed, body)


def _taken(services: Services, source: str, headers: dict[str, str], body: bytes) -> UUID:
    delivery_id = receive(services, source, headers, body).delivery_id
    translate_all(services)
    return delivery_id


def stands(services: Services, delivery_id: UUID) -> tuple[str, str | None]:
    """Return what became of a delivery, and why."""
    row = delivery(services, delivery_id)
    return row.status, row.why


def statuses(services: Services) -> dict[str, str]:
    """Return the status of each job by its reference."""
    with reading(services.sessions) as session:
        return {job.reference: job.status for job in session.scalars(select(Job))}


def test_shopifys_cancellation_of_what_was_never_booked_is_nothing_for_us(
    services: Services,
) -> None:
    """An order of before we were connected, and a gift card."""
    off = {"cancelled_at": str(services.now() - HOUR), "cancel_reason": "customer"}
    card = [{"title": "Gift card", "requires_shipping": False}]
    for topic in ("orders/cancelled", "orders/updated"):
        assert stands(services, shopify(services, topic, **off)) == CALLED_OFF
        gift = shopify(services, topic, name="#1002", line_items=card, **off)
        assert stands(services, gift) == CALLED_OFF
    assert statuses(services) == {}


def test_a_cancellation_by_shopify_that_overtakes_its_order_ends_it(services: Services) -> None:
    """It was nothing for us as long as nobody knew the order: it is read again then."""
    at = str(services.now() - HOUR)
    off = shopify(services, "orders/cancelled", cancelled_at=at, updated_at=at)
    shopify(services, "orders/create")

    assert statuses(services) == {"#1001": JobStatus.CANCELLED}
    assert stands(services, off) == (DeliveryStatus.APPLIED, None)


def test_what_is_taken_out_of_an_order_as_it_is_called_off_does_not_hide_that(
    services: Services,
) -> None:
    """Of a kettle and a gift card, the card alone is left; the kettle was awaited."""
    card = {"title": "Gift card", "requires_shipping": False, "current_quantity": 1}
    kettle = {"title": "Kettle", "requires_shipping": True, "current_quantity": 1}
    shopify(services, "orders/create", line_items=[kettle, card])
    at = str(services.now() - HOUR)
    left = [kettle | {"current_quantity": 0}, card]
    shopify(services, "orders/cancelled", line_items=left, cancelled_at=at, updated_at=at)

    assert statuses(services) == {"#1001": JobStatus.CANCELLED}


@pytest.mark.parametrize("status", ["cancelled", "refunded"])
def test_a_cancellation_by_woocommerce_counts_once_its_order_is_known(
    services: Services, status: str
) -> None:
    """As Shopify's; of last year's order nobody ever hears."""
    off = woocommerce(services, status)
    assert stands(services, off) == CALLED_OFF

    woocommerce(services, "processing", date_modified_gmt=_made(services))

    assert list(statuses(services).values()) == [JobStatus.CANCELLED]
    assert stands(services, off) == (DeliveryStatus.APPLIED, None)


@pytest.mark.parametrize("status", ["completed", "shipped", "delivered"])
def test_a_note_on_last_years_order_waits_for_nothing(
    services: Services, brand: UUID, status: str
) -> None:
    """It is not booked for that; booked by somebody else, it was sent."""
    note = woocommerce(services, status, days_ago=300, number="7")
    assert stands(services, note) == (DeliveryStatus.IGNORED, "sent long ago, and not booked here")

    book_order(services, brand, reference="7")
    translate_all(services)
    assert stands(services, note) == (DeliveryStatus.APPLIED, None)


def _made(services: Services) -> str:
    return woocommerce_events.local(services.now() - 3 * HOUR)


def test_a_cancellation_by_square_counts_once_its_job_is_known(
    services: Services, brand: UUID
) -> None:
    """A sale over the counter is called off without end; nobody books that here."""
    now = services.now()
    visit = square(
        services, square_events.booking("CANCELLED_BY_CUSTOMER", now - HOUR, now + 30 * HOUR)
    )
    order = square(services, square_events.order("order.updated", now - HOUR, "CANCELED"))
    assert {stands(services, one) for one in (visit, order)} == {CALLED_OFF}

    book_visit(services, brand, "B1")
    book_order(services, brand, reference="O1")
    translate_all(services)

    assert statuses(services) == {"B1": JobStatus.CANCELLED, "O1": JobStatus.CANCELLED}
    with reading(services.sessions) as session:
        assert set(session.scalars(select(Delivery.status))) == {DeliveryStatus.APPLIED}
