"""What a shop says again because something else has changed is no news."""

from __future__ import annotations

from functools import partial
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from notifier.board_reading.job import read_job
from notifier.domain.facts import FactType
from notifier.domain.jobs import JobStatus
from notifier.domain.messages import WAITING
from notifier.domain.windows import UNKNOWN, Window, from_json, to_json
from notifier.planner import look_again
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Job, Message
from notifier.webhooks.set_up import add_source, set_live
from tests.fakes.clock import FakeClock
from tests.sources.easypost_events import Parcel as OnItsWay
from tests.webhooks.deliveries import HOUR, facts_of, push, translate_all
from tests.webhooks.shopify_orders import SECRET, Said, Shop, orders, tell

ANOTHER_LINK: dict[str, Any] = {"tracking_url": "https://carrier.example/track"}


@pytest.fixture
def source(services: Services, brand: UUID, clock: FakeClock) -> None:
    """A shop that was live before all of it, whose orders have a tracker beside it."""
    add_source(services, brand, "shopify", "shopify", SECRET, live=True)
    clock.advance(hours=50)


def by_carrier(shop: Shop, hours: int, status: str, *, day: int = 0, detail: str) -> object:
    """Let the carrier say where parcel A is, and that it comes in so many days."""
    estimate = shop.services.now() + day * 24 * HOUR if day else None
    scan = OnItsWay(code=shop.code("A")).scanned(
        status, shop.made + hours * HOUR, detail=detail, estimate=estimate
    )
    return push(shop.services, {**scan, "id": f"evt_{shop.name}_{hours}"})


def order_of(services: Services, shop: Shop) -> Job:
    """Return the order as it stands."""
    with reading(services.sessions) as session:
        return session.scalars(select(Job).where(Job.reference == shop.name)).one()


def owed(services: Services, shop: Shop) -> set[str]:
    """Return the rules by which something is owed for the order."""
    look_again(services)
    with reading(services.sessions) as session:
        rules = select(Message.rule).join(Job, Job.id == Message.job_id)
        planned = rules.where(Job.reference == shop.name, Message.status.in_(WAITING))
        return set(session.scalars(planned))


@pytest.mark.usefixtures("source")
def test_a_missed_delivery_is_told_though_the_fulfillment_is_touched(services: Services) -> None:
    """In whatever order the three arrive."""
    for nth, order in enumerate(permutations(range(3))):
        shop = Shop(services, name=f"#{2000 + nth}")
        said: list[Said] = [
            partial(shop.sent, 45, "A", "out_for_delivery"),
            partial(by_carrier, shop, 48, "failure", detail="delivery_exception"),
            partial(shop.sent, 49, "A", "out_for_delivery", **ANOTHER_LINK),
        ]
        tell(services, [shop.ordered, partial(shop.sent, 1, "A"), *(said[one] for one in order)])

        assert orders(services)[shop.name] == (
            JobStatus.ATTEMPTED,
            {"A": JobStatus.ATTEMPTED},
        ), order
        assert owed(services, shop) == {"delivery_attempted"}, order


@pytest.mark.usefixtures("source")
def test_the_board_tells_news_from_what_is_only_said_again(services: Services, brand: UUID) -> None:
    """Else *out for delivery* stands twice, once of them after the missed delivery."""
    shop = Shop(services, name="#2000")
    said: list[Said] = [
        partial(shop.sent, 45, "A", "out_for_delivery"),
        partial(shop.sent, 49, "A", "out_for_delivery", **ANOTHER_LINK),
    ]
    tell(services, [shop.ordered, *said])

    job_id = order_of(services, shop).id
    lines = read_job(services, brand, job_id, with_phone=False).facts
    assert [(line.fact.type, line.said_before) for line in lines] == [
        (FactType.OUT_FOR_DELIVERY, True),
        (FactType.SHIPPED, True),
        (FactType.OUT_FOR_DELIVERY, False),
        (FactType.SHIPPED, False),
        (FactType.BOOKED, False),
    ]


@pytest.mark.usefixtures("source")
def test_a_day_that_the_carrier_named_stays_though_the_fulfillment_is_touched(
    services: Services,
) -> None:
    """It was delayed until nobody knew when; now somebody does."""
    for nth, order in enumerate(permutations(range(3))):
        shop = Shop(services, name=f"#{2000 + nth}")
        said: list[Said] = [
            partial(shop.sent, 40, "A", "delayed"),
            partial(by_carrier, shop, 43, "in_transit", day=9, detail="status_update"),
            partial(shop.sent, 44, "A", "delayed", **ANOTHER_LINK),
        ]
        tell(services, [shop.ordered, partial(shop.sent, 1, "A"), *(said[one] for one in order)])

        expected = order_of(services, shop).expected
        assert expected not in (None, to_json(UNKNOWN)), order
        assert "order_no_date_yet" not in owed(services, shop), order


@pytest.mark.usefixtures("source")
def test_a_day_that_the_carrier_named_stays_though_the_order_is_touched(services: Services) -> None:
    """The shop had moved its own before, and says that again: nobody is told of it once more."""
    moved = [{"name": "Delivery-Date", "value": "2026-11-28"}]
    for nth, order in enumerate(permutations(range(3))):
        shop = Shop(services, name=f"#{2000 + nth}")
        said: list[Said] = [
            partial(shop.stands, 40, None, note_attributes=moved),
            partial(by_carrier, shop, 43, "in_transit", day=9, detail="status_update"),
            partial(shop.stands, 44, None, note_attributes=moved, note="Ring twice"),
        ]
        tell(services, [shop.ordered, partial(shop.sent, 1, "A"), *(said[one] for one in order)])

        expected = from_json(order_of(services, shop).expected)
        assert isinstance(expected, Window), order
        assert expected.end > services.now() + 8 * 24 * HOUR, order


@pytest.mark.usefixtures("source")
def test_a_status_that_changed_in_between_is_news_again(services: Services) -> None:
    """Though what changed it comes last of all."""
    for nth, order in enumerate(permutations(range(4))):
        shop = Shop(services, name=f"#{2000 + nth}")
        said: list[Said] = [
            partial(shop.sent, 45, "A", "out_for_delivery"),
            partial(shop.sent, 47, "A", "attempted_delivery"),
            partial(by_carrier, shop, 48, "failure", detail="delivery_exception"),
            partial(shop.sent, 49, "A", "out_for_delivery", **ANOTHER_LINK),
        ]
        tell(services, [shop.ordered, partial(shop.sent, 1, "A"), *(said[one] for one in order)])

        assert orders(services)[shop.name][0] == JobStatus.OUT_FOR_DELIVERY, order


@pytest.mark.usefixtures("source")
def test_a_code_that_is_put_right_has_the_status_of_its_fulfillment(services: Services) -> None:
    """The wrong one's word is none of its own; and what was said of it is said of the right one."""
    shop = Shop(services)
    tell(
        services,
        [
            shop.ordered,
            partial(shop.sent, 40, "B", "out_for_delivery"),
            partial(shop.sent, 41, "A", "out_for_delivery"),
        ],
    )
    assert orders(services)[shop.name] == (
        JobStatus.OUT_FOR_DELIVERY,
        {"A": JobStatus.OUT_FOR_DELIVERY},
    )


def test_a_status_from_before_the_shop_was_live_owes_nothing_when_it_is_touched(
    services: Services, brand: UUID
) -> None:
    """It is on record as the same old word; the next one is owed."""
    add_source(services, brand, "shopify", "shopify", SECRET)
    made = services.now() - 50 * HOUR
    shop = Shop(services, made=made)
    tell(services, [shop.ordered, partial(shop.sent, 40, "A", "delayed")])
    set_live(services, "shopify", actor="cli")
    shop.made = services.now() - 44 * HOUR
    tell(services, [partial(shop.sent, 44, "A", "delayed", **ANOTHER_LINK)])
    translate_all(services)

    job_id = order_of(services, shop).id
    assert [row.type for row in facts_of(services, job_id)].count("delayed") == 2
    assert owed(services, shop) == set()
