"""ShipStation v1: what its webhooks point to, and what is made of the answers."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifier.domain.facts import FactType
from notifier.domain.jobs import JobKind
from notifier.sources.parts.vendor_addresses import is_at
from notifier.sources.protocol import (
    BookedParcel,
    ByReference,
    Ignored,
    Incoming,
    Needs,
    SourceEvent,
    Untranslatable,
)
from notifier.sources.shipstation import (
    ADAPTER,
    EVENTS,
    HOSTS,
    ORDER_STATUSES,
    delivery_id,
    translate,
    verify,
)
from tests.sources.odd_bodies import oddities
from tests.sources.samples import SAMPLES, needs_samples, sample_bytes, sample_json
from tests.sources.shipstation_events import (
    ADDRESS,
    ORDERS,
    SECRET,
    SHIPMENTS,
    delivered,
    order,
    page,
    pointer,
    shipment,
)

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def asks(incoming: Incoming) -> list[tuple[str, str]]:
    """Return the questions that a webhook leads to."""
    needs = translate(incoming)
    assert isinstance(needs, Needs), needs
    return [(one.name, one.url) for one in needs.unanswered(incoming.answers)]


def events(about: str, url: str, answers: dict[str, Any]) -> tuple[SourceEvent, ...]:
    """Return what a webhook says once it is answered."""
    answer = translate(delivered(pointer(about, url), answers))
    assert isinstance(answer, tuple), answer
    return answer


def why_ignored(about: str, url: str, answers: dict[str, Any] | None = None) -> str:
    """Return why a webhook is nothing for us."""
    answer = translate(delivered(pointer(about, url), answers))
    assert isinstance(answer, Ignored), answer
    return answer.why


def ordered(*orders: Any) -> tuple[SourceEvent, ...]:
    """Return what a webhook about these orders says."""
    return events("ORDER_NOTIFY", ORDERS, {"page 1": page("orders", *orders)})


def test_the_secret_in_the_address_lets_a_webhook_in() -> None:
    """ShipStation signs nothing; either secret counts while one is being rotated."""
    body = pointer("ORDER_NOTIFY", ORDERS)
    for url, good in (
        (f"{ADDRESS}?token={SECRET}", True),
        (f"{ADDRESS}?token=other", False),
        (ADDRESS, False),
        (f"{ADDRESS}?token=", False),
    ):
        assert verify([SECRET, "next"], Incoming({}, body, url), NOW) is good
    assert verify(["old", SECRET], Incoming({}, body, f"{ADDRESS}?token={SECRET}"), NOW)
    assert delivery_id(Incoming({}, body)) is None


def test_every_event_and_status_has_a_decided_meaning() -> None:
    """What ShipStation's models of webhooks and orders list."""
    assert set(EVENTS) == {
        "ORDER_NOTIFY",
        "ITEM_ORDER_NOTIFY",
        "SHIP_NOTIFY",
        "ITEM_SHIP_NOTIFY",
        "FULFILLMENT_SHIPPED",
        "FULFILLMENT_REJECTED",
    }
    assert set(ORDER_STATUSES) == {
        "awaiting_payment",
        "awaiting_shipment",
        "pending_fulfillment",
        "shipped",
        "on_hold",
        "cancelled",
        "rejected_fulfillment",
    }


#: What each real sample leads to.
_SAMPLES = {
    "ship_notify_v1_pointer": (
        "page 1",
        "https://ssapi6.shipstation.com/shipments?batchId=190671332&includeShipmentItems=False",
    ),
}


@needs_samples
@pytest.mark.parametrize("sample", _SAMPLES)
def test_each_real_pointer_leads_to_its_list(sample: str) -> None:
    """At ShipStation's own host, as it is written."""
    body = sample_bytes(f"payloads/shipstation/{sample}.json")
    (question,) = asks(Incoming({}, body, can_ask=True))
    assert question == _SAMPLES[sample]
    assert is_at(HOSTS, question[1])


@needs_samples
def test_no_real_sample_of_version_1_is_left_without_an_outcome() -> None:
    """What is in the folder beside it is of version 2, which has an adapter of its own."""
    found = {path.stem for path in (SAMPLES / "payloads" / "shipstation").glob("*.json")}
    version_1 = {
        name
        for name in found
        if sample_json(f"payloads/shipstation/{name}.json")["resource_type"] in EVENTS
    }
    assert version_1 == set(_SAMPLES)


def test_a_list_of_several_pages_is_asked_for_page_by_page() -> None:
    """The first says how many there are; the rest follow at once."""
    body = pointer("ORDER_NOTIFY", ORDERS)
    first = page("orders", order(NOW, "1"), pages=3)
    assert asks(delivered(body)) == [("page 1", ORDERS)]
    assert asks(delivered(body, {"page 1": first})) == [
        ("page 2", f"{ORDERS}&page=2"),
        ("page 3", f"{ORDERS}&page=3"),
    ]
    answers = {
        "page 1": first,
        "page 2": page("orders", order(NOW, "2")),
        "page 3": page("orders", order(NOW, "3")),
    }
    booked = events("ORDER_NOTIFY", ORDERS, answers)
    assert [one.join for one in booked] == [ByReference(number) for number in "123"]
    with pytest.raises(Untranslatable, match=r"pages: .* more than 500"):
        translate(delivered(body, {"page 1": page("orders", pages=6)}))


def test_an_order_is_booked_with_who_bought_it() -> None:
    """Under the number that its buyer knows. No day is promised: ShipStation states none."""
    (fact,) = ordered(order(NOW))
    assert (fact.type, fact.join, fact.job_kind) == (
        FactType.BOOKED,
        ByReference("1001"),
        JobKind.ORDER,
    )
    assert fact.occurred_at == NOW
    booking = fact.booking
    assert booking is not None
    assert booking.as_it_stands
    assert booking.made_at == NOW - timedelta(minutes=20)
    assert booking.window is None
    assert booking.items == ("Kettle",)
    assert booking.address == "12 Elm Street, Fresno, CA, 93650, US"
    (person,) = booking.people
    assert (person.reference, person.name) == ("77", "Ada Park")
    assert (person.phone, person.email) == ("+12065550100", "ada@example.com")


def test_times_are_the_pacific_coasts_in_summer_and_winter() -> None:
    """ShipStation v1 writes them without saying so."""
    summer = ordered(order(NOW, createDate="2026-07-01T09:00:00.0000000"))[0].occurred_at
    winter = ordered(order(NOW, createDate="2026-12-01T09:00:00.0000000"))[0].occurred_at
    assert summer == datetime(2026, 7, 1, 16, tzinfo=UTC)
    assert winter == datetime(2026, 12, 1, 17, tzinfo=UTC)
    assert ordered(order(NOW, createDate="soon"))[0].occurred_at is None


def test_the_number_at_a_gifts_address_is_not_the_buyers() -> None:
    """Whoever gets a present is not told of it."""
    gift = order(NOW, billTo={"name": "Bea Lane", "phone": None}, customerEmail="bea@example.com")
    booking = ordered(gift)[0].booking
    assert booking is not None
    (person,) = booking.people
    assert (person.name, person.phone, person.email) == ("Bea Lane", None, "bea@example.com")


@pytest.mark.parametrize(("status", "awaited"), [*ORDER_STATUSES.items(), ("a new one", False)])
def test_only_orders_that_somebody_waits_for_are_booked(status: str, awaited: bool) -> None:
    """Not those that are unpaid, called off, or went out before ShipStation knew of them."""
    other = order(NOW, "1002")
    booked = ordered(order(NOW, orderStatus=status), other)
    assert len(booked) == 1 + awaited
    if not awaited:
        lonely = {"page 1": page("orders", order(NOW, orderStatus=status))}
        assert why_ignored("ORDER_NOTIFY", ORDERS, lonely).startswith("none of its orders")


def test_a_shipment_books_its_order_and_sends_its_parcel() -> None:
    """The order is asked for, once, however many of its parcels there are."""
    body = pointer("SHIP_NOTIFY", SHIPMENTS)
    first, second = shipment(NOW), shipment(NOW + HOUR, "9400 1118")
    answers = {"page 1": page("shipments", first, second)}
    assert asks(delivered(body, answers)) == [
        ("order 501", "https://ssapi.shipstation.com/orders/501")
    ]
    answers |= {"order 501": order(NOW - HOUR)}
    booked, sent, sent_later = events("SHIP_NOTIFY", SHIPMENTS, answers)

    assert booked == ordered(order(NOW - HOUR))[0]
    assert (sent.type, sent.join, sent.occurred_at) == (FactType.SHIPPED, booked.join, NOW)
    assert sent.adds_parcel == BookedParcel(carrier="ups", tracking_code="1Z999AA10123456784")
    assert (sent_later.parcel, sent_later.occurred_at) == ("94001118", NOW + HOUR)


def test_an_order_that_is_gone_is_booked_from_what_its_shipment_says() -> None:
    """Deleted or merged; or the shipment was made without one."""
    gone = translate(
        Incoming(
            {},
            pointer("SHIP_NOTIFY", SHIPMENTS),
            answers={
                "page 1": json.dumps(page("shipments", shipment(NOW))).encode(),
                "order 501": b"",
            },
            can_ask=True,
        )
    )
    never = events(
        "SHIP_NOTIFY", SHIPMENTS, {"page 1": page("shipments", shipment(NOW, orderId=None))}
    )
    assert isinstance(gone, tuple)
    assert gone == never
    booking = gone[0].booking
    assert booking is not None
    (person,) = booking.people
    assert (person.name, person.phone, person.email) == (
        "Ada Park",
        "+12065550100",
        "ada@example.com",
    )


def test_labels_that_carry_nothing_to_anybody_are_nothing() -> None:
    """They are void, or for what comes back."""
    labels = [shipment(NOW, voided=True), shipment(NOW, isReturnLabel=True)]
    answers = {"page 1": page("shipments", *labels)}
    assert why_ignored("SHIP_NOTIFY", SHIPMENTS, answers).startswith("nothing was sent")


def test_another_warehouses_parcels_are_parcels_too() -> None:
    """Their list looks the same; one that refused says nothing to the customer."""
    url = "https://ssapi.shipstation.com/fulfillments?fulfillmentId=9"
    one = shipment(NOW, orderId=None)
    booked, sent = events("FULFILLMENT_SHIPPED", url, {"page 1": page("fulfillments", one)})
    assert (booked.type, sent.type) == (FactType.BOOKED, FactType.SHIPPED)
    assert why_ignored("FULFILLMENT_REJECTED", url) == (
        "FULFILLMENT_REJECTED is nothing that a customer waits for"
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"resource_url": "https://ssapi.shipstation.com/orders"}', "resource_type"),
        (b'{"resource_type": "SHIP_NOTIFY"}', "resource_url"),
        (pointer("SHIP_NOTIFY", ORDERS), "resource_url"),
        (pointer("ORDER_NOTIFY", "https://[ssapi.shipstation.com/orders"), "resource_url"),
    ],
)
def test_what_cant_be_read_names_its_field(body: bytes, field: str) -> None:
    """A failed delivery says what to mend."""
    with pytest.raises(Untranslatable) as caught:
        translate(Incoming({}, body, can_ask=True))
    assert str(caught.value).startswith(f"{field}: ")


def test_an_order_without_a_number_names_the_field_and_nobody() -> None:
    """What a person wrote is in no error."""
    with pytest.raises(Untranslatable) as caught:
        ordered(order(NOW, orderNumber=None))
    assert str(caught.value) == "orderNumber: each order and shipment has one."


def test_a_key_becomes_basic_credentials() -> None:
    """User and password, as ShipStation v1 wants them."""
    assert ADAPTER.asking is not None
    assert ADAPTER.asking.headers("key:secret") == {"Authorization": "Basic a2V5OnNlY3JldA=="}


def test_no_answer_crashes_the_translator() -> None:
    """Whatever stands where something else was meant: events, questions, or a sentence."""
    shipped = {"page 1": page("shipments", shipment(NOW)), "order 501": order(NOW)}
    for about, url, answers in (
        ("ORDER_NOTIFY", ORDERS, {"page 1": page("orders", order(NOW))}),
        ("SHIP_NOTIFY", SHIPMENTS, shipped),
    ):
        for name in answers:
            for odd in oddities(answers[name]):
                try:
                    translate(delivered(pointer(about, url), answers | {name: odd}))
                except Untranslatable:
                    continue
