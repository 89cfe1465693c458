"""A vendor whose clock runs ahead of ours undoes nothing of what it said."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from notifier.domain.deliveries import DeliveryStatus
from notifier.domain.windows import local_date
from notifier.services import Services
from notifier.store.deliveries import read_again
from notifier.store.engine import reading
from notifier.store.tables import Delivery, Source
from notifier.webhooks.set_up import add_source
from tests.fakes.clock import FakeClock
from tests.sources import onfleet_events, shopify_events
from tests.webhooks.deliveries import HOUR, translate_all
from tests.webhooks.test_onfleet_tasks import from_to, only_job
from tests.webhooks.test_onfleet_tasks import push as push_task
from tests.webhooks.test_shops import LA, SECRET, push

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("ahead", [timedelta(), timedelta(seconds=10), MINUTE, HOUR])
def test_a_task_that_was_moved_stays_moved(
    services: Services, brand: UUID, clock: FakeClock, ahead: timedelta
) -> None:
    """Made, and moved twenty seconds later: both say a time that is yet to come."""
    add_source(services, brand, "onfleet", "onfleet", onfleet_events.SECRET, live=True)
    start = services.now() + 6 * HOUR
    push_task(services, onfleet_events.Task(start).event(6, services.now() + ahead))
    clock.set(services.now() + timedelta(seconds=20))

    push_task(services, onfleet_events.Task(start + 3 * HOUR).event(7, services.now() + ahead))

    assert only_job(services).expected == from_to(start + 3 * HOUR, start + 5 * HOUR)


@pytest.mark.parametrize("ahead", [timedelta(), HOUR])
def test_a_promise_that_moved_is_not_moved_back(
    services: Services, brand: UUID, clock: FakeClock, ahead: timedelta
) -> None:
    """By Friday, twenty minutes later by Monday, from a shop an hour ahead of us."""
    add_source(services, brand, "shopify", "shopify", SECRET, live=True)

    def say(day: str, at: datetime, topic: str) -> None:
        attributes = [{"name": "Delivery-Date", "value": day}]
        body = shopify_events.order(at, updated_at=str(at), note_attributes=attributes)
        push(services, shopify_events.delivered(topic, body), f"{topic} {day}")
        translate_all(services)

    say("2026-11-27", services.now() + ahead, "orders/create")
    clock.set(services.now() + 20 * MINUTE)
    say("2026-11-30", services.now() + ahead, "orders/updated")

    ends = only_job(services).ends_at
    assert ends is not None
    assert local_date(ends, LA).isoformat() == "2026-11-30"


def test_what_was_said_by_a_clock_ahead_can_be_read_again(
    services: Services, brand: UUID, clock: FakeClock
) -> None:
    """It says the same of the same time, though its vendor's hour has not come yet."""
    add_source(services, brand, "onfleet", "onfleet", onfleet_events.SECRET, live=True)
    task = onfleet_events.Task(services.now() + 6 * HOUR)
    push_task(services, task.event(9, services.now() + HOUR, worker=onfleet_events.SAM))
    clock.set(services.now() + 10 * MINUTE)
    with services.sessions.begin() as session:
        source = session.scalars(select(Source).where(Source.name == "onfleet")).one()
        assert read_again(session, source.id, [DeliveryStatus.APPLIED]) == 1

    translate_all(services)

    with reading(services.sessions) as session:
        (delivery,) = session.scalars(select(Delivery))
    assert (delivery.status, delivery.why) == (DeliveryStatus.APPLIED, "said before")
