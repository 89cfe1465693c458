"""A time that the host of a Cal.com booking chose: the customer hears it, in whatever order."""

from datetime import timedelta
from uuid import UUID

import pytest

from notifier.services import Services
from tests.sources.calcom_events import HOST, uids_of
from tests.webhooks.booking_pages import (
    Event,
    calcom_visit,
    comes_to,
    connect,
    hour_from,
    jobs,
    orders_of,
    owed,
    push_calcom,
    repeated,
    standing,
)
from tests.webhooks.deliveries import HOUR

ADA = "the customer"


def booked_and_moved(
    services: Services, nth: int, *, by: tuple[str, ...], names_first: bool = True
) -> list[Event]:
    """Return a booking of its own for each `nth`, and its moves, each by an hour.

    Where they don't name the first uid, each leads back to the one before.
    """
    now, visit, (_, *later) = services.now(), calcom_visit(services, nth), uids_of(nth)
    start = visit.start
    visit.calendar_id = visit.calendar_id if names_first else None
    told = [visit.created(now - 3 * HOUR)]
    for hours, (who, uid) in enumerate(zip(by, later, strict=False), 1):
        moved = visit.moved(now - (3 - hours) * HOUR, to=start + hours * HOUR, uid=uid)
        moved["payload"]["rescheduledBy"] = visit.email if who == ADA else who
        told.append(moved)
    return told


@pytest.mark.parametrize("order", orders_of(2))
def test_a_move_by_the_host_is_told_also_if_its_booking_comes_later(
    services: Services, brand: UUID, order: tuple[int, ...]
) -> None:
    """The customer had the first time, and took no other."""
    connect(services, brand, "calcom")
    start = services.now() + timedelta(days=2)
    told = booked_and_moved(services, 0, by=(HOST,))

    for nth in order:
        push_calcom(services, told[nth])

    (job,) = jobs(services)
    assert (job.promised, job.agreed) == (hour_from(start), hour_from(start))
    assert job.expected == hour_from(start + HOUR)
    assert ("moved", "sms") in owed(services)


@pytest.mark.parametrize(
    ("by", "agreed_h", "names_first"),
    [
        ((ADA, ADA), 2, True),
        ((ADA, HOST), 1, True),
        ((HOST, ADA), 2, True),
        ((HOST, HOST), 0, True),
        ((ADA, HOST), 1, False),
        ((HOST, HOST), 0, False),
    ],
)
def test_whose_each_move_was_comes_to_the_same_in_every_order(
    services: Services, brand: UUID, by: tuple[str, str], agreed_h: int, names_first: bool
) -> None:
    """Six visits, each told of in another order: all stand alike, and are owed the same."""
    connect(services, brand, "calcom")
    start = services.now() + timedelta(days=2)

    for visit, order in enumerate(orders_of(3)):
        told = booked_and_moved(services, visit, by=by, names_first=names_first)
        for nth in repeated(order):
            push_calcom(services, told[nth])

    assert len(standing(services)) == 6
    for job in standing(services):
        assert job.promised == hour_from(start)
        assert job.agreed == hour_from(start + agreed_h * HOUR)
        assert job.expected == hour_from(start + 2 * HOUR)
    in_turn, *others = (comes_to(services, uids_of(visit)) for visit in range(6))
    assert others == [in_turn] * 5
    assert any("rule=moved " in line for line in in_turn) is (by[1] == HOST)
