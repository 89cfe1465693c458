"""One delivery about many parcels of an order: planned once, and all that it says is on record."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from notifier.domain import planning
from notifier.domain.deliveries import DeliveryStatus
from notifier.domain.facts import FactType
from notifier.domain.jobs import JobStatus
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.facts import fact_of
from notifier.store.known_jobs import jobs_named
from notifier.store.tables import Delivery
from notifier.webhooks.receiving import receive
from notifier.webhooks.set_up import add_source
from tests.sources import shopify_events, woocommerce_events
from tests.webhooks.deliveries import HOUR, delivery, facts_of, translate_all
from tests.webhooks.shopify_orders import SECRET, Shop, given_shop, orders

LETTERS = "ABCDEFGHIJKL"


@pytest.fixture
def shop(services: Services, brand: UUID) -> Shop:
    """A shop that has one order, not sent yet."""
    return given_shop(services, brand)


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Return how often a job was planned since this was asked last."""
    found: list[object] = []
    plan = planning.plan

    def counted(*said: Any, **more: Any) -> Any:
        found.append(said)
        return plan(*said, **more)

    monkeypatch.setattr("notifier.planner.plan", counted)

    def since() -> int:
        number = len(found)
        found.clear()
        return number

    return since


def types_by_parcel(services: Services, brand: UUID, reference: str) -> dict[str, list[str]]:
    """Return what its source said of each parcel of an order, by the letter of its code."""
    with reading(services.sessions) as session:
        (job,) = jobs_named(session, brand, [reference])
    said: dict[str, list[str]] = {}
    for fact in map(fact_of, facts_of(services, job.id)):
        if fact.parcel is not None:
            said.setdefault(fact.parcel[:1], []).append(fact.type)
    return said


def test_a_fulfillment_of_many_parcels_is_planned_once(
    services: Services, brand: UUID, shop: Shop, plans: Callable[[], int]
) -> None:
    """Both facts of each are on record, in their order; and again when one status is new."""
    plans()
    shop.sent(1, LETTERS, "in_transit")
    translate_all(services)
    assert plans() == 1
    shop.sent(2, LETTERS, "out_for_delivery")
    translate_all(services)
    assert plans() == 1

    says = [FactType.SHIPPED, FactType.IN_TRANSIT, FactType.SHIPPED, FactType.OUT_FOR_DELIVERY]
    assert types_by_parcel(services, brand, "#1001") == dict.fromkeys(LETTERS, says)
    way = JobStatus.OUT_FOR_DELIVERY
    assert orders(services) == {"#1001": (way, dict.fromkeys(LETTERS, way))}


def test_an_event_of_a_fulfillment_of_many_parcels_is_planned_once(
    services: Services, shop: Shop, plans: Callable[[], int]
) -> None:
    """Of all its parcels at once."""
    shop.sent(1, LETTERS, id=7)
    translate_all(services)
    plans()
    shop.happened(2, "delivered", number=7)
    translate_all(services)

    assert plans() == 1
    there = JobStatus.DELIVERED
    assert orders(services) == {"#1001": (there, dict.fromkeys(LETTERS, there))}


def test_an_order_that_lists_many_parcels_is_planned_a_few_times(
    services: Services, brand: UUID, plans: Callable[[], int]
) -> None:
    """WooCommerce says with each change how the order stands, and then its parcels."""
    add_source(services, brand, "woocommerce", "woocommerce", SECRET, live=True)
    made = services.now() - 50 * HOUR
    items = [{"tracking_number": letter, "tracking_provider": "UPS"} for letter in LETTERS]
    body = woocommerce_events.order(
        "processing", made, meta_data=woocommerce_events.tracked(*items)
    )
    body["date_modified_gmt"] = woocommerce_events.local(made + HOUR)
    raw = json.dumps(body).encode()
    headers = {
        "x-wc-webhook-topic": "order.updated",
        "x-wc-webhook-signature": shopify_events.sign(SECRET, raw),
    }
    received = receive(services, "woocommerce", headers, raw)
    translate_all(services)

    assert plans() <= 3
    assert delivery(services, received.delivery_id).status == DeliveryStatus.APPLIED
    assert types_by_parcel(services, brand, "727") == {one: [FactType.SHIPPED] for one in LETTERS}


def test_what_is_said_of_many_parcels_again_is_said_before(
    services: Services, brand: UUID, shop: Shop, plans: Callable[[], int]
) -> None:
    """Read again under its own id, it records nothing, and plans nothing."""
    said = shop.sent(1, LETTERS, "in_transit")
    translate_all(services)
    before = types_by_parcel(services, brand, "#1001")
    with services.sessions.begin() as session:
        session.get_one(Delivery, said).status = DeliveryStatus.RECEIVED
    plans()
    translate_all(services)

    assert plans() == 0
    assert delivery(services, said).why == "said before"
    assert types_by_parcel(services, brand, "#1001") == before
