"""What Shopify says of a fulfillment by its own number alone: of the parcels that this has."""

from __future__ import annotations

from functools import partial
from itertools import permutations
from uuid import UUID

import pytest

from notifier.domain.deliveries import DeliveryStatus
from notifier.domain.facts import FactType
from notifier.domain.jobs import JobStatus
from notifier.domain.windows import Window, from_json
from notifier.services import Services
from notifier.webhooks.set_up import add_source
from tests.fakes.clock import FakeClock
from tests.webhooks.deliveries import HOUR, delivery, facts_of
from tests.webhooks.shopify_orders import SECRET, Said, Shop, orders, tell
from tests.webhooks.test_said_again import by_carrier, order_of


@pytest.fixture(autouse=True)
def _source(services: Services, brand: UUID, clock: FakeClock) -> None:
    add_source(services, brand, "shopify", "shopify", SECRET, live=True)
    clock.advance(hours=50)


def test_an_event_is_of_the_parcels_of_its_fulfillment_alone(services: Services) -> None:
    """In whatever order all of it comes: one part of the order is there, the other is not."""
    for nth, order in enumerate(permutations(range(4))):
        shop, number = Shop(services, name=f"#{2000 + nth}"), 10 * nth
        said: list[Said] = [
            shop.ordered,
            partial(shop.sent, 1, "AB", id=number),
            partial(shop.sent, 2, "C", fulfillment=2, id=number + 1),
            partial(shop.happened, 40, "delivered", number=number),
        ]
        tell(services, [said[one] for one in order])

        assert orders(services)[shop.name] == (
            JobStatus.SHIPPED,
            {
                "A": JobStatus.DELIVERED,
                "B": JobStatus.DELIVERED,
                "C": JobStatus.SHIPPED,
            },
        ), order
        when = {
            row.occurred_at
            for row in facts_of(services, order_of(services, shop).id)
            if row.type == FactType.DELIVERED
        }
        assert when == {shop.made + 40 * HOUR}


def test_an_event_waits_for_its_fulfillment(services: Services) -> None:
    """The order alone does not say which parcels are meant."""
    shop = Shop(services)
    shop.ordered()
    waiting = shop.happened(40, "out_for_delivery", number=7)
    tell(services, [lambda: None])
    assert delivery(services, waiting).status == DeliveryStatus.WAITING

    tell(services, [partial(shop.sent, 1, "A", id=7)])
    assert delivery(services, waiting).status == DeliveryStatus.APPLIED
    assert orders(services)[shop.name][1] == {"A": JobStatus.OUT_FOR_DELIVERY}


def test_an_event_is_of_the_code_that_was_put_right(services: Services) -> None:
    """Though it was read while the fulfillment had the wrong one, or none, or came before it."""
    for nth, order in enumerate(permutations(range(4))):
        shop, number = Shop(services, name=f"#{2000 + nth}"), 10 * nth
        said: list[Said] = [
            partial(shop.sent, 1, "", id=number),
            partial(shop.sent, 2, "A", id=number),
            partial(shop.happened, 40, "out_for_delivery", number=number),
            partial(shop.sent, 41, "B", id=number),
        ]
        tell(services, [shop.ordered, *(said[one] for one in order)])

        assert orders(services)[shop.name] == (
            JobStatus.OUT_FOR_DELIVERY,
            {"B": JobStatus.OUT_FOR_DELIVERY},
        ), order


def test_a_status_that_the_shop_learns_of_late_counts_from_when_it_happened(
    services: Services,
) -> None:
    """The fulfillment is changed by it after a carrier has said what came next."""
    for nth, order in enumerate(permutations(range(3))):
        shop, number = Shop(services, name=f"#{2000 + nth}"), 10 * nth
        said: list[Said] = [
            partial(shop.happened, 45, "out_for_delivery", number=number),
            partial(by_carrier, shop, 47, "failure", detail="delivery_exception"),
            partial(shop.sent, 48, "A", "out_for_delivery", id=number),
        ]
        before: list[Said] = [shop.ordered, partial(shop.sent, 1, "A", id=number)]
        tell(services, [*before, *(said[one] for one in order)])

        assert orders(services)[shop.name][0] == JobStatus.ATTEMPTED, order


def test_a_second_day_out_is_one(services: Services) -> None:
    """The same status anew is news, of an event; said again by the fulfillment it is not."""
    shop = Shop(services)
    tell(
        services,
        [
            shop.ordered,
            partial(shop.sent, 1, "A", id=7),
            partial(shop.happened, 20, "out_for_delivery", number=7),
            partial(by_carrier, shop, 24, "failure", detail="delivery_exception"),
            partial(shop.happened, 44, "out_for_delivery", number=7),
        ],
    )
    assert orders(services)[shop.name][0] == JobStatus.OUT_FOR_DELIVERY


def test_a_day_that_comes_with_each_event_is_news_once(services: Services) -> None:
    """Of two the later counts; the old one, said again, does not beat what a tracker says."""
    for nth, order in enumerate(permutations(range(3))):
        shop, number = Shop(services, name=f"#{2000 + nth}"), 10 * nth
        day = {"estimated_delivery_at": (services.now() + 72 * HOUR).isoformat()}
        said: list[Said] = [
            partial(shop.happened, 40, "in_transit", number=number, **day),
            partial(by_carrier, shop, 43, "in_transit", day=9, detail="status_update"),
            partial(shop.happened, 45, "in_transit", number=number, **day),
        ]
        before: list[Said] = [shop.ordered, partial(shop.sent, 1, "A", id=number)]
        tell(services, [*before, *(said[one] for one in order)])

        expected = from_json(order_of(services, shop).expected)
        assert isinstance(expected, Window), order
        assert expected.end > services.now() + 8 * 24 * HOUR, order
