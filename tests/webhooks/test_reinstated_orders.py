"""An order that a shop calls off and has again: it stands, and whoever heard otherwise hears so."""

from __future__ import annotations

import json
from datetime import datetime
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from notifier import intake
from notifier.customers.outlook import Standing, outlook_of
from notifier.delivery import deliver_due
from notifier.domain.facts import FactSource, FactType
from notifier.domain.jobs import JobStatus
from notifier.domain.messages import Channel
from notifier.planner import load_for_planning, look_again
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Job, Message
from notifier.webhooks.receiving import receive
from notifier.webhooks.set_up import add_source
from tests.fakes.clock import FakeClock
from tests.services import RecordingSms
from tests.sources import woocommerce_events
from tests.sources.shopify_events import sign
from tests.webhooks.deliveries import HOUR, delivery, translate_all

SECRET = "the secret that the shop was given"
DAY = [{"key": "delivery_date", "value": "2026-11-27"}]


@pytest.fixture(autouse=True)
def _source(services: Services, brand: UUID) -> None:
    add_source(services, brand, "woocommerce", "woocommerce", SECRET, live=True)


def say(services: Services, status: str, hours: float, made: datetime, **changes: Any) -> UUID:
    """Let the shop say that the order came to this status so many hours after it was made."""
    body = woocommerce_events.order(status, made)
    body["date_modified_gmt"] = woocommerce_events.local(made + hours * HOUR)
    raw = json.dumps({**body, **changes}).encode()
    headers = {
        "x-wc-webhook-topic": "order.updated",
        "x-wc-webhook-signature": sign(SECRET, raw),
    }
    taken = receive(services, "woocommerce", headers, raw).delivery_id
    translate_all(services)
    return taken


def the_order(services: Services) -> Job:
    """Return the only order there is."""
    with reading(services.sessions) as session:
        return session.scalars(select(Job)).one()


def told(services: Services) -> list[str]:
    """Send what is due; return what each text that ever went was about, the first one first."""
    look_again(services)
    while deliver_due(services):
        pass
    with reading(services.sessions) as session:
        texts = session.scalars(
            select(Message.rule)
            .where(Message.accepted_at.is_not(None), Message.channel == Channel.SMS)
            .order_by(Message.created_at, Message.id)
        )
        return list(texts)


def page_says(services: Services) -> Standing:
    """Return how the customer's own page says that the order stands."""
    job_id = the_order(services).id
    with reading(services.sessions) as session:
        found = load_for_planning(session, services, [job_id])[job_id]
    (view,) = found.plan_input.people
    rules = services.rulebook.rules
    return outlook_of(found.plan_input, found.facts, view, rules, now=services.now()).standing


@pytest.mark.parametrize(
    ("statuses", "end"),
    [
        (("processing", "cancelled", "processing"), JobStatus.ORDERED),
        (("processing", "cancelled", "on-hold"), JobStatus.ORDERED),
        (("processing", "cancelled", "completed"), JobStatus.SHIPPED),
        (("processing", "cancelled", "processing", "cancelled"), JobStatus.CANCELLED),
        (("processing", "cancelled", "cancelled", "processing"), JobStatus.ORDERED),
        (("processing", "refunded", "on-hold", "shipped"), JobStatus.SHIPPED),
        (("processing", "failed", "processing"), JobStatus.ORDERED),
        (("processing", "cancelled", "trash"), JobStatus.CANCELLED),
    ],
)
def test_the_latest_word_counts_in_any_order(
    services: Services, statuses: tuple[str, ...], end: JobStatus
) -> None:
    """Called off, and not; whichever of them comes first, and however often."""
    made = services.now() - 9 * HOUR
    numbers = []
    for nth, order in enumerate(permutations(range(len(statuses)))):
        numbers.append(str(1000 + nth))
        for one in (*order, order[0]):
            say(services, statuses[one], one, made, number=numbers[-1])

    with reading(services.sessions) as session:
        stands = {job.reference: job.status for job in session.scalars(select(Job))}
    assert stands == dict.fromkeys(numbers, end)


@pytest.mark.parametrize("meta", [DAY, []], ids=["promised", "without a day"])
@pytest.mark.parametrize("again", ["processing", "on-hold"])
def test_whoever_heard_of_the_cancellation_hears_that_it_was_a_mistake(
    sending: Services, clock: FakeClock, meta: list[dict[str, str]], again: str
) -> None:
    """Once, however often the shop says it; and of another cancellation they hear again."""
    made = sending.now()
    clock.advance(hours=4)
    for status, hours, heard in (
        ("processing", 0.0, []),
        ("cancelled", 1.0, ["order_cancelled"]),
        ("cancelled", 1.5, ["order_cancelled"]),
        (again, 2.0, ["order_cancelled", "order_please_ignore"]),
        (again, 2.5, ["order_cancelled", "order_please_ignore"]),
        ("cancelled", 3.0, ["order_cancelled", "order_please_ignore", "order_cancelled"]),
    ):
        say(sending, status, hours, made, meta_data=meta)
        clock.advance(minutes=1)
        assert told(sending) == heard, (status, hours)

    say(sending, again, 3.5, made, meta_data=meta)
    clock.advance(minutes=1)
    assert told(sending)[3:] == ["order_please_ignore"]
    assert the_order(sending).status == JobStatus.ORDERED
    assert page_says(sending) is Standing.AS_PROMISED


def test_a_cancellation_that_nobody_heard_of_is_not_spoken_of(
    sending: Services, clock: FakeClock
) -> None:
    """Neither one that had not gone, nor one that comes late."""
    made = sending.now()
    clock.advance(hours=4)
    say(sending, "processing", 0, made, meta_data=DAY)
    say(sending, "cancelled", 1, made, meta_data=DAY)
    mended = say(sending, "processing", 3, made, meta_data=DAY)
    say(sending, "cancelled", 2, made, meta_data=DAY)

    assert told(sending) == []
    assert the_order(sending).status == JobStatus.ORDERED
    assert delivery(sending, mended).why is None


def test_what_is_taken_back_within_the_minute_is_not_spoken_of(
    sending: Services, clock: FakeClock
) -> None:
    """A slip of the hand at the shop, and its mending, are two texts to nobody."""
    made = sending.now()
    clock.advance(hours=4)
    say(sending, "processing", 0, made, meta_data=DAY)
    say(sending, "cancelled", 2, made, meta_data=DAY)
    clock.advance(seconds=50)
    assert told(sending) == []
    say(sending, "processing", 3, made, meta_data=DAY)
    clock.advance(minutes=5)
    assert told(sending) == []


def test_an_order_that_stands_again_for_another_day_is_unsaid_with_that_day(
    sending: Services, texts: RecordingSms, clock: FakeClock
) -> None:
    """The day alone would leave them with an order that was called off."""
    made = sending.now()
    clock.advance(hours=4)
    say(sending, "processing", 0, made, meta_data=DAY)
    say(sending, "cancelled", 2, made, meta_data=DAY)
    clock.advance(minutes=1)
    assert told(sending) == ["order_cancelled"]
    later = [{"key": "delivery_date", "value": "2026-11-28"}]
    say(sending, "processing", 3, made, meta_data=later)
    clock.advance(minutes=5)
    assert told(sending) == ["order_cancelled", "order_please_ignore"]
    assert "please ignore" in texts.sent[-1].body
    assert "Sat 28 Nov" in texts.sent[-1].body


def test_what_staff_called_off_no_shop_takes_back(services: Services, brand: UUID) -> None:
    """The shop says its order again with every note that somebody adds to it."""
    made = services.now() - 9 * HOUR
    say(services, "processing", 0, made)
    by_staff = intake.NewFact(
        type=FactType.CANCELLED, source=FactSource.STAFF, actor="staff:1", occurred_at=made + HOUR
    )
    intake.record(services, brand, the_order(services).id, by_staff)
    say(services, "processing", 2, made)

    assert the_order(services).status == JobStatus.CANCELLED
