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
