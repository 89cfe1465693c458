"""A tracking code that comes up again months later, for somebody else's parcel."""

from __future__ import annotations

import random
import threading
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from uuid import UUID

import pytest
from sqlalchemy import select

from notifier import intake
from notifier.booking import book, book_in
from notifier.domain.deliveries import DeliveryStatus
from notifier.domain.facts import FactSource, FactType
from notifier.domain.windows import Window
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Job
from notifier.webhooks.receiving import receive
from notifier.webhooks.set_up import rotate_secret
from tests.fakes.clock import FakeClock
from tests.sources import generic_events
from tests.sources.easypost_events import Parcel as OnItsWay
from tests.webhooks import amounts
from tests.webhooks.deliveries import (
    BY_API,
    CODE,
    HOUR,
    an_order,
    book_order,
    delivery,
    facts_of,
    job,
    push,
    push_ours,
    translate_all,
)
from tests.webhooks.signing import secret_of
from tests.webhooks.ways import Order, easypost

LONG_PAST = "the order with this tracking code is long past, and no new one is booked yet"


@pytest.fixture
def old(services: Services, brand: UUID, clock: FakeClock) -> UUID:
    """An order whose parcel was on its way five months ago; nobody ever scanned its delivery."""
    job_id = book_order(services, brand, CODE, reference="OLD")
    scanned(services, "in_transit")
    clock.advance(days=150)
    return job_id


def scanned(services: Services, status: str, *, days_ago: float = 0) -> UUID:
    """Let the carrier scan a parcel with the code; return the delivery's id once it was read."""
    at = services.now() - timedelta(days=days_ago)
    event = OnItsWay(code=CODE).scanned(status, at)
    delivery_id = push(services, {**event, "id": f"evt_{status}_{at.isoformat()}"})
    translate_all(services)
    return delivery_id


def pushed_order(services: Services, reference: str, *, days_ago: float) -> UUID:
    """Push an order with the code that was booked so many days ago; return its id."""
    body = generic_events.event(
        "order.booked",
        services.now() - timedelta(days=days_ago),
        reference=reference,
        items=["Kettle"],
        parcels=[{"carrier": "UPS", "tracking_code": CODE}],
        customer={"name": "Bo Lind", "phone": "+12065550101"},
    )
    push_ours(services, body, f"msg_{reference}")
    translate_all(services)
    with reading(services.sessions) as session:
        return session.scalars(select(Job.id).where(Job.reference == reference)).one()


def say(services: Services, brand: UUID, job_id: UUID, type_: FactType) -> None:
    """Let staff say this of the order."""
    new = intake.NewFact(
        type=type_, source=FactSource.STAFF, actor="staff:1", occurred_at=services.now()
    )
    intake.record(services, brand, job_id, new)


def said(services: Services, job_id: UUID) -> list[str]:
    """Return what carriers said of the order."""
    return [fact.type for fact in facts_of(services, job_id)]


@pytest.mark.parametrize("tidied", [False, True])
def test_somebody_elses_parcel_does_not_move_an_order_that_was_never_scanned_as_delivered(
    services: Services, brand: UUID, old: UUID, *, tidied: bool
) -> None:
    """It is the new order's, and waits for that; also where staff have closed the old one."""
    if tidied:
        say(services, brand, old, FactType.DELIVERED)
    ended = job(services, old).status
    early = [scanned(services, status) for status in ("out_for_delivery", "delivered")]
    for one in early:
        waiting = delivery(services, one)
        assert (waiting.status, waiting.why) == (DeliveryStatus.WAITING, LONG_PAST)

    new = book_order(services, brand, CODE, reference="NEW")
    translate_all(services)

    assert {delivery(services, one).status for one in early} == {DeliveryStatus.APPLIED}
    assert said(services, new) == ["out_for_delivery", "delivered"]
    assert said(services, old) == ["in_transit"]
    assert (job(services, old).status, job(services, new).status) == (ended, "delivered")


def test_the_new_order_hears_of_what_came_before_it_though_the_old_one_was_delivered(
    services: Services, brand: UUID, clock: FakeClock
) -> None:
    """A scan of the finished order would be on record, and seen by nobody."""
    old = book_order(services, brand, CODE, reference="OLD")
    scanned(services, "delivered")
    clock.advance(days=150)
    early = scanned(services, "out_for_delivery", days_ago=0.1)
    assert delivery(services, early).status == DeliveryStatus.WAITING

    new = book_order(services, brand, CODE, reference="NEW")
    translate_all(services)

    assert (said(services, old), said(services, new)) == (["delivered"], ["out_for_delivery"])
    assert job(services, new).status == "out_for_delivery"


def test_history_counts_from_when_it_was_booked(services: Services, brand: UUID) -> None:
    """An order of last summer is pushed today; today's scan of its code is somebody else's."""
    old = pushed_order(services, "HISTORY", days_ago=100)
    early = scanned(services, "delivered")
    assert (delivery(services, early).status, said(services, old)) == (DeliveryStatus.WAITING, [])

    new = book_order(services, brand, CODE, reference="NEW")
    translate_all(services)

    assert (said(services, old), said(services, new)) == ([], ["delivered"])
    assert (job(services, old).status, job(services, new).status) == ("ordered", "delivered")


def test_history_whose_scans_come_with_it_is_followed_to_its_end(
    services: Services, brand: UUID
) -> None:
    """Its own scans are of then, and a scan of then is never the new order's."""
    old = pushed_order(services, "HISTORY", days_ago=100)
    new = book_order(services, brand, CODE, reference="NEW")
    scanned(services, "in_transit", days_ago=98)
    scanned(services, "delivered", days_ago=95)
    scanned(services, "out_for_delivery")

    assert said(services, old) == ["in_transit", "delivered"]
    assert said(services, new) == ["out_for_delivery"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_slow_parcel_is_followed_in_any_order(
    services: Services, brand: UUID, clock: FakeClock, order: tuple[int, ...]
) -> None:
    """It went by sea: a scan that comes before the one which bridges the silence waits for it."""
    job_id = book_order(services, brand, CODE)
    clock.advance(days=150)
    scans = [("in_transit", 100.0), ("in_transit", 50.0), ("delivered", 1.0)]
    for one in order:
        status, days_ago = scans[one]
        scanned(services, status, days_ago=days_ago)
    translate_all(services)

    assert job(services, job_id).status == "delivered"
    assert sorted(said(services, job_id)) == ["delivered", "in_transit", "in_transit"]


def test_staff_who_know_better_let_the_scans_count(
    services: Services, brand: UUID, old: UUID
) -> None:
    """It is the old order's parcel after all: once they say that it is on its way, it follows."""
    late = scanned(services, "out_for_delivery")
    say(services, brand, old, FactType.SPOKEN_TO)
    translate_all(services)
    assert delivery(services, late).status == DeliveryStatus.WAITING

    say(services, brand, old, FactType.IN_TRANSIT)
    translate_all(services)

    assert delivery(services, late).status == DeliveryStatus.APPLIED
    assert job(services, old).status == "out_for_delivery"
    scanned(services, "delivered")
    assert job(services, old).status == "delivered"


def test_an_order_that_is_promised_for_months_ahead_is_still_meant(
    services: Services, brand: UUID, clock: FakeClock
) -> None:
    """Nothing is heard of it until it is sent, and nobody expects to."""
    day = services.now() + timedelta(days=120)
    ordered = replace(an_order(services, CODE), window=Window(day, day + 8 * HOUR))
    job_id = book(services, brand, ordered, **BY_API).job_id
    clock.advance(days=119)
    scanned(services, "out_for_delivery")
    assert job(services, job_id).status == "out_for_delivery"


@pytest.mark.parametrize("booked", [True, False], ids=["booked anew", "heard of"])
def test_a_scan_that_is_read_while_its_order_comes_does_not_wait_for_ever(
    services: Services, brand: UUID, old: UUID, *, booked: bool
) -> None:
    """What waits for it was looked for, and it is not committed; just then one is read."""
    delivery_id = push(services, OnItsWay(code=CODE).scanned("delivered", services.now()))
    reader = threading.Thread(target=translate_all, args=(services,))
    with services.sessions.begin() as session:
        if booked:
            book_in(session, services, brand, an_order(services, CODE), **BY_API)
        else:
            shipped = intake.NewFact(type=FactType.SHIPPED, occurred_at=services.now(), **BY_API)
            intake.record_in(session, services, brand, old, shipped)
        reader.start()
        reader.join(timeout=0.5)  # it looks for the order meanwhile, and must not give up
    reader.join()

    translate_all(services)

    assert delivery(services, delivery_id).status == DeliveryStatus.APPLIED


def test_the_way_of_the_new_parcel_ends_alike_in_any_order(
    services: Services, brand: UUID, clock: FakeClock
) -> None:
    """Shuffled with repeats, its order booked somewhere between: the old order hears nothing."""
    chance = random.Random(amounts.SEED)
    rotate_secret(services, "easypost", secret_of("easypost"))  # with which the ways are signed
    ways = [Order(number) for number in range(1, 2 + amounts.ORDERS // 12)]
    former = [book_order(services, brand, one.code, reference=f"OLD{one.number}") for one in ways]
    clock.advance(days=150)
    ended = []
    for nth, one in enumerate(ways):
        news = list(easypost(one, services.now()))
        turns: list[int | None] = [*range(len(news))]
        if nth:
            turns = [turn for turn in turns for _ in range(chance.randint(1, 3))]
            chance.shuffle(turns)
        turns.insert(chance.randint(0, len(turns)), None)
        for turn in turns:
            if turn is None:
                new = book_order(services, brand, one.code, reference=one.reference)
            else:
                receive(services, "easypost", news[turn].headers, news[turn].body)
            if chance.random() < 0.3:
                translate_all(services)
        translate_all(services)
        found = {(fact.occurred_at, fact.type) for fact in facts_of(services, new)}
        row = job(services, new)
        ended.append((row.status, row.expected, row.reason, sorted(found)))

    assert ended == ended[:1] * len(ways)
    assert ended[0][0] == "delivered"
    assert not any(facts_of(services, one) for one in former)
