"""Two states of a booking with one time of the vendor's: what was moved stays moved."""

from __future__ import annotations

from datetime import date
from functools import partial
from itertools import permutations
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from notifier.domain.messages import Channel
from notifier.domain.windows import to_json
from notifier.services import Services
from notifier.sources.parts.estimates import whole_day
from notifier.store.engine import reading
from notifier.store.tables import ContactPoint, Job, Message, Person
from notifier.webhooks.receiving import receive
from notifier.webhooks.set_up import add_source
from tests.sources import calcom_events, woocommerce_events
from tests.webhooks import shopify_orders
from tests.webhooks.booking_pages import (
    Event,
    calcom_visit,
    connect,
    hour_from,
    owed,
    push_calcom,
)
from tests.webhooks.deliveries import HOUR, translate_all
from tests.webhooks.shopify_orders import Said, Shop, tell
from tests.webhooks.signing import headers_of, secret_of
from tests.webhooks.test_said_people import ADA, BO

_BOTH_WAYS = pytest.mark.parametrize("order", list(permutations(range(2))))


@pytest.fixture
def shop(services: Services, brand: UUID) -> Shop:
    """Return a shop at Shopify, and its order of fifty hours ago."""
    add_source(services, brand, "shopify", "shopify", shopify_orders.SECRET, live=True)
    return Shop(services)


def of(day: int, **changes: object) -> dict[str, object]:
    """Return what a delivery says of an order that is to come on a day of this November."""
    return {"note_attributes": [{"name": "Delivery-Date", "value": f"2026-11-{day}"}], **changes}


def says(shop: Shop, hours: int, day: int) -> Said:
    """Return that the shop says of that hour that the order comes on that day.

    Each time under another id: that it is the same content is all that tells a repeat.
    """
    if hours == 0:
        return partial(shop.ordered, **of(day))
    return partial(shop.stands, hours, None, **of(day))


def only_job(services: Services) -> Job:
    """Return the one job there is."""
    with reading(services.sessions) as session:
        return session.scalars(select(Job)).one()


def comes_on(services: Services) -> tuple[int, int]:
    """Return the days of November that were promised first, and are believed now."""
    job = only_job(services)
    zone = ZoneInfo(job.zone)
    days = {day: to_json(whole_day(date(2026, 11, day), zone)) for day in range(24, 31)}
    (promised,) = (day for day, stored in days.items() if stored == job.promised)
    (expected,) = (day for day, stored in days.items() if stored == job.expected)
    return promised, expected


@_BOTH_WAYS
@pytest.mark.parametrize("by_us", [False, True])
def test_a_visit_that_was_moved_in_the_moment_it_was_made_stays_moved(
    services: Services, brand: UUID, order: tuple[int, ...], by_us: bool
) -> None:
    """Cal.com names one `createdAt` for both, and says each of them again."""
    connect(services, brand, "calcom")
    visit, at = calcom_visit(services, 1), services.now() - HOUR
    start, (_, second, _) = visit.start, calcom_events.uids_of(1)
    told: list[Event] = [visit.created(at), visit.moved(at, to=start + 4 * HOUR, uid=second)]
    told[1]["payload"]["rescheduledBy"] = calcom_events.HOST if by_us else visit.email
    for nth in (*order, *order):
        push_calcom(services, told[nth])

    job = only_job(services)
    assert job.promised == hour_from(start)
    assert job.expected == hour_from(start + 4 * HOUR)
    assert (job.agreed == job.expected) is not by_us
    assert (("moved", "sms") in owed(services)) is by_us


def test_a_moved_visit_whose_customer_was_told_is_not_moved_back_by_how_it_was_made(
    services: Services, brand: UUID
) -> None:
    """What they read is not reworded: that it stood elsewhere in that moment is history."""
    connect(services, brand, "calcom")
    visit, at = calcom_visit(services, 1), services.now() - HOUR
    start, (_, second, _) = visit.start, calcom_events.uids_of(1)
    made, moved = visit.created(at), visit.moved(at, to=start + 4 * HOUR, uid=second)
    push_calcom(services, moved)
    with services.sessions.begin() as session:
        session.execute(update(Message).values(claimed_at=services.now()))

    push_calcom(services, made)

    job = only_job(services)
    assert job.promised == job.expected == hour_from(start + 4 * HOUR)


@_BOTH_WAYS
def test_an_order_that_got_another_day_in_the_second_it_was_made_keeps_that(
    services: Services, shop: Shop, order: tuple[int, ...]
) -> None:
    """Shopify's times have no fractions; the order's making comes again under another id."""
    made, moved = says(shop, 0, 26), partial(shop.stands, 0, None, **of(28))
    told: list[Said] = [made, moved]
    tell(services, [told[nth] for nth in order] + [made, moved, made])

    assert comes_on(services) == (26, 28)


@_BOTH_WAYS
def test_of_a_change_and_a_touch_in_one_second_the_change_counts(
    services: Services, shop: Shop, order: tuple[int, ...]
) -> None:
    """A note was written, and the day moved: what is as before was said before that."""
    told = [says(shop, 5, 26), says(shop, 5, 28)]
    tell(services, [says(shop, 0, 26), *(told[nth] for nth in order), *told, *reversed(told)])

    assert comes_on(services) == (26, 28)


@_BOTH_WAYS
def test_of_two_changes_in_one_second_the_one_that_came_last_counts(
    services: Services, shop: Shop, order: tuple[int, ...]
) -> None:
    """Nothing else tells them apart; said again, neither is later than it was."""
    told, days = [says(shop, 5, 27), says(shop, 5, 28)], [27, 28]
    tell(services, [says(shop, 0, 26), *(told[nth] for nth in order), *told])

    assert comes_on(services) == (26, days[order[-1]])


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_day_that_moved_back_beside_a_touch_is_back_in_any_order(
    services: Services, shop: Shop, order: tuple[int, ...]
) -> None:
    """Moved by one word, and back by one of two of one second: each as it comes, twice."""
    told = [says(shop, 3, 28), says(shop, 5, 26), says(shop, 5, 28)]
    in_order = [told[nth] for nth in order]
    tell(services, [says(shop, 0, 26), *in_order, *in_order])

    assert comes_on(services) == (26, 26)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_booking_that_comes_late_brings_back_no_day_that_had_gone(
    services: Services, shop: Shop, order: tuple[int, ...]
) -> None:
    """Of two days of one second the later to come counts, whenever the first promise is heard."""
    told, days = [says(shop, 0, 26), says(shop, 5, 27), says(shop, 5, 28)], [26, 27, 28]
    tell(services, [told[nth] for nth in order])
    tell(services, [told[nth] for nth in order])

    assert comes_on(services) == (26, [days[nth] for nth in order if nth][-1])


def test_what_takes_back_a_day_that_was_passed_over_is_no_news_of_it(
    services: Services, shop: Shop
) -> None:
    """Of two of one second the first booked it; it is read again when a word between them comes."""
    first, second = says(shop, 5, 27), says(shop, 5, 28)
    tell(services, [first, second, says(shop, 0, 26), says(shop, 3, 29)])

    assert comes_on(services) == (26, 28)


@_BOTH_WAYS
def test_woocommerce_too_made_an_order_before_it_moved_it(
    services: Services, brand: UUID, order: tuple[int, ...]
) -> None:
    """A plugin sets another day in the second of the checkout."""
    add_source(services, brand, "woocommerce", "woocommerce", secret_of("woocommerce"), live=True)
    now = services.now()
    told = [("order.created", "2026-11-26"), ("order.updated", "2026-11-28")]
    for nth in (*order, *order):
        topic, day = told[nth]
        meta = [{"key": "Delivery Date", "value": day}]
        body = woocommerce_events.order("processing", now - HOUR, meta_data=meta)
        raw = woocommerce_events.delivered(body).body
        receive(
            services,
            "woocommerce",
            headers_of("woocommerce", raw, now, X_WC_Webhook_Topic=topic),
            raw,
        )
        translate_all(services)

    assert comes_on(services) == (26, 28)


@_BOTH_WAYS
def test_a_number_that_was_put_right_in_the_same_second_stays_right(
    services: Services, shop: Shop, order: tuple[int, ...]
) -> None:
    """With another day, so that the first is read again; and each comes under another id."""
    told = [
        partial(shop.ordered, **of(26, phone=ADA)),
        partial(shop.stands, 0, None, **of(28, phone=BO)),
    ]
    tell(services, [told[nth] for nth in order] + told + told[:1])

    assert numbers(services) == {BO}


@_BOTH_WAYS
def test_a_number_that_is_not_as_before_is_the_one_that_counts(
    services: Services, shop: Shop, order: tuple[int, ...]
) -> None:
    """Of two updates of one second one says the old number again."""
    told = [
        partial(shop.stands, 5, None, **of(26, phone=ADA)),
        partial(shop.stands, 5, None, **of(28, phone=BO)),
    ]
    tell(services, [partial(shop.ordered, **of(26, phone=ADA))])
    tell(services, [told[nth] for nth in order] + told + told[:1])

    assert numbers(services) == {BO}


def numbers(services: Services) -> set[str]:
    """Return the numbers that the customer is texted at."""
    with reading(services.sessions) as session:
        rows = session.execute(
            select(Person, ContactPoint)
            .join(ContactPoint, ContactPoint.person_id == Person.id)
            .where(ContactPoint.channel == Channel.SMS, ContactPoint.replaced_at.is_(None))
        )
        return {services.vault.open(person.key, point.address) for person, point in rows}
