"""A tracking number that a shop corrects: the order waits for the parcel of the new one alone."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from functools import partial
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from notifier.board_reading.job import read_job
from notifier.delivery import deliver_due
from notifier.domain.deliveries import DeliveryStatus
from notifier.domain.facts import FactType
from notifier.domain.jobs import JobStatus
from notifier.domain.messages import Channel
from notifier.parcels import keep_shipment
from notifier.planner import look_again
from notifier.services import Services
from notifier.sources.protocol import Shipment
from notifier.store.deliveries import lock_jobs
from notifier.store.engine import reading
from notifier.store.tables import Delivery, Job, Message, Parcel, Source
from notifier.webhooks.receiving import receive
from notifier.webhooks.set_up import add_source
from notifier.webhooks.unread import read_unread
from tests.fakes.clock import FakeClock
from tests.services import RecordingEmail, RecordingSms
from tests.sources import shopify_events, woocommerce_events
from tests.webhooks.deliveries import HOUR, book_order, delivery, translate_all
from tests.webhooks.shopify_orders import SECRET, Said, Shop, orders, tell


@pytest.fixture(autouse=True)
def _sources(services: Services, brand: UUID) -> None:
    add_source(services, brand, "shopify", "shopify", SECRET, live=True)
    add_source(services, brand, "woocommerce", "woocommerce", SECRET, live=True)


def test_the_order_waits_for_the_parcel_of_the_new_number_in_any_order(services: Services) -> None:
    """Scans of somebody else's parcel count for nothing, though they came before or come late."""
    names = []
    for nth, order in enumerate(permutations(range(5))):
        names.append(f"#{1000 + nth}")
        shop = Shop(services, names[-1])
        said: list[Said] = [
            shop.ordered,
            partial(shop.sent, 1, "A"),
            partial(shop.scanned, 2, "A", "delivered"),
            partial(shop.sent, 3, "B"),
            partial(shop.scanned, 4, "B", "in_transit"),
        ]
        tell(services, [said[one] for one in (*order, order[0])])

    assert orders(services) == dict.fromkeys(
        names, (JobStatus.IN_TRANSIT, {"B": JobStatus.IN_TRANSIT})
    )
    with reading(services.sessions) as session:
        failed = session.scalars(
            select(Delivery.why).where(Delivery.status == DeliveryStatus.FAILED)
        ).all()
    assert not failed


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_number_that_was_right_after_all_is_the_parcels_again(
    services: Services, order: tuple[int, ...]
) -> None:
    """What its carrier said of it meanwhile counts."""
    shop = Shop(services)
    said: list[Said] = [
        lambda: shop.sent(1, "A", "out_for_delivery"),
        lambda: shop.sent(2, "B"),
        lambda: shop.scanned(3, "A", "delivered"),
        lambda: shop.sent(4, "A"),
    ]
    tell(services, [shop.ordered, *(said[one] for one in order)])

    assert orders(services) == {"#1001": (JobStatus.DELIVERED, {"A": JobStatus.DELIVERED})}


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_parcels_that_are_still_named_stay(services: Services, order: tuple[int, ...]) -> None:
    """Of two in one fulfillment one was corrected; another fulfillment has its own."""
    shop = Shop(services)
    said: list[Said] = [
        lambda: shop.sent(1, "AB"),
        lambda: shop.sent(2, "C", fulfillment=2),
        lambda: shop.sent(3, "BD"),
    ]
    tell(services, [shop.ordered, *(said[one] for one in order)])

    assert orders(services)["#1001"] == (
        JobStatus.SHIPPED,
        dict.fromkeys("BCD", JobStatus.SHIPPED),
    )


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_number_that_went_to_the_other_fulfillment_is_a_parcel_still(
    services: Services, order: tuple[int, ...]
) -> None:
    """They were swapped; where two words are of one second, what both name stays."""
    shop = Shop(services)
    said: list[Said] = [
        lambda: shop.sent(1, "A"),
        lambda: shop.sent(2, "B"),
        lambda: shop.sent(2, "A", fulfillment=2),
    ]
    tell(services, [shop.ordered, *(said[one] for one in order)])
    assert set(orders(services)["#1001"][1]) == set("AB")

    shop.sent(2, "C")
    translate_all(services)
    assert set(orders(services)["#1001"][1]) == set("ABC")


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_a_number_that_was_taken_away_leaves_the_whole_order_to_its_fulfillment(
    services: Services, order: tuple[int, ...]
) -> None:
    """It was sent all the same, and is delivered when the shop says so."""
    shop = Shop(services)
    said: list[Said] = [lambda: shop.sent(1, "A"), lambda: shop.sent(2, "")]
    tell(services, [shop.ordered, *(said[one] for one in order)])
    assert orders(services)["#1001"] == (JobStatus.SHIPPED, {})

    tell(services, [lambda: shop.sent(3, "", "delivered")])
    assert orders(services)["#1001"] == (JobStatus.DELIVERED, {})


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_number_that_was_taken_away_and_not_replaced_is_nobodys_parcel(
    services: Services, order: tuple[int, ...]
) -> None:
    """Also where the fulfillment names no address, so that nothing more was sent by it."""
    shop = Shop(services)
    said: list[Said] = [
        lambda: shop.sent(1, "A"),
        lambda: shop.sent(2, "", destination=None),
        lambda: shop.scanned(3, "A", "delivered"),
    ]
    tell(services, [shop.ordered, *(said[one] for one in order)])

    assert orders(services)["#1001"] == (JobStatus.SHIPPED, {})


def test_a_fulfillment_without_a_number_is_nothing_where_none_was_taken_away(
    services: Services,
) -> None:
    """What is picked up is not shipped, whether or not its order is known by then."""
    shop = Shop(services)
    early = shop.sent(1, "", destination=None)
    translate_all(services)
    assert delivery(services, early).status == DeliveryStatus.IGNORED

    tell(services, [shop.ordered, lambda: shop.sent(2, "", destination=None)])
    assert orders(services)["#1001"] == (JobStatus.ORDERED, {})


def test_the_board_shows_what_was_said_of_the_wrong_parcel_as_taken_back(
    services: Services, brand: UUID
) -> None:
    """That the order was sent is true; where somebody else's parcel was, counts no more."""
    shop = Shop(services)
    tell(
        services,
        [
            shop.ordered,
            lambda: shop.sent(1, "A"),
            lambda: shop.scanned(2, "A", "delivered"),
            lambda: shop.sent(3, "B"),
        ],
    )
    with reading(services.sessions) as session:
        job_id = session.scalars(select(Job.id)).one()
    lines = read_job(services, brand, job_id, with_phone=False).facts

    assert {(line.fact.type, line.withdrawn) for line in lines} == {
        (FactType.BOOKED, False),
        (FactType.SHIPPED, False),
        (FactType.DELIVERED, True),
    }
    assert {line.parcel for line in lines if line.fact.type is FactType.SHIPPED} == {
        "A1001",
        "B1001",
    }
    (delivered,) = (line for line in lines if line.fact.type is FactType.DELIVERED)
    assert not delivered.can_take_back


def test_a_parcel_that_the_order_was_booked_with_is_no_shops_to_take(
    services: Services, brand: UUID
) -> None:
    """What another system booked stays; the shop corrects what it named itself."""
    shop = Shop(services)
    book_order(services, brand, shop.code("X"), reference="#1001")
    tell(services, [lambda: shop.sent(1, "A"), lambda: shop.sent(2, "B")])

    assert set(orders(services)["#1001"][1]) == set("XB")


def test_whoever_heard_of_the_wrong_parcel_hears_that_it_was_a_mistake(
    services: Services, clock: FakeClock
) -> None:
    """What its carrier said before counts no more; what comes after the correction waits."""
    sms, email = RecordingSms(now=services.now), RecordingEmail(now=services.now)
    sending = replace(services, sms={sms.name: sms}, email={email.name: email})
    shop = Shop(sending, made=sending.now())
    clock.advance(hours=4)
    tell(sending, [shop.ordered, lambda: shop.sent(1, "A")])
    tell(sending, [lambda: shop.scanned(2, "A", "failure")])
    _send(sending)
    assert _rules_told(sending) == ["order_exception"]

    shop.sent(3, "B")
    translate_all(sending)
    _send(sending)
    assert _rules_told(sending) == ["order_exception", "order_please_ignore"]
    assert orders(sending)["#1001"] == (JobStatus.SHIPPED, {"B": JobStatus.SHIPPED})

    late = shop.scanned(4, "A", "delivered")
    translate_all(sending)
    _send(sending)
    assert delivery(sending, late).status == DeliveryStatus.WAITING
    assert _rules_told(sending) == ["order_exception", "order_please_ignore"]


def test_a_scan_that_waits_in_vain_says_whose_parcel_that_was(services: Services) -> None:
    """Nobody looks for an order that the shop took the number off; of another nothing is known."""
    shop = Shop(services)
    said: list[Said] = [
        shop.ordered,
        lambda: shop.sent(1, "AC"),
        lambda: shop.sent(2, "BC"),
        lambda: shop.scanned(3, "A", "in_transit"),
        lambda: shop.scanned(3, "D", "in_transit"),
        lambda: shop.scanned(3, "C", "in_transit"),
    ]
    tell(services, said)

    latest = read_unread(services, "easypost").latest
    assert {one.about: one.taken_off for one in latest} == {"A1001": "#1001", "D1001": None}


def test_a_scan_that_is_read_while_its_parcel_is_taken_off_waits(services: Services) -> None:
    """It found the order before the correction was committed, and is of none by the time."""
    shop = Shop(services)
    tell(services, [shop.ordered, lambda: shop.sent(1, "A")])
    scan = shop.scanned(3, "A", "delivered")
    reader = threading.Thread(target=translate_all, args=(services,))
    with services.sessions.begin() as session:
        job_id = session.scalars(select(Job.id)).one()
        source_id = session.scalars(select(Source.id).where(Source.name == "shopify")).one()
        lock_jobs(session, [job_id])
        none = Shipment(name="#1001.1", codes=(), as_of=services.now())
        assert keep_shipment(session, job_id, source_id, none)
        reader.start()
        reader.join(timeout=0.5)  # it looks for the order meanwhile
    reader.join()

    translate_all(services)
    assert delivery(services, scan).status == DeliveryStatus.WAITING


def _send(services: Services) -> None:
    look_again(services)
    while deliver_due(services):
        pass


def _rules_told(services: Services) -> list[str]:
    """Return what each text that went was about, the first one first."""
    with reading(services.sessions) as session:
        return list(
            session.scalars(
                select(Message.rule)
                .where(Message.accepted_at.is_not(None), Message.channel == Channel.SMS)
                .order_by(Message.created_at, Message.id)
            )
        )


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("written_as_object", [False, True])
def test_woocommerces_list_is_all_the_parcels_that_it_has(
    services: Services, order: tuple[int, ...], written_as_object: bool
) -> None:
    """A list from which one was taken out is written as an object, its places as names."""
    made = services.now() - 50 * HOUR

    def said(hours: int, *codes: str) -> None:
        items: Any = [{"tracking_number": code, "tracking_provider": "UPS"} for code in codes]
        if written_as_object:
            items = {str(place): item for place, item in enumerate(items, 1)}
        body = woocommerce_events.order("processing", made)
        body["date_modified_gmt"] = woocommerce_events.local(made + hours * HOUR)
        body["meta_data"] = [{"id": 1, "key": "_wc_shipment_tracking_items", "value": items}]
        raw = json.dumps(body).encode()
        headers = {
            "x-wc-webhook-topic": "order.updated",
            "x-wc-webhook-signature": shopify_events.sign(SECRET, raw),
        }
        receive(services, "woocommerce", headers, raw)

    words: list[Said] = [lambda: said(1, "A"), lambda: said(2, "B", "C"), lambda: said(3, "C")]
    tell(services, [words[one] for one in order])
    assert orders(services) == {"727": (JobStatus.SHIPPED, {"C": JobStatus.SHIPPED})}

    tell(services, [lambda: said(4)])
    assert orders(services) == {"727": (JobStatus.SHIPPED, {})}


def test_a_shipment_that_had_more_codes_than_a_statement_takes_is_corrected(
    services: Services, brand: UUID
) -> None:
    """PostgreSQL takes 65,535. Its one parcel of them is taken off, and the other one stays."""
    job_id = book_order(services, brand, "CODE1", "OTHER")
    codes = tuple(f"CODE{nth}" for nth in range(66_000))
    with services.sessions.begin() as session:
        source = session.scalars(select(Source.id).where(Source.name == "shopify")).one()
        for nth, said in enumerate((codes, ("NEW",))):
            as_of = services.now() + nth * HOUR
            kept = Shipment(name="#1.1", codes=said, as_of=as_of)
            assert keep_shipment(session, job_id, source, kept) is bool(nth)

    with reading(services.sessions) as session:
        assert session.scalars(select(Parcel.tracking_code)).all() == ["OTHER"]
