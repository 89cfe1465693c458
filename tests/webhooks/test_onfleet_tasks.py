"""An Onfleet task on its way: one visit, whatever order its news arrives in."""

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from notifier.domain.messages import WAITING
from notifier.domain.windows import Window, to_json
from notifier.services import Services
from notifier.sources.onfleet import SPREAD
from notifier.store.engine import reading
from notifier.store.tables import Job, Message
from notifier.webhooks.receiving import receive
from notifier.webhooks.set_up import add_source
from tests.sources.onfleet_events import (
    ACTIVE,
    ASSIGNED,
    COMPLETED,
    SECRET,
    SHORT_ID,
    Task,
    body_of,
    ms,
    sign,
)
from tests.webhooks.deliveries import HOUR, translate_all

STARTED, ETA, DONE, CREATED, UPDATED = 0, 1, 3, 6, 7


def push(services: Services, event: dict[str, Any]) -> None:
    """Let Onfleet deliver `event`, and translate it."""
    body = body_of(event)
    headers = {"Content-Type": "application/json", "X-Onfleet-Signature": sign(SECRET, body)}
    receive(services, "onfleet", headers, body)
    translate_all(services)


def only_job(services: Services) -> Job:
    """Return the one job there is."""
    with reading(services.sessions) as session:
        (job,) = session.scalars(select(Job))
    return job


def from_to(start: datetime, end: datetime) -> Any:
    """Return how a window is stored."""
    return to_json(Window(start, end))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_news_of_a_task_ends_the_same_in_any_order(
    services: Services, brand: UUID, order: tuple[int, ...]
) -> None:
    """Planned, on the way and done, each twice: one visit that is completed."""
    add_source(services, brand, "onfleet", "onfleet", SECRET, live=True)
    now = services.now()
    told = [
        Task(now - HOUR).event(CREATED, now - 3 * HOUR),
        Task(now - HOUR, state=ACTIVE).event(STARTED, now - HOUR),
        Task(now - HOUR, state=COMPLETED).event(DONE, now),
    ]

    for nth in (*order, *order):
        push(services, told[nth])

    job = only_job(services)
    assert (job.reference, job.status) == (SHORT_ID, "completed")
    assert job.expected == job.agreed == from_to(now - HOUR, now + HOUR)


def test_each_eta_is_believed_and_an_update_does_not_undo_it(
    services: Services, brand: UUID
) -> None:
    """Two hours late, then three; the note that the driver adds changes neither."""
    add_source(services, brand, "onfleet", "onfleet", SECRET, live=True)
    now = services.now().replace(second=0, microsecond=0)
    planned, coming = Task(now + HOUR), Task(now + HOUR, state=ACTIVE)
    minute = timedelta(minutes=1)
    push(services, planned.event(CREATED, now - 4 * minute))
    push(services, coming.event(STARTED, now - 3 * minute))
    push(services, coming.event(ETA, now - 2 * minute, etaSeconds=5 * 3600))

    push(services, coming.event(ETA, now - minute, etaSeconds=6 * 3600))
    push(services, coming.event(UPDATED, now))

    arrival = now - minute + 6 * HOUR
    job = only_job(services)
    assert job.status == "en_route"
    assert job.expected == from_to(arrival, arrival + SPREAD)
    assert job.agreed == from_to(now + HOUR, now + 3 * HOUR)


def test_a_new_window_moves_the_visit(services: Services, brand: UUID) -> None:
    """A dispatcher who changes the task's times has moved it, and the customer is told."""
    add_source(services, brand, "onfleet", "onfleet", SECRET, live=True)
    now = services.now()
    push(services, Task(now + HOUR).event(CREATED, now - HOUR))

    later = {"completeAfter": ms(now + 4 * HOUR), "completeBefore": ms(now + 6 * HOUR)}
    push(services, Task(now + HOUR, state=ASSIGNED).event(UPDATED, now, task=later))

    moved = from_to(now + 4 * HOUR, now + 6 * HOUR)
    job = only_job(services)
    assert (job.expected, job.agreed) == (moved, from_to(now + HOUR, now + 3 * HOUR))
    assert owed(services, "moved") == [("sms", moved)]


def test_a_window_that_a_task_is_given_later_is_told(services: Services, brand: UUID) -> None:
    """It was made without one, so that the customer knows of no time yet."""
    add_source(services, brand, "onfleet", "onfleet", SECRET, live=True)
    now = services.now()
    none: dict[str, Any] = {"completeAfter": None, "completeBefore": None}
    push(services, Task(now + 3 * HOUR).event(CREATED, now - HOUR, task=none))
    assert owed(services, "time_set") == []

    push(services, Task(now + 3 * HOUR).event(UPDATED, now))

    assert owed(services, "time_set") == [("sms", from_to(now + 3 * HOUR, now + 5 * HOUR))]


def owed(services: Services, rule: str) -> list[tuple[str, Any]]:
    """Return what `rule` owes the customer: by which channel, and the time that it tells."""
    with reading(services.sessions) as session:
        rows = session.scalars(select(Message).where(Message.rule == rule))
        return [(row.channel, row.asserts) for row in rows if row.status in WAITING]
