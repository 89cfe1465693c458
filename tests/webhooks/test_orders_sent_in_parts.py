"""An order that is sent in parts: it is there when all of it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import permutations
from uuid import UUID

import pytest
from sqlalchemy import select

from notifier.delivery import deliver_due
from notifier.domain.deliveries import DeliveryStatus
from notifier.domain.jobs import JobStatus
from notifier.planner import look_again
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Delivery, Job, Message
from notifier.webhooks.set_up import add_source
from tests.fakes.clock import FakeClock
from tests.services import RecordingSms
from tests.sources import generic_events
from tests.webhooks.deliveries import delivery, push_ours, translate_all
from tests.webhooks.shopify_orders import SECRET, Said, Shop, orders, tell

REST = ""  # the letter of what has no code yet


@pytest.fixture(autouse=True)
def _source(services: Services, brand: UUID) -> None:
    add_source(services, brand, "shopify", "shopify", SECRET, live=True)


def the_first_part_came(shop: Shop) -> list[Said]:
    """Return what is said of an order until the first of its parcels is there."""
    return [
        shop.ordered,
        partial(shop.sent, 1, "A"),
        partial(shop.stands, 1, "partial"),
        partial(shop.sent, 2, "A", "delivered"),
    ]


def told(services: Services, job_id: UUID) -> list[str]:
    """Return the rules by which something was said of an order, in order."""
    with reading(services.sessions) as session:
        sent = select(Message.rule).where(Message.job_id == job_id, Message.claimed_at.is_not(None))
        return list(session.scalars(sent.order_by(Message.claimed_at)))


def job_of(services: Services, reference: str = "#1001") -> UUID:
    """Return the id of an order."""
    with reading(services.sessions) as session:
        return session.scalars(select(Job.id).where(Job.reference == reference)).one()


def test_a_part_that_came_is_not_the_order(services: Services) -> None:
    """What was not sent yet is awaited with it, and counts as no parcel that is tracked."""
    shop = Shop(services)
    tell(services, the_first_part_came(shop))
    assert orders(services)["#1001"] == (
        JobStatus.SHIPPED,
        {"A": JobStatus.DELIVERED, REST: JobStatus.ORDERED},
    )

    tell(
        services, [partial(shop.sent, 3, "B", fulfillment=2), partial(shop.stands, 3, "fulfilled")]
    )
    assert orders(services)["#1001"] == (
        JobStatus.SHIPPED,
        {"A": JobStatus.DELIVERED, "B": JobStatus.SHIPPED},
    )

    tell(services, [partial(shop.sent, 4, "B", "delivered", fulfillment=2)])
    assert orders(services)["#1001"][0] == JobStatus.DELIVERED


def test_nobody_else_says_of_the_rest_that_it_came(services: Services) -> None:
    """A code that is blank names no parcel: the rest has none, of any order of the brand."""
    shop = Shop(services)
    tell(services, the_first_part_came(shop))

    body = generic_events.event("order.delivered", services.now(), tracking_code="\x1f")
    said = push_ours(services, body)
    translate_all(services)

    assert delivery(services, said).status == DeliveryStatus.FAILED
    assert (delivery(services, said).why or "").startswith("data.tracking_code: ")
    assert orders(services)["#1001"] == (
        JobStatus.SHIPPED,
        {"A": JobStatus.DELIVERED, REST: JobStatus.ORDERED},
    )


def test_the_news_of_the_parts_end_the_same_in_any_order(services: Services) -> None:
    """Among them that all was sent before the order is known; the first comes twice."""
    names = []
    for nth, order in enumerate(permutations(range(5))):
        names.append(f"#{1000 + nth}")
        shop = Shop(services, names[-1])
        said: Sequence[Said] = [
            partial(shop.sent, 1, "A"),
            partial(shop.stands, 1, "partial"),
            partial(shop.sent, 2, "A", "delivered"),
            partial(shop.sent, 3, "B", "in_transit", fulfillment=2),
            partial(shop.stands, 3, "fulfilled"),
        ]
        tell(services, [said[one] for one in (*order, order[0])])

    assert orders(services) == dict.fromkeys(
        names,
        (JobStatus.IN_TRANSIT, {"A": JobStatus.DELIVERED, "B": JobStatus.IN_TRANSIT}),
    )
    with reading(services.sessions) as session:
        failed = select(Delivery.why).where(Delivery.status == DeliveryStatus.FAILED)
        assert not session.scalars(failed).all()


@pytest.mark.parametrize("last", ["fulfilled", "restocked"])
def test_of_two_words_of_one_second_nobody_waits_for_nothing(services: Services, last: str) -> None:
    """Shopify writes whole seconds; whichever comes first, the order is as if all was sent."""
    for name, words in (("#1", ("partial", last)), ("#2", (last, "partial"))):
        shop = Shop(services, name)
        tell(services, [shop.ordered, partial(shop.sent, 1, "A")])
        tell(services, [partial(shop.stands, 1, word) for word in words])
        assert orders(services)[name][1] == {"A": JobStatus.SHIPPED}


def test_the_rest_that_does_not_come_is_late_though_a_part_has_come(
    sending: Services, texts: RecordingSms, clock: FakeClock
) -> None:
    """The customer hears of the rest alone: the order did not end with its first part."""
    tell(sending, the_first_part_came(Shop(sending)))
    job_id = job_of(sending)
    clock.set(datetime(2026, 11, 28, 20, tzinfo=UTC))
    look_again(sending)
    deliver_due(sending)

    assert told(sending, job_id) == ["order_not_here"]
    assert "no delivery of the rest of order #1001" in texts.sent[-1].body


def test_nobody_is_told_that_the_carrier_has_not_scanned_what_it_was_not_given(
    sending: Services, clock: FakeClock
) -> None:
    """Silence about a part that is still at the shop is no carrier's."""
    shop = Shop(sending)
    tell(sending, [partial(shop.ordered, note_attributes=[]), *the_first_part_came(shop)[1:]])
    for day in (26, 29):
        clock.set(datetime(2026, 11, day, 20, tzinfo=UTC))
        look_again(sending)
        deliver_due(sending)
    assert not {"order_no_scan", "order_no_movement"} & set(told(sending, job_of(sending)))
