"""Shopify: signatures, what every status means, and what an order and its parcels say."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from notifier.domain.facts import FactType
from notifier.domain.reasons import Party, Reason
from notifier.domain.windows import UNKNOWN
from notifier.sources.parts.estimates import LocalDay
from notifier.sources.protocol import (
    BookedParcel,
    BookedPerson,
    ByReference,
    Ignored,
    Incoming,
    Shipment,
    SourceEvent,
    Untranslatable,
)
from notifier.sources.shopify import (
    ADAPTER,
    CANCEL_REASONS,
    ORDER_TOPICS,
    SENT,
    STATUSES,
    delivery_id,
    translate,
    verify,
)
from tests.sources.odd_bodies import oddities
from tests.sources.samples import needs_samples, sample_json
from tests.sources.shopify_events import delivered, fulfillment, order, sign

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def facts(topic: str, body: dict[str, Any]) -> tuple[SourceEvent, ...]:
    """Return the facts of a delivery that has some."""
    answer = translate(delivered(topic, body))
    assert isinstance(answer, tuple), answer
    return answer


def why_ignored(topic: str, body: dict[str, Any], **headers: str) -> str:
    """Return why a delivery is nothing for us."""
    answer = translate(delivered(topic, body, **headers))
    assert isinstance(answer, Ignored), answer
    return answer.why


def why_only_if_known(topic: str, body: dict[str, Any]) -> str | None:
    """Return why a delivery is nothing for us as long as its order is not known."""
    (event,) = facts(topic, body)
    return event.unless_known


def customer(**changes: Any) -> BookedPerson:
    """Return the customer of an order with `changes`."""
    booking = facts("orders/create", order(NOW, **changes))[0].booking
    assert booking is not None
    (person,) = booking.people
    return person


@needs_samples
def test_the_published_vectors_verify_as_stated() -> None:
    """The signature of an empty body, of none at all and of other bytes is refused."""
    for case in sample_json("vectors/shopify.json")["cases"]:
        incoming = Incoming({"x-shopify-hmac-sha256": case["signature"]}, case["payload"].encode())
        assert verify([case["secret"]], incoming, NOW) is case["valid"], case["name"]


@pytest.mark.parametrize("header", ["x-shopify-hmac-sha256", "shopify-hmac-sha256"])
def test_a_changed_byte_is_not_signed(header: str) -> None:
    """Either secret signs while one is being rotated, under both names of the header."""
    for secret, good in (("old", True), ("new", True), ("other", False)):
        incoming = Incoming({header: sign(secret, b"{}")}, b"{}")
        assert verify(["old", "new"], incoming, NOW) is good
    assert not verify(["old"], Incoming({header: sign("old", b"{}")}, b"{ }"), NOW)


@pytest.mark.parametrize("given", ["", "nonsense", "é", "a" * 10_000])
def test_a_malformed_signature_is_refused_quietly(given: str) -> None:
    """Nothing that a header can hold makes verifying crash."""
    assert verify(["secret"], Incoming({"x-shopify-hmac-sha256": given}, b"{}"), NOW) is False
    assert verify(["secret"], Incoming({}, b"{}"), NOW) is False


@needs_samples
def test_every_word_of_the_vocabulary_has_a_decided_meaning() -> None:
    """A shipment status that Shopify lists, for shops, customers or as unstable, is decided."""
    vocabulary = sample_json("vocabularies/shopify_fulfillment_event.json")
    lists = ("admin", "customer_api_extra", "unstable_extra")
    assert {word.lower() for name in lists for word in vocabulary[name]} == set(STATUSES)
    for word in SENT:
        assert word in vocabulary["note"]


def test_the_delivery_has_an_id_that_a_retry_shares() -> None:
    """Of one change two topics tell with one event id: they are two deliveries."""
    body = order(NOW)
    assert delivery_id(delivered("orders/create", body, x_shopify_webhook_id="w1")) == "w1"
    assert delivery_id(delivered("orders/create", body, shopify_webhook_id="w1")) == "w1"
    one = delivery_id(delivered("orders/updated", body, x_shopify_event_id="e1"))
    other = delivery_id(delivered("orders/cancelled", body, x_shopify_event_id="e1"))
    assert one != other
    assert delivery_id(delivered("orders/create", body)) is None
    for header in ("x-shopify-topic", "x-shopify-webhook-id", "shopify-topic"):
        assert header in ADAPTER.keeps_headers
    assert not any("hmac" in header for header in ADAPTER.keeps_headers)


def test_an_order_is_booked_under_the_name_that_its_buyer_knows() -> None:
    """Who, where and what, at the time at which it was made; nothing digital is in a parcel."""
    (booked,) = facts("orders/create", order(NOW))

    assert (booked.type, booked.occurred_at) == (FactType.BOOKED, NOW)
    assert booked.join == ByReference("#1001")
    booking = booked.booking
    assert booking is not None
    assert booking.as_it_stands
    assert (booking.reference, booking.window, booking.items) == ("#1001", None, ("Kettle",))
    assert booking.address == "12 Elm St, Seattle, Washington, 98101, United States"
    (person,) = booking.people
    assert (person.name, person.reference) == ("Ada Park", "207119551")
    assert (person.phone, person.email, person.locale) == (
        "+12065550100",
        "ada@example.com",
        "en-US",
    )


def test_each_topic_about_an_order_says_the_whole_of_it() -> None:
    """Whichever comes first books it; of one alone it is known that it came before the others."""
    said = {topic: facts(topic, order(NOW))[0] for topic in ORDER_TOPICS}
    bookings = {topic: one.booking for topic, one in said.items() if one.booking is not None}

    assert {topic for topic, booking in bookings.items() if booking.as_made} == {"orders/create"}
    assert {replace(booking, as_made=False) for booking in bookings.values()} == {
        bookings["orders/updated"]
    }
    assert {replace(one, booking=None) for one in said.values()} == {
        replace(said["orders/create"], booking=None)
    }


def test_the_number_of_who_gets_a_gift_is_not_the_buyers() -> None:
    """The buyer hears of it; who gets it may not know of it."""
    gift = {"first_name": "Bo", "last_name": "Li", "phone": "+12065550199", "country_code": "US"}
    assert customer(shipping_address=gift).phone is None
    assert customer(shipping_address=gift, phone="+12065550123").phone == "+12065550123"
    assert customer(shipping_address=gift, billing_address=None).name == "Ada Park"


@pytest.mark.parametrize("phone", ["", "none", "12", "\x00", 7, "1" * 300])
def test_a_number_that_is_none_costs_no_booking(phone: object) -> None:
    """What shoppers type into a form is left out; the email is still theirs."""
    place = {"first_name": "Ada", "last_name": "Park", "country_code": "US", "phone": phone}
    person = customer(shipping_address=place, email="Ada@example.com")
    assert (person.phone, person.email) == (None, "Ada@example.com")
    assert customer(email="nonsense", contact_email="a b@example.com").email is None


@pytest.mark.parametrize(
    ("name", "value", "day"),
    [
        ("Delivery-Date", "2026-11-27", date(2026, 11, 27)),
        ("delivery_date", "2026/11/27", date(2026, 11, 27)),
        ("Estimated Delivery Date", " 2026-11-27 ", date(2026, 11, 27)),
        ("Delivery Date", "27/11/2026", None),
        ("Delivery Date", "11/12/2026", None),
        ("Delivery Date", "soon", None),
        ("Delivery Date", "99991231", None),
        ("Shipping-Date", "2026-11-27", None),
        ("colour", "2026-11-27", None),
    ],
)
def test_a_day_is_promised_only_where_the_order_states_one(
    name: str, value: str, day: date | None
) -> None:
    """A date that could be read in two ways is not guessed at, and none is made up."""
    (booked,) = facts("orders/create", order(NOW, note_attributes=[{"name": name, "value": value}]))
    assert booked.booking is not None
    assert booked.booking.window == (LocalDay(day) if day else None)


def test_an_order_counts_from_when_it_came_to_stand_like_this() -> None:
    """Of two that tell of different days the later one counts, whichever arrives first."""
    body = {**order(NOW), "updated_at": str(NOW + HOUR)}
    (booked,) = facts("orders/updated", body)
    assert booked.occurred_at == NOW + HOUR


@pytest.mark.parametrize("reason", [*CANCEL_REASONS, "a reason of next year", None])
def test_a_cancelled_order_is_not_booked_and_says_whose_doing_it_is(reason: str | None) -> None:
    """Whoever never heard of it from us hears no cancellation; blame only where it is stated."""
    body = order(NOW, cancelled_at=str(NOW + HOUR), cancel_reason=reason)
    for topic in ("orders/cancelled", "orders/updated"):
        (fact,) = facts(topic, body)
        assert (fact.type, fact.occurred_at) == (FactType.CANCELLED, NOW + HOUR)
        assert (fact.by, fact.reason) == {
            "customer": (Party.CUSTOMER, None),
            "inventory": (Party.US, Reason.STOCK),
            "staff": (Party.US, None),
        }.get(reason or "", (Party.UNKNOWN, None))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"line_items": [{"requires_shipping": False}]}, "nothing of it is sent"),
        ({"line_items": [{"current_quantity": 0}]}, None),
    ],
)
def test_an_order_of_which_nothing_is_sent_is_not_booked(
    changes: dict[str, Any], why: str | None
) -> None:
    """A gift card owes nobody news."""
    if why is None:
        assert facts("orders/updated", order(NOW, **changes))
    else:
        assert why_ignored("orders/updated", order(NOW, **changes)) == why


@pytest.mark.parametrize(
    ("changes", "more_to_send"),
    [
        ({"fulfillment_status": "partial"}, True),
        ({"fulfillment_status": "fulfilled"}, False),
        ({"fulfillment_status": "restocked"}, False),
        ({"fulfillment_status": "partial", "closed_at": str(NOW)}, False),
        ({"fulfillment_status": None}, None),
        ({"fulfillment_status": "pending"}, None),
    ],
)
def test_an_order_says_whether_more_of_it_is_to_be_sent(
    changes: dict[str, Any], more_to_send: bool | None
) -> None:
    """A tag put on last year's order tells nobody anything: unless it is known, it is nothing."""
    (event,) = facts("orders/updated", order(NOW, **changes))
    assert event.more_to_send is more_to_send
    sent = "all of it was sent: its parcels tell the rest"
    assert event.unless_known == (sent if more_to_send is False else None)


@pytest.mark.parametrize(
    ("topic", "changes", "books"),
    [
        ("orders/create", {}, True),
        ("orders/create", {"closed_at": str(NOW)}, True),
        ("orders/create", {"processed_at": str(NOW)}, True),
        ("orders/create", {"processed_at": str(NOW - 48 * HOUR)}, False),
        ("orders/create", {"shipping_address": None}, False),
        ("orders/updated", {}, False),
    ],
)
def test_an_order_that_was_sent_as_it_was_made_is_booked(
    topic: str, changes: dict[str, Any], books: bool
) -> None:
    """Its parcels wait for it; those of a sale at the till and of an imported order do not."""
    body = order(NOW, fulfillment_status="fulfilled", **changes)
    why = None if books else "all of it was sent: its parcels tell the rest"
    assert why_only_if_known(topic, body) == why


def test_a_fulfillment_ships_its_parcel_and_tells_where_it_is() -> None:
    """The order gets the parcel; shipped when it was made, moved when it was last changed."""
    body = fulfillment(NOW, shipment_status="out_for_delivery", updated_at=str(NOW + HOUR))

    shipped, moved = facts("fulfillments/update", body)

    for fact in (shipped, moved):
        assert fact.join == ByReference("#1001")
        assert fact.parcel == "1Z999"
        assert fact.adds_parcel == BookedParcel(carrier="UPS", tracking_code="1Z999")
    assert (shipped.type, shipped.occurred_at) == (FactType.SHIPPED, NOW)
    assert (moved.type, moved.occurred_at) == (FactType.OUT_FOR_DELIVERY, NOW + HOUR)
    assert facts("fulfillments/create", body) == (shipped, moved)


def test_what_comes_with_one_parcel_ends_no_other() -> None:
    """An order that was split has a fulfillment for each, and two codes are two parcels."""
    second = fulfillment(NOW, name="#1001.2", tracking_number="B", tracking_numbers=["B"])
    (shipped,) = facts("fulfillments/create", second)
    assert (shipped.join, shipped.parcel) == (ByReference("#1001"), "B")

    both = fulfillment(NOW, tracking_numbers=["A", "b", "a "], tracking_number="A")
    assert [fact.parcel for fact in facts("fulfillments/create", both)] == ["A", "B"]


@pytest.mark.parametrize(
    ("name", "reference"),
    [("#1001.1", "#1001"), ("#1001-F2", "#1001"), ("EN-7.5-EU.12", "EN-7.5-EU")],
)
def test_a_fulfillment_is_called_after_its_order(name: str, reference: str) -> None:
    """Prefixes and suffixes are the shop's own; the last number is the fulfillment's."""
    (shipped,) = facts("fulfillments/create", fulfillment(NOW, name=name))
    assert shipped.join == ByReference(reference)


@pytest.mark.parametrize(("word", "fact"), [*STATUSES.items(), ("teleported", None)])
def test_a_shipment_status_moves_its_parcel(word: str, fact: FactType | None) -> None:
    """In either case; one that is not invented yet moves nothing and is no error."""
    for written in (word, word.upper()):
        _, *moved = facts("fulfillments/update", fulfillment(NOW, shipment_status=written))
        assert [one.type for one in moved] == ([fact] if fact else [])
        for one in moved:
            assert one.expected is (UNKNOWN if fact is FactType.DELAYED else None)


@pytest.mark.parametrize("status", [*SENT, "a status of next year"])
def test_what_was_not_sent_is_not_shipped(status: str) -> None:
    """Pending, open and cancelled fulfillments are no parcels on their way."""
    body = fulfillment(NOW, status=status)
    if SENT.get(status):
        assert facts("fulfillments/update", body)[0].type is FactType.SHIPPED
    else:
        why_ignored("fulfillments/update", body)


def test_what_is_picked_up_was_never_shipped() -> None:
    """Without a code and an address nothing is on its way; with an address it is."""
    nothing: dict[str, Any] = {"tracking_number": None, "tracking_numbers": []}
    pickup = fulfillment(NOW, **nothing, destination=None)
    assert why_only_if_known("fulfillments/create", pickup) == "nothing was sent yet"
    undated = {**pickup, "updated_at": None}
    assert why_ignored("fulfillments/create", undated) == "nothing was sent yet"
    (picked_up,) = facts("fulfillments/update", {**pickup, "shipment_status": "picked_up"})
    assert (picked_up.type, picked_up.parcel) == (FactType.DELIVERED, None)
    (local,) = facts("fulfillments/create", fulfillment(NOW, **nothing))
    assert (local.type, local.parcel, local.adds_parcel) == (FactType.SHIPPED, None, None)
    digital = fulfillment(NOW, line_items=[{"requires_shipping": False}])
    assert why_ignored("fulfillments/create", digital) == "nothing of it is sent"


@pytest.mark.parametrize("status", SENT)
def test_that_a_fulfillment_has_no_code_any_more_is_said_without_a_fact(status: str) -> None:
    """Of an order that we don't know it is nothing; what is cancelled keeps its parcel."""
    body = fulfillment(
        NOW, status=status, tracking_number=None, tracking_numbers=[], destination=None
    )
    if status in ("cancelled", "error", "failure"):
        assert "nothing was sent" in why_ignored("fulfillments/update", body)
        return
    (one,) = facts("fulfillments/update", body)
    assert one.shipment == Shipment(
        name="#1001.1", codes=(), as_of=NOW, known_as="fulfillment 255858046"
    )
    assert one.only_shipment
    assert one.unless_known == "nothing was sent yet"


def test_a_test_notification_is_about_no_real_order() -> None:
    """Sending one from the shop's settings texts nobody."""
    why = why_ignored("orders/create", order(NOW), x_shopify_test="true")
    assert why == "a test notification, which is about no real order"
    assert why_ignored("products/update", {}) == "products/update is not about an order on its way"


@pytest.mark.parametrize(
    ("topic", "body", "field"),
    [
        ("", order(NOW), "X-Shopify-Topic"),
        ("orders/create", order(NOW, name=None), "name"),
        ("orders/create", order(NOW, name="#1\x00"), "name"),
        ("fulfillments/create", fulfillment(NOW, name="Ada Park"), "name"),
    ],
)
def test_what_cant_be_read_names_its_field(topic: str, body: dict[str, Any], field: str) -> None:
    """A failed delivery says what to mend, and nobody's name."""
    with pytest.raises(Untranslatable) as caught:
        translate(delivered(topic, body))
    assert str(caught.value).startswith(f"{field}: ")
    assert "Ada" not in str(caught.value)


def test_no_value_in_a_body_crashes_the_translator() -> None:
    """Whatever stands where something else was meant: facts, ignored, or a sentence."""
    attributes = [{"name": "Delivery-Date", "value": "2026-11-27"}]
    for topic, body in (
        ("orders/create", order(NOW, note_attributes=attributes)),
        ("orders/cancelled", order(NOW, cancelled_at=str(NOW), cancel_reason="staff")),
        ("fulfillments/update", fulfillment(NOW, shipment_status="delivered")),
    ):
        for odd in oddities(body):
            try:
                answer = translate(delivered(topic, odd))
            except Untranslatable:
                continue
            assert answer
