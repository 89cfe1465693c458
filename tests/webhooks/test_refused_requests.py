"""Requests of Cal.com that the host refused: of what was never booked, and of a move."""

from dataclasses import replace
from uuid import UUID

from notifier.domain.deliveries import DeliveryStatus
from notifier.services import Services
from notifier.webhooks.unread import put_aside
from tests.sources.calcom_events import event, uids_of
from tests.webhooks.booking_pages import (
    Event,
    calcom_visit,
    comes_to,
    connect,
    jobs,
    orders_of,
    owed,
    push_calcom,
    repeated,
    statuses,
)
from tests.webhooks.deliveries import HOUR

ASKED = (DeliveryStatus.IGNORED, "BOOKING_REQUESTED is no booking until the host confirms it")
REFUSED = (DeliveryStatus.IGNORED, "BOOKING_REJECTED is of a request, which was never booked")


def test_a_refusal_of_what_was_never_booked_is_nothing_to_wait_for(
    services: Services, brand: UUID
) -> None:
    """Before its request or after it, nothing is booked, and nobody has to look into it."""
    connect(services, brand, "calcom")

    for visit, order in enumerate(orders_of(2)):
        asked = replace(calcom_visit(services, visit), calendar_id=None)
        told = [
            event("BOOKING_REQUESTED", services.now() - HOUR, asked.payload()),
            event("BOOKING_REJECTED", services.now(), asked.payload()),
        ]
        for nth in repeated(order):
            push_calcom(services, told[nth])

    assert jobs(services) == []
    assert sorted(statuses(services).values()) == [REFUSED, REFUSED, ASKED, ASKED]


def refused_move(services: Services, nth: int) -> list[Event]:
    """Return a booking, the request to move it, and its refusal, which names the request alone."""
    booked = calcom_visit(services, nth)
    _, request, _ = uids_of(nth)
    asked = replace(booked, start=booked.start + HOUR, uid=request)
    refused = replace(asked, calendar_id=None)
    return [
        booked.created(services.now() - 2 * HOUR),
        event("BOOKING_REQUESTED", services.now() - HOUR, asked.payload()),
        event("BOOKING_REJECTED", services.now(), refused.payload()),
    ]


def test_a_refusal_to_move_counts_once_it_is_known_of_what(services: Services, brand: UUID) -> None:
    """Cal.com gave up the old time with the request, so the visit is off, in every order."""
    connect(services, brand, "calcom")

    for visit, order in enumerate(orders_of(3)):
        told = refused_move(services, visit)
        for nth in repeated(order):
            push_calcom(services, told[nth])

    assert {job.status for job in jobs(services)} == {"cancelled"}
    assert {status for status, _ in statuses(services).values()} == {DeliveryStatus.APPLIED}
    in_turn, *others = (comes_to(services, uids_of(visit)) for visit in range(6))
    assert others == [in_turn] * 5
    assert ("cancelled", "sms") in owed(services)


def test_what_staff_put_aside_is_not_read_again_by_itself(services: Services, brand: UUID) -> None:
    """The request waits for its booking; put aside, it moves nothing when that comes."""
    connect(services, brand, "calcom")
    booked, asked, refused = refused_move(services, 0)
    push_calcom(services, refused)
    asked_id = push_calcom(services, asked)
    assert put_aside(services, "calcom", actor="cli", only=asked_id) == 1

    push_calcom(services, booked)

    (job,) = jobs(services)
    assert job.status == "scheduled"
    assert statuses(services)[asked_id] == (DeliveryStatus.IGNORED, "put aside by staff")
