"""A visit that was moved, of which the news that joins its bookings comes late: it is one visit."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from notifier.delivery import deliver_due
from notifier.services import Services
from tests.services import RecordingEmail, RecordingSms
from tests.sources import calendly_events
from tests.sources.calcom_events import uids_of
from tests.webhooks.booking_pages import (
    Event,
    calcom_visit,
    comes_to,
    connect,
    ever_owed,
    hour_from,
    jobs,
    orders_of,
    push_calcom,
    push_calendly,
    repeated,
    standing,
    statuses,
)
from tests.webhooks.deliveries import HOUR


def invitees_of(nth: int) -> tuple[str, str, str]:
    """Return the invitees of a visit of its own for each `nth`: booked, and moved twice."""
    return f"AAAA-{nth}", f"BBBB-{nth}", f"CCCC-{nth}"


def booked_visit(services: Services, nth: int) -> calendly_events.Visit:
    """Return a visit in two days that its invitee booked three hours ago."""
    now, (first, *_) = services.now(), invitees_of(nth)
    start, email, phone = now + timedelta(days=2), f"ada{nth}@example.com", f"+120655501{nth:02}"
    return calendly_events.Visit(start, now - 3 * HOUR, first, email=email, phone=phone)


def moved_twice(services: Services, nth: int) -> list[Event]:
    """Return all that Calendly says of a visit that its invitee moved twice."""
    now, start = services.now(), services.now() + timedelta(days=2)
    _, second, third = invitees_of(nth)
    visit = booked_visit(services, nth)
    booked = visit.created()
    ended, moved = visit.moved(now - 2 * HOUR, to=start + HOUR, invitee=second)
    ended_too, again = visit.moved(now - HOUR, to=start + 2 * HOUR, invitee=third)
    return [booked, ended, moved, again, ended_too]


def test_a_move_is_never_told_as_a_cancellation(services: Services, brand: UUID) -> None:
    """In each of the 24 orders of a booking and its moves, each said up to five times, one visit
    stands in the end, and is owed the same."""
    connect(services, brand, "calendly")

    for visit, order in enumerate(orders_of(4)):
        told = moved_twice(services, visit)
        for nth in repeated(order):
            push_calendly(services, told[nth])

    in_turn, *others = (comes_to(services, invitees_of(visit)) for visit in range(24))
    assert others == [in_turn] * 23
    assert len(standing(services)) == 24
    assert ever_owed(services, "cancelled") == 0


#: The orders in which nothing has told yet, when the second move comes, that it is of the first
#: visit. To hold such a booking back until something does would keep from the customer what
#: nobody need ever send: that of a visit which was booked before the source was connected.
_TWO_FOR_A_WHILE = [(0, 3, 1, 2), (0, 3, 2, 1), (3, 0, 1, 2), (3, 0, 2, 1)]


@pytest.mark.parametrize("order", _TWO_FOR_A_WHILE)
def test_of_two_visits_that_are_one_the_older_ends_in_silence(
    services: Services, brand: UUID, order: Sequence[int]
) -> None:
    """Also when both were confirmed to the customer meanwhile: they are told of no end."""
    sms, email = RecordingSms(now=services.now), RecordingEmail(now=services.now)
    sending = replace(services, sms={sms.name: sms}, email={email.name: email})
    connect(sending, brand, "calendly")
    told = moved_twice(sending, 0)

    for nth in order:
        push_calendly(sending, told[nth])
        while deliver_due(sending):
            pass

    assert (len(sms.sent), ever_owed(sending, "booked")) == (2, 2)
    old, new = sorted(jobs(sending), key=lambda job: job.reference)
    assert (old.status, old.by, new.status) == ("cancelled", "customer", "scheduled")
    assert ever_owed(sending, "cancelled") == 0
    start = services.now() + timedelta(days=2)
    assert new.expected == hour_from(start + 2 * HOUR)


def moved_and_called_off(services: Services, nth: int) -> list[Event]:
    """Return what Calendly says of a visit that its invitee moved, and its host called off."""
    now, start = services.now(), services.now() + timedelta(days=2)
    _, second, _ = invitees_of(nth)
    visit = booked_visit(services, nth)
    booked = visit.created()
    ended, moved = visit.moved(now - 2 * HOUR, to=start + HOUR, invitee=second)
    return [booked, ended, moved, visit.canceled(now - HOUR, by="host")]


def test_that_nobody_comes_is_sent_once_whatever_comes_after_it(
    services: Services, brand: UUID
) -> None:
    """In each of the 24 orders, while texts go between the news, of which each comes twice."""
    sms, email = RecordingSms(now=services.now), RecordingEmail(now=services.now)
    sending = replace(services, sms={sms.name: sms}, email={email.name: email})
    connect(sending, brand, "calendly")

    for visit, order in enumerate(orders_of(4)):
        told = moved_and_called_off(sending, visit)
        for nth in (*order, *order):
            push_calendly(sending, told[nth])
            while deliver_due(sending):
                pass

    off = Counter(one.to for one in sms.sent if "call off" in one.body)
    assert set(off.values()) == {1}
    assert not standing(sending)


def moved_and_cancelled(services: Services, nth: int) -> list[Event]:
    """Return what Cal.com says of a visit that was moved twice and cancelled: no booking of it
    names the first uid beside the one before, but the cancellation does."""
    now, (first, second, third) = services.now(), uids_of(nth)
    visit = calcom_visit(services, nth)
    visit.calendar_id, start = None, visit.start
    told = [
        visit.created(now - 4 * HOUR),
        visit.moved(now - 3 * HOUR, to=start + HOUR, uid=second),
        visit.moved(now - 2 * HOUR, to=start + 2 * HOUR, uid=third),
    ]
    visit.calendar_id = f"{first}@Cal.com"
    cancelled = visit.cancelled(now - HOUR)
    bare = replace(
        visit, calendar_id=None
    )  # as the host's yes to a request, which names that alone
    return [*told, cancelled, bare.created(now - 2 * HOUR)]


@pytest.mark.parametrize("which", [(0, 1, 2, 3), (0, 2, 3), (2, 3), (0, 3, 4), (3, 4)])
def test_a_cancellation_by_the_first_name_reaches_the_visit(
    services: Services, brand: UUID, which: tuple[int, ...]
) -> None:
    """In every order, also where some of the news never comes: nothing stands, nothing waits, and
    the customer is told once."""
    connect(services, brand, "calcom")
    orders = orders_of(len(which))

    for visit, order in enumerate(orders):
        told = moved_and_cancelled(services, visit)
        for nth in repeated(order):
            push_calcom(services, told[which[nth]])

    assert not standing(services)
    assert {status for status, _ in statuses(services).values()} == {"applied"}
    in_turn, *others = (comes_to(services, uids_of(visit)) for visit in range(len(orders)))
    assert others == [in_turn] * len(others)
    assert [line.split()[:2] for line in in_turn] == [["rule=cancelled", "channel=sms"]]
