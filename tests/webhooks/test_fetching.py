"""What a webhook only points to is fetched: from the vendor alone, apart, and once."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from notifier import fetching, translation
from notifier.domain.deliveries import DeliveryStatus
from notifier.domain.facts import FactType
from notifier.errors import Conflict, Invalid, NotFound
from notifier.fetching import GIVE_UP_AFTER, LEASE, fetch_due
from notifier.housekeeping import tidy
from notifier.scheduler import Worker
from notifier.services import Services
from notifier.source_health import read_sources
from notifier.sources.protocol import Question
from notifier.sources_admin import add_source, give_key, replay, rotate_secret
from notifier.store.engine import create_engine_for, reading
from notifier.store.tables import Delivery, FactRow, Job, Source
from notifier.translation import translate_received
from notifier.vendors import NoAnswer, Trouble
from notifier.waking import Waker
from notifier.webhooks_in import receive
from tests.fakes.clock import FakeClock
from tests.fakes.vendor_server import Asked, FakeVendor, Said
from tests.served import eventually
from tests.sources.easypost_events import Parcel as OnItsWay
from tests.sources.shipstation_events import (
    HOST,
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

KEY = "an-api-key:its-secret"
#: Addresses that are not the vendor's, though they may look like it.
OTHERS = [
    "https://evil.example/orders?importBatch=1",
    "https://ssapi.shipstation.com@evil.example/orders",
    "https://key:secret@ssapi.shipstation.com/orders",
    "https://ssapi.shipstation.com.evil.example/orders",
    "https://evil.example\\@ssapi.shipstation.com/orders",
    "https://ssapi.shipstation.com:8443/orders",
    "http://ssapi.shipstation.com/orders",
    "https://SSAPI.shipstation.com:443@evil.example/orders",
    "https://127.0.0.1/orders",
    "//ssapi.shipstation.com/orders",
    "https://ssapi.shipstation.com/orders#@evil.example/",
    "https://xn--ssapi.shipstation.com/orders",
]
ORDER_501 = "https://ssapi.shipstation.com/orders/501"


@pytest.fixture
def vendor() -> Iterator[FakeVendor]:
    """Every vendor there is, on this machine."""
    with FakeVendor() as made:
        yield made


@pytest.fixture
def asking(services: Services, brand: UUID, vendor: FakeVendor) -> Services:
    """Services with a ShipStation source that has a key, and the way to the fake vendor."""
    add_source(services, brand, "shipstation", "shipstation", SECRET, live=True)
    give_key(services, "shipstation", KEY)
    return replace(services, vendors=vendor.vendors())


def said(value: Any) -> Said:
    """Return `value` as a vendor answers it."""
    return Said(body=json.dumps(value).encode())


def point(services: Services, about: str = "ORDER_NOTIFY", url: str = ORDERS) -> UUID:
    """Let ShipStation point to something; return the delivery's id."""
    body = pointer(about, url)
    return receive(services, "shipstation", {}, body, query=f"token={SECRET}").delivery_id


def work(services: Services) -> None:
    """Translate and fetch until neither has anything to do now."""
    while translate_received(services) or fetch_due(services):
        pass


def facts(services: Services) -> list[tuple[str, str | None]]:
    """Return the type and parcel of every fact, in order of arrival."""
    with reading(services.sessions) as session:
        rows = session.query(FactRow).order_by(FactRow.job_id, FactRow.seq)
        return [(row.type, row.body.get("parcel")) for row in rows]


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


@pytest.mark.parametrize("url", OTHERS)
def test_no_other_address_is_asked(asking: Services, vendor: FakeVendor, url: str) -> None:
    """Whatever a body says: the key goes nowhere, and the delivery says why it failed."""
    pointed = point(asking, url=url)
    work(asking)

    assert vendor.asked == []
    assert delivery(asking, pointed).status == DeliveryStatus.FAILED
    assert url not in (delivery(asking, pointed).why or "")
    assert (delivery(asking, pointed).why or "").startswith(("It points", "resource_url: "))


@pytest.mark.parametrize("url", OTHERS)
def test_the_way_to_vendors_leads_nowhere_else_whoever_asks(vendor: FakeVendor, url: str) -> None:
    """An adapter that does not look what it asks for has lost nothing yet."""
    hosts = frozenset({"ssapi.shipstation.com"})
    said = vendor.vendors().ask(
        Question("any", url), hosts, {"Authorization": KEY}, now=FakeClock()
    )
    assert said == NoAnswer(Trouble.NEVER, "it points to an address that is not the vendor's")
    assert vendor.asked == []


def test_what_the_vendor_itself_is_asked_for_is_a_list_that_we_know(
    asking: Services, vendor: FakeVendor
) -> None:
    """Whoever learns the secret in the address can't have us read other things with the key."""
    for about, path in (("ORDER_NOTIFY", "/accounts/me"), ("SHIP_NOTIFY", "/orders")):
        failed = point(asking, about, f"{HOST}{path}")
        work(asking)
        assert delivery(asking, failed).status == DeliveryStatus.FAILED
    assert vendor.asked == []


def test_a_redirect_is_not_followed(asking: Services, vendor: FakeVendor) -> None:
    """Not even to the vendor's own host: the key would go along."""
    elsewhere = {"Location": "https://evil.example/orders"}
    vendor.answers[ORDERS] = Said(302, headers=elsewhere)
    pointed = point(asking)
    work(asking)

    assert vendor.urls == [ORDERS]
    assert delivery(asking, pointed).why == "The vendor refuses to say (302)."


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


def test_what_one_business_is_given_at_a_vendor_is_not_shown_for_the_next(
    asking: Services, vendor: FakeVendor
) -> None:
    """Cookies would tell the vendor that both are one."""
    vendor.answers[ORDERS] = Said(body=b'{"orders":[]}', headers={"Set-Cookie": "who=first"})
    for nth in range(2):
        point(asking, url=ORDERS + "&x" * nth)
        vendor.answers[ORDERS + "&x" * nth] = vendor.answers[ORDERS]
        work(asking)
    assert len(vendor.asked) == 2
    assert all("Cookie" not in one.headers for one in vendor.asked)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Said(body=b" " * 1_000_001), "The vendor's answer is longer than 1 MB."),
        (Said(400), "The vendor refuses to say (400)."),
    ],
)
def test_an_answer_that_never_will_do_fails_the_delivery(
    asking: Services, vendor: FakeVendor, answer: Said, why: str
) -> None:
    """With the reason, and it is not asked again."""
    vendor.answers[ORDERS] = answer
    pointed = point(asking)
    work(asking)
    assert (delivery(asking, pointed).status, delivery(asking, pointed).why) == (
        DeliveryStatus.FAILED,
        why,
    )
    assert len(vendor.asked) == 1


def test_an_answer_without_an_end_is_left(asking: Services, vendor: FakeVendor) -> None:
    """A byte at a time would hold the connection for ever."""
    vendor.answers[ORDERS] = Said(trickles=True)
    hurried = replace(asking, vendors=vendor.vendors(max_seconds=0.1))
    pointed = point(hurried)
    translate_all(hurried)

    fetch_due(hurried)

    row = delivery(hurried, pointed)
    assert (row.status, row.why) == (
        DeliveryStatus.FETCHING,
        "the vendor is too slow; it is asked again",
    )


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


@pytest.mark.parametrize(
    ("trouble", "first_pause"),
    [
        (Said(429, headers={"Retry-After": "90"}), timedelta(seconds=90)),
        (Said(429), timedelta(seconds=10)),
        (Said(500), timedelta(seconds=10)),
        (Said(503, headers={"Retry-After": "30"}), timedelta(seconds=30)),
    ],
)
def test_a_vendor_in_trouble_is_asked_again_after_longer_and_longer(
    asking: Services, vendor: FakeVendor, clock: FakeClock, trouble: Said, first_pause: timedelta
) -> None:
    """As it says, else after pauses that grow; then what it points to is applied after all."""
    vendor.answers[ORDERS] = trouble
    pointed = point(asking)
    work(asking)
    row = delivery(asking, pointed)
    assert row.status == DeliveryStatus.FETCHING
    assert row.fetch_at == clock() + first_pause
    assert read_sources(asking, row.brand_id)[1].waits == {row.why: 1}

    clock.advance(seconds=first_pause.total_seconds() - 1)
    work(asking)
    assert len(vendor.asked) == 1, "not yet"
    clock.advance(seconds=3600)
    work(asking)
    assert len(vendor.asked) == 2
    again = delivery(asking, pointed).fetch_at
    assert again is not None
    assert timedelta(minutes=59) < again - clock() <= timedelta(hours=1)

    vendor.answers[ORDERS] = said(page("orders", order(asking.now())))
    clock.advance(hours=1)
    work(asking)
    assert delivery(asking, pointed).status == DeliveryStatus.APPLIED


def test_after_a_day_of_trouble_it_is_given_up_and_can_be_fetched_anew(
    asking: Services, vendor: FakeVendor, clock: FakeClock
) -> None:
    """The reason stays; reading it again asks again, from the beginning."""
    vendor.answers[ORDERS] = Said(500)
    pointed = point(asking)
    work(asking)
    for _ in range(30):
        clock.advance(hours=1)
        work(asking)
    row = delivery(asking, pointed)
    assert (row.status, row.why) == (
        DeliveryStatus.FAILED,
        "The vendor is in trouble (500). It was tried for a day.",
    )
    assert timedelta(days=1) == GIVE_UP_AFTER
    asked = len(vendor.asked)

    vendor.answers[ORDERS] = said(page("orders", order(asking.now())))
    assert replay(asking, "shipstation", actor="cli") == 1
    work(asking)

    assert len(vendor.asked) == asked + 1
    assert delivery(asking, pointed).status == DeliveryStatus.APPLIED


def test_a_vendor_in_trouble_is_left_in_peace_by_all_deliveries(
    asking: Services, vendor: FakeVendor, clock: FakeClock
) -> None:
    """One finds out for all: forty would only be refused as well."""
    for nth in range(5):
        point(asking, url=f"{ORDERS}&n={nth}")
        vendor.answers[f"{ORDERS}&n={nth}"] = Said(429, headers={"Retry-After": "60"})
    work(asking)
    assert len(vendor.asked) == 1
    clock.advance(seconds=59)
    work(asking)
    assert len(vendor.asked) == 1

    for url in vendor.answers:
        vendor.answers[url] = said(page("orders"))
    clock.advance(seconds=1)
    work(asking)
    assert len(vendor.asked) == 6


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_fails_at_once_and_says_which_command_mends_it(
    asking: Services, vendor: FakeVendor, status: int
) -> None:
    """With a new one it is read after all."""
    vendor.answers[ORDERS] = Said(status)
    pointed = point(asking)
    work(asking)
    row = delivery(asking, pointed)
    assert (row.status, row.why) == (
        DeliveryStatus.FAILED,
        f"The vendor does not take the key ({status}). Give a new one:"
        " `flask --app app sources key shipstation`, then read it again.",
    )

    give_key(asking, "shipstation", "another:key")
    vendor.answers[ORDERS] = said(page("orders", order(asking.now())))
    replay(asking, "shipstation", actor="cli")
    work(asking)
    assert delivery(asking, pointed).status == DeliveryStatus.APPLIED


def test_what_is_gone_at_the_vendor_is_nothing_for_us(asking: Services, vendor: FakeVendor) -> None:
    """Of what is deleted there nobody waits for news."""
    pointed = point(asking)
    work(asking)
    row = delivery(asking, pointed)
    assert (row.status, row.why) == (DeliveryStatus.IGNORED, "gone at the vendor")
    assert len(vendor.asked) == 1


def test_without_a_key_it_fails_with_the_command_that_gives_one(
    services: Services, brand: UUID, vendor: FakeVendor
) -> None:
    """And says so wherever sources are looked at."""
    add_source(services, brand, "shipstation", "shipstation", SECRET, live=True)
    asking = replace(services, vendors=vendor.vendors())
    pointed = point(asking)
    work(asking)

    row = delivery(asking, pointed)
    assert row.status == DeliveryStatus.FAILED
    assert "`flask --app app sources key shipstation`" in (row.why or "")
    assert vendor.asked == []
    lacking = {source.name: source.lacks_key for source in read_sources(asking, brand)}
    assert lacking == {"easypost": False, "shipstation": True, "shop": False}


def test_a_key_must_be_one_and_for_a_source_that_asks(asking: Services) -> None:
    """The sentence says what it is and where to find it; a source without questions takes none."""
    for odd in ("", "only-one-half", ":", "a key:with\nlines"):
        with pytest.raises(Invalid, match="API Key, a colon, API Secret"):
            give_key(asking, "shipstation", odd)
    with pytest.raises(Conflict):
        give_key(asking, "easypost", KEY)
    with pytest.raises(NotFound):
        give_key(asking, "nobody", KEY)


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


def test_answers_are_sealed_and_go_with_the_body(
    asking: Services, vendor: FakeVendor, clock: FakeClock
) -> None:
    """They hold names and numbers. What is still to be fetched keeps its body."""
    vendor.answers[ORDERS] = said(page("orders", order(asking.now())))
    applied = point(asking)
    work(asking)
    kept = delivery(asking, applied).answers
    assert kept is not None
    assert b"Ada" not in kept
    vendor.answers[SHIPMENTS] = Said(500)
    fetched = point(asking, "SHIP_NOTIFY", SHIPMENTS)
    work(asking)

    clock.advance(days=31)
    tidy(asking)

    row = delivery(asking, applied)
    assert (row.body, row.headers, row.answers) == (None, None, None)
    assert delivery(asking, fetched).body is not None


def test_the_key_is_sealed_and_outlives_a_rotation(asking: Services) -> None:
    """It is not the secret; nor can it be read from the database."""
    with reading(asking.sessions) as session:
        source = session.query(Source).filter_by(name="shipstation").one()
    assert source.api_key is not None
    assert b"secret" not in source.api_key
    rotate_secret(asking, "shipstation")
    with reading(asking.sessions) as session:
        assert session.get_one(Source, source.id).api_key == source.api_key
