"""What a webhook only points to is fetched: apart, in turns, and once."""

from __future__ import annotations

import base64
from dataclasses import replace
from itertools import permutations
from uuid import UUID

import pytest

from notifier.domain.deliveries import DeliveryStatus
from notifier.domain.facts import FactType
from notifier.scheduler import Worker
from notifier.services import Services
from notifier.store.engine import create_engine_for, reading
from notifier.store.tables import Delivery, Job
from notifier.waking import Waker
from notifier.webhooks import fetching, translation
from notifier.webhooks.fetching import LEASE, fetch_due
from notifier.webhooks.receiving import receive
from notifier.webhooks.set_up import add_source, give_key
from notifier.webhooks.translation import translate_received
from tests.fakes.clock import FakeClock
from tests.fakes.vendor_server import Asked, FakeVendor, Said
from tests.served import eventually
from tests.sources.easypost_events import Parcel as OnItsWay
from tests.sources.shipstation_events import (
    ORDERS,
    SECRET,
    SHIPMENTS,
    order,
    page,
    pointer,
    shipment,
)
from tests.webhooks.deliveries import (
    CODE,
    HOUR,
    book_order,
    count,
    delivery,
    job,
    push,
    translate_all,
)
from tests.webhooks.fetching import KEY, ORDER_501, facts, point, said, work


def test_what_is_pointed_to_is_fetched_with_the_key_and_becomes_facts(
    asking: Services, vendor: FakeVendor
) -> None:
    """A list first, then the order that it names; until then the delivery is being fetched."""
    vendor.answers[SHIPMENTS] = said(page("shipments", shipment(asking.now())))
    vendor.answers[ORDER_501] = said(order(asking.now() - HOUR))

    pointed = point(asking, "SHIP_NOTIFY", SHIPMENTS)
    translate_all(asking)
    row = delivery(asking, pointed)
    assert (row.status, row.why) == (DeliveryStatus.FETCHING, "to be fetched from the vendor")
    assert vendor.asked == [], "nobody is asked while others wait"
    work(asking)

    assert vendor.urls == [SHIPMENTS, ORDER_501]
    basic = base64.b64encode(KEY.encode()).decode()
    assert {one.headers["Authorization"] for one in vendor.asked} == {f"Basic {basic}"}
    assert delivery(asking, pointed).status == DeliveryStatus.APPLIED
    with reading(asking.sessions) as session:
        booked = session.query(Job).one()
        assert (booked.reference, booked.status) == ("1001", "shipped")


def test_the_webhooks_may_come_in_any_order_and_more_than_once(
    asking: Services, vendor: FakeVendor
) -> None:
    """An order, and what was sent of it: the same order and parcel in the end, said once."""
    outcomes = []
    for nth, turns in enumerate(permutations(range(2))):
        number, id_, made = f"10{nth}", 600 + nth, asking.now() - HOUR
        orders, sent = f"{ORDERS}{nth}", f"{SHIPMENTS}&n={nth}"
        vendor.answers[orders] = said(page("orders", order(made, number, id_)))
        parcel = shipment(asking.now(), f"CODE{nth}", orderId=id_, orderNumber=number)
        vendor.answers[sent] = said(page("shipments", parcel))
        vendor.answers[f"https://ssapi.shipstation.com/orders/{id_}"] = said(
            order(made, number, id_)
        )
        pointers = [("ORDER_NOTIFY", orders), ("SHIP_NOTIFY", sent)]
        for turn in (*turns, *turns):
            point(asking, *pointers[turn])
            work(asking)
        outcomes.append(sorted(kind for kind, _ in facts(asking)))
        with reading(asking.sessions) as session:
            assert session.query(Job).filter_by(reference=number).one().status == "shipped"

    assert outcomes[0] == [FactType.BOOKED, FactType.SHIPPED]
    assert outcomes[1] == sorted(2 * outcomes[0])
    assert count(asking, Delivery) == 4


def test_one_vendors_long_list_does_not_keep_anothers_waiting(
    asking: Services, brand: UUID, vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has a turn of a few seconds, also where one has a thousand that are older."""
    monkeypatch.setattr(fetching, "TURN_SECONDS", 0.0)
    monkeypatch.setattr(fetching, "AT_A_TIME", 2)
    add_source(asking, brand, "outlet", "shipstation", SECRET, live=True)
    give_key(asking, "outlet", KEY)
    for nth in range(5):
        vendor.answers[f"{ORDERS}&n={nth}"] = said(page("orders"))
        point(asking, url=f"{ORDERS}&n={nth}")
    vendor.answers[SHIPMENTS] = said(page("shipments"))
    body = pointer("SHIP_NOTIFY", SHIPMENTS)
    receive(asking, "outlet", {}, body, query=f"token={SECRET}")
    translate_all(asking)

    assert fetch_due(asking) == 2

    assert vendor.urls == [f"{ORDERS}&n=0", SHIPMENTS]


def test_a_turn_ends_between_two_questions_and_what_came_is_kept(
    asking: Services, vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A vendor that takes its time for each of ten answers has not ten times as long."""
    monkeypatch.setattr(fetching, "TURN_SECONDS", 0.0)
    made = asking.now()
    parcels = [shipment(made, f"C{n}", orderId=n, orderNumber=f"N{n}") for n in range(3)]
    vendor.answers[SHIPMENTS] = said(page("shipments", *parcels))
    for n in range(3):
        url = f"https://ssapi.shipstation.com/orders/{n}"
        vendor.answers[url] = said(order(made, f"N{n}", n))
    pointed = point(asking, "SHIP_NOTIFY", SHIPMENTS)
    for asked in range(1, 5):
        translate_all(asking)
        fetch_due(asking)
        assert len(vendor.asked) == asked
    translate_all(asking)

    assert delivery(asking, pointed).status == DeliveryStatus.APPLIED


def test_while_a_vendor_is_slow_others_news_is_translated(
    asking: Services, brand: UUID, vendor: FakeVendor
) -> None:
    """Fetching holds no transaction, and is no part of the round that translates and sends."""
    order_id = book_order(asking, brand, CODE)
    seen: list[str] = []

    def slow(_: Asked) -> Said:
        push(asking, OnItsWay(code=CODE).scanned("out_for_delivery", asking.now()))
        translate_received(asking)
        seen.append(job(asking, order_id).status)
        return said(page("orders"))

    vendor.answers[ORDERS] = slow
    point(asking)
    work(asking)

    assert seen == ["out_for_delivery"]


def test_a_worker_that_dies_between_asking_and_keeping_loses_nothing(
    asking: Services, vendor: FakeVendor, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a while the delivery is nobody else's; then it is asked for again, and applied once."""
    vendor.answers[ORDERS] = said(page("orders", order(asking.now())))
    pointed = point(asking)
    translate_all(asking)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(fetching, "_settle", die)
        with pytest.raises(KeyboardInterrupt):
            fetch_due(asking)
    assert delivery(asking, pointed).status == DeliveryStatus.FETCHING
    assert fetch_due(asking) == 0, "another worker leaves it alone"

    clock.advance(seconds=LEASE.total_seconds())
    work(asking)

    assert len(vendor.asked) == 2
    assert facts(asking) == [(FactType.BOOKED, None)]


def test_the_worker_asks_by_itself(asking: Services, vendor: FakeVendor, database_url: str) -> None:
    """In a job of its own, at each tick."""
    vendor.answers[ORDERS] = said(page("orders", order(asking.now())))
    engine = create_engine_for(database_url)
    waker = Waker(engine)
    worker = Worker(replace(asking, wake=waker), waker, tick_seconds=0.05)
    pointed = point(asking)
    worker.start()
    try:
        eventually(lambda: delivery(asking, pointed).status == DeliveryStatus.APPLIED)
    finally:
        worker.stop()
        engine.dispose()


def test_what_was_answered_is_kept_and_not_asked_twice(
    asking: Services, vendor: FakeVendor, clock: FakeClock
) -> None:
    """The list is there; only the order that it names has to be asked for again."""
    vendor.answers[SHIPMENTS] = said(page("shipments", shipment(asking.now())))
    vendor.answers[ORDER_501] = Said(500)
    pointed = point(asking, "SHIP_NOTIFY", SHIPMENTS)
    work(asking)
    assert vendor.urls == [SHIPMENTS, ORDER_501]

    vendor.answers[ORDER_501] = said(order(asking.now()))
    clock.advance(minutes=1)
    work(asking)

    assert vendor.urls == [SHIPMENTS, ORDER_501, ORDER_501]
    assert delivery(asking, pointed).status == DeliveryStatus.APPLIED


def test_two_workers_that_asked_for_the_same_record_it_once(
    asking: Services, vendor: FakeVendor, clock: FakeClock
) -> None:
    """The first was so slow that its turn ran out; its answer changes nothing any more."""
    answer = said(page("orders", order(asking.now())))

    def slow(_: Asked) -> Said:
        vendor.answers[ORDERS] = answer
        clock.advance(seconds=LEASE.total_seconds())
        work(asking)
        return answer

    vendor.answers[ORDERS] = slow
    point(asking)
    work(asking)

    assert len(vendor.asked) == 2
    assert facts(asking) == [(FactType.BOOKED, None)]


def test_a_page_that_is_too_long_for_one_turn_is_asked_for_in_several(
    asking: Services, vendor: FakeVendor
) -> None:
    """Thirty parcels of thirty orders: what came is kept now and then."""
    made = asking.now() - HOUR
    parcels = []
    for nth in range(30):
        parcels.append(shipment(made, f"CODE{nth}", orderId=nth + 1, orderNumber=f"N{nth}"))
        url = f"https://ssapi.shipstation.com/orders/{nth + 1}"
        vendor.answers[url] = said(order(made, f"N{nth}", nth + 1))
    vendor.answers[SHIPMENTS] = said(page("shipments", *parcels))
    pointed = point(asking, "SHIP_NOTIFY", SHIPMENTS)
    work(asking)

    assert len(vendor.asked) == 31
    assert delivery(asking, pointed).status == DeliveryStatus.APPLIED
    assert count(asking, Job) == 30


def test_a_long_list_is_recorded_in_steps_each_order_once(
    asking: Services, vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for five hundred bookings to be written; what one step did stays done."""
    monkeypatch.setattr(translation, "MAX_EVENTS_AT_ONCE", 10)
    made = asking.now() - HOUR
    orders = [order(made, f"N{nth}", nth) for nth in range(25)]
    vendor.answers[ORDERS] = said(page("orders", *orders))
    pointed = point(asking)
    translate_all(asking)
    fetch_due(asking)

    booked = []
    while translate_received(asking):
        booked.append((count(asking, Job), delivery(asking, pointed).status))

    assert booked == [
        (10, DeliveryStatus.RECEIVED),
        (20, DeliveryStatus.RECEIVED),
        (25, DeliveryStatus.APPLIED),
    ]
    with asking.sessions.begin() as session:
        session.get_one(Delivery, pointed).status = DeliveryStatus.RECEIVED
    translate_all(asking)
    assert len(facts(asking)) == 25
