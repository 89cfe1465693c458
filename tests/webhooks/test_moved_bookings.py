"""A visit that is moved on a booking page is one job, in whichever order its news arrives."""

from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from notifier.services import Services
from notifier.webhooks.set_up import add_source
from tests.sources import calcom_events, calendly_events
from tests.webhooks.booking_pages import (
    SECRET,
    hour_from,
    jobs,
    owed,
    push_calcom,
    push_calendly,
)
from tests.webhooks.deliveries import HOUR, book_visit


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_news_of_one_booking_of_cal_com_ends_the_same_in_any_order(
    services: Services, brand: UUID, order: tuple[int, ...]
) -> None:
    """Booked, moved and moved again, each twice: one job at the last time, which was agreed."""
    add_source(services, brand, "calcom", "calcom", SECRET, live=True)
    now, start = services.now(), services.now() + timedelta(days=2)
    visit = calcom_events.Visit(start)
    told = [
        visit.created(now - 3 * HOUR),
        visit.moved(now - 2 * HOUR, to=start + HOUR),
        visit.moved(now - HOUR, to=start + 2 * HOUR, uid=calcom_events.THIRD),
    ]

    for nth in (*order, *order):
        push_calcom(services, told[nth])

    (job,) = jobs(services)
    assert job.reference == calcom_events.FIRST
    assert job.expected == job.agreed == hour_from(start + 2 * HOUR)


def test_a_booking_of_cal_com_that_was_moved_can_be_cancelled(
    services: Services, brand: UUID
) -> None:
    """The cancellation names the newest uid, and ends the one job."""
    add_source(services, brand, "calcom", "calcom", SECRET, live=True)
    now, start = services.now(), services.now() + timedelta(days=2)
    visit = calcom_events.Visit(start)
    push_calcom(services, visit.created(now - 2 * HOUR))
    push_calcom(services, visit.moved(now - HOUR, to=start + HOUR))

    push_calcom(services, visit.cancelled(now))

    (job,) = jobs(services)
    assert job.status == "cancelled"


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_news_of_one_booking_of_calendly_ends_the_same_in_any_order(
    services: Services, brand: UUID, order: tuple[int, ...]
) -> None:
    """Booked and moved, each event twice: one job at the new time, which was agreed."""
    add_source(services, brand, "calendly", "calendly", SECRET, live=True)
    now, start = services.now(), services.now() + timedelta(days=2)
    visit = calendly_events.Visit(start, now - 2 * HOUR)
    told = [visit.created(), *visit.moved(now - HOUR, to=start + HOUR)]

    for nth in (*order, *order):
        push_calendly(services, told[nth])

    (job,) = jobs(services)
    assert job.reference == calendly_events.FIRST
    assert job.expected == job.agreed == hour_from(start + HOUR)


def moved_twice(services: Services) -> tuple[calendly_events.Visit, list[dict[str, Any]]]:
    """Return a visit of Calendly that was booked at ten and moved twice, and its bookings."""
    now, start = services.now(), services.now() + timedelta(days=2)
    visit = calendly_events.Visit(start, now - 3 * HOUR)
    booked = visit.created()
    _, moved = visit.moved(now - 2 * HOUR, to=start + HOUR)
    _, again = visit.moved(now - HOUR, to=start + 2 * HOUR, invitee=calendly_events.THIRD)
    return visit, [booked, moved, again]


#: Those in which the first and the last are not told apart from two visits by what came so far.
_MIDDLE_LAST = {(0, 2, 1), (2, 0, 1)}


@pytest.mark.parametrize("order", sorted(set(permutations(range(3))) - _MIDDLE_LAST))
def test_a_visit_that_is_moved_twice_in_calendly_stays_the_same(
    services: Services, brand: UUID, order: tuple[int, ...]
) -> None:
    """Each invitee names only the one before; the job is known by each that it had."""
    add_source(services, brand, "calendly", "calendly", SECRET, live=True)
    visit, told = moved_twice(services)

    for nth in (*order, *order):
        push_calendly(services, told[nth])

    (job,) = jobs(services)
    assert job.expected == job.agreed == hour_from(visit.start)

    push_calendly(services, visit.canceled(services.now()))

    (job,) = jobs(services)
    assert job.status == "cancelled"


@pytest.mark.parametrize("order", sorted(_MIDDLE_LAST))
def test_no_void_time_is_left_standing_where_the_news_between_comes_last(
    services: Services, brand: UUID, order: tuple[int, ...]
) -> None:
    """Two visits until then; the one that was moved away is called off, the other stands."""
    add_source(services, brand, "calendly", "calendly", SECRET, live=True)
    visit, told = moved_twice(services)

    for nth in (*order, *order):
        push_calendly(services, told[nth])

    by_status = {job.status: job for job in jobs(services)}
    assert sorted(by_status) == ["cancelled", "scheduled"]
    assert by_status["cancelled"].reference == calendly_events.FIRST
    assert by_status["scheduled"].expected == hour_from(visit.start)

    push_calendly(services, visit.canceled(services.now()))

    assert {job.status for job in jobs(services)} == {"cancelled"}


def test_who_is_absent_from_a_moved_booking_of_cal_com_missed_that_visit(
    services: Services, brand: UUID
) -> None:
    """The no-show names the newest uid alone; it waits for the news that the visit moved."""
    add_source(services, brand, "calcom", "calcom", SECRET, live=True)
    now, start = services.now(), services.now() - HOUR
    visit = calcom_events.Visit(start)
    push_calcom(services, visit.created(now - 3 * HOUR))
    moved = visit.moved(now - 2 * HOUR, to=start + HOUR / 2)
    push_calcom(services, visit.not_there(now))
    (job,) = jobs(services)
    assert job.status == "scheduled"

    push_calcom(services, moved)

    (job,) = jobs(services)
    assert job.status == "missed"


def test_the_bookings_of_another_source_are_called_off_by_none_of_this_ones(
    services: Services, brand: UUID
) -> None:
    """A name that happens to be somebody else's reference moves nothing of theirs."""
    add_source(services, brand, "calendly", "calendly", SECRET, live=True)
    now, start = services.now(), services.now() + timedelta(days=2)
    theirs = book_visit(services, brand, calendly_events.FIRST)
    visit = calendly_events.Visit(start, now - 2 * HOUR, invitee=calendly_events.SECOND)
    push_calendly(services, visit.created())
    visit.old = calendly_events.FIRST

    push_calendly(services, visit.created())

    assert {job.id: job.status for job in jobs(services)}[theirs] == "scheduled"


@pytest.mark.parametrize("who", [calcom_events.ADA, calcom_events.HOST])
def test_the_customer_is_told_of_a_time_that_the_host_chose(
    services: Services, brand: UUID, who: str
) -> None:
    """What they chose themselves on Cal.com's page they know."""
    add_source(services, brand, "calcom", "calcom", SECRET, live=True)
    now, start = services.now(), services.now() + timedelta(days=2)
    visit = calcom_events.Visit(start)
    push_calcom(services, visit.created(now - HOUR))

    moved = visit.moved(now, to=start + 2 * HOUR)
    moved["payload"]["rescheduledBy"] = who
    push_calcom(services, moved)

    (job,) = jobs(services)
    assert job.expected == hour_from(start + 2 * HOUR)
    by_us = who == calcom_events.HOST
    assert (("moved", "sms") in owed(services)) is by_us
    assert (job.agreed == job.expected) is not by_us
