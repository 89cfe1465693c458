"""A Cal.com visit that is to be moved: by the customer, or by a host who asks them to choose."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from notifier.services import Services
from tests.sources.calcom_events import event, uids_of
from tests.webhooks.booking_pages import (
    Event,
    calcom_visit,
    comes_to,
    connect,
    ever_owed,
    hour_from,
    orders_of,
    push_calcom,
    repeated,
    standing,
)
from tests.webhooks.deliveries import HOUR


def confirmed_move(services: Services, nth: int) -> list[Event]:
    """Return a booking, the request to move it, and the host's yes, which names that alone."""
    booked = calcom_visit(services, nth)
    _, request, _ = uids_of(nth)
    asked = replace(booked, start=booked.start + HOUR, uid=request)
    confirmed = replace(asked, calendar_id=None)
    return [
        booked.created(services.now() - 3 * HOUR),
        event("BOOKING_REQUESTED", services.now() - 2 * HOUR, asked.payload()),
        confirmed.created(services.now() - HOUR),
    ]


def asked_to_choose(services: Services, nth: int) -> list[Event]:
    """Return a booking, that its host asks for another time, and the time that was chosen."""
    now, visit, (_, moved, _) = services.now(), calcom_visit(services, nth), uids_of(nth)
    return [
        visit.created(now - 3 * HOUR),
        visit.cancelled(now - 2 * HOUR, requestReschedule=True),
        visit.moved(now - HOUR, to=visit.start + HOUR, uid=moved),
    ]


@pytest.mark.parametrize("way", [confirmed_move, asked_to_choose])
@pytest.mark.parametrize("which", [(0, 1, 2), (1, 2)])
def test_the_time_that_was_settled_on_holds_in_every_order(
    services: Services, brand: UUID, way: Any, which: tuple[int, ...]
) -> None:
    """Nobody is told that there is no time, also where the booking itself never comes."""
    connect(services, brand, "calcom")
    orders = orders_of(len(which))

    for visit, order in enumerate(orders):
        told = way(services, visit)
        for nth in repeated(order):
            push_calcom(services, told[which[nth]])

    start = calcom_visit(services, 0).start
    assert [job.expected for job in standing(services)] == [hour_from(start + HOUR)] * len(orders)
    in_turn, *others = (comes_to(services, uids_of(visit)) for visit in range(len(orders)))
    assert others == [in_turn] * len(others)
    assert ever_owed(services, "cancelled") == 0


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (0, 2, 1, 4, 3), (2, 0, 1, 4, 3)])
def test_what_names_a_visit_that_goes_on_as_another_is_of_that_one(
    services: Services, brand: UUID, order: tuple[int, ...]
) -> None:
    """The cancellation names the first uid, and its own before that is known: it was moved."""
    connect(services, brand, "calcom")
    booked, asked, confirmed = confirmed_move(services, 0)
    first, second, third = uids_of(0)
    visit = replace(calcom_visit(services, 0), uid=second, calendar_id=None)
    moved = visit.moved(services.now() - HOUR / 2, to=visit.start + HOUR, uid=third)
    visit.calendar_id = f"{first}@Cal.com"
    told = [booked, asked, confirmed, moved, visit.cancelled(services.now())]

    for nth in order:
        push_calcom(services, told[nth])

    assert not standing(services)
    (cancelled,) = comes_to(services, uids_of(0))
    assert cancelled.startswith("rule=cancelled channel=sms")
