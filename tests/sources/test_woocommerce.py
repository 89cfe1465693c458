"""WooCommerce: signatures, what every status means, and which times are true."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from notifier.domain.facts import FactType
from notifier.sources.parts.estimates import LocalDay
from notifier.sources.protocol import (
    BookedParcel,
    BookedPerson,
    ByReference,
    Ignored,
    Incoming,
    SourceEvent,
    StandsAs,
    Untranslatable,
    own_id,
)
from notifier.sources.woocommerce import ADAPTER, ORDER_TOPICS, STATUSES, translate, verify
from tests.sources.in_words import in_words
from tests.sources.odd_bodies import oddities
from tests.sources.samples import SAMPLES, needs_samples, sample_json
from tests.sources.shopify_events import sign
from tests.sources.woocommerce_events import delivered, local, order, tracked

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DONE = {"date_completed_gmt": local(NOW + HOUR), "date_modified_gmt": local(NOW + 9 * HOUR)}


def facts(body: dict[str, Any], topic: str = "order.updated") -> tuple[SourceEvent, ...]:
    """Return the facts of a delivery that has some."""
    answer = translate(delivered(body, topic))
    assert isinstance(answer, tuple), answer
    return answer


def why_ignored(body: dict[str, Any], topic: str = "order.updated") -> str:
    """Return why a delivery is nothing for us."""
    answer = translate(delivered(body, topic))
    assert isinstance(answer, Ignored), answer
    return answer.why


def customer(**changes: Any) -> BookedPerson:
    """Return the customer of an order with `changes`."""
    booking = facts(order("processing", NOW, **changes))[0].booking
    assert booking is not None
    (person,) = booking.people
    return person


def test_a_changed_byte_is_not_signed() -> None:
    """Either secret signs while one is being rotated."""
    for secret, good in (("old", True), ("new", True), ("other", False)):
        incoming = Incoming({"x-wc-webhook-signature": sign(secret, b"{}")}, b"{}")
        assert verify(["old", "new"], incoming, NOW) is good
        assert not verify(["old", "new"], Incoming(incoming.headers, b"{ }"), NOW)


@needs_samples
def test_the_vectors_of_the_same_scheme_verify_as_stated() -> None:
    """WooCommerce publishes none; Shopify signs in the same way under another header."""
    for case in sample_json("vectors/shopify.json")["cases"]:
        given = {"x-wc-webhook-signature": case["signature"]}
        incoming = Incoming(given, case["payload"].encode())
        assert verify([case["secret"]], incoming, NOW) is case["valid"], case["name"]


@pytest.mark.parametrize("given", ["", "nonsense", "é", "a" * 10_000])
def test_a_malformed_signature_is_refused_quietly(given: str) -> None:
    """Nothing that a header can hold makes verifying crash."""
    assert verify(["secret"], Incoming({"x-wc-webhook-signature": given}, b"{}"), NOW) is False
    assert verify(["secret"], Incoming({}, b"{}"), NOW) is False


def test_orders_that_are_changed_together_are_not_one_delivery() -> None:
    """The id that WooCommerce gives is made of the webhook and the second: fifty share it."""
    shared = {"x-wc-webhook-delivery-id": "f69179d9", "x-wc-webhook-topic": "order.updated"}
    bodies = [delivered(order("processing", NOW, number=str(n))).body for n in (1, 2)]
    first, second = (own_id(ADAPTER, Incoming(shared, body)) for body in bodies)
    assert first != second
    assert first == own_id(ADAPTER, Incoming({}, bodies[0]))


#: From the class `OrderStatus`.
_VOCABULARY = (
    "auto-draft cancelled checkout-draft completed draft failed new on-hold pending processing "
    "refunded trash"
)


def test_every_word_of_the_vocabulary_has_a_decided_meaning() -> None:
    """A status of WooCommerce's own that our table lacks fails here."""
    assert set(_VOCABULARY.split()) <= set(STATUSES)


# The sample -> its topic, and what it says.
_SAMPLES: dict[str, tuple[str, list[str]]] = {
    "order_docs_1_processing": (
        "order.created",
        [
            "2017-03-22T19:28:08Z 727 booked",
            "  customer: John Doe, +15555555555, john.doe@example.com",
            "  of: Woo Single #1; Ship Your Idea – Color: Black, Size: M Test",
            "  at: 969 Market, San Francisco, CA, 94103, US",
        ],
    ),
    "order_docs_3_completed": (
        "order.updated",
        [
            "2017-03-22T19:30:35Z 727 booked",
            "  customer: John Doe, +15555555555, john.doe@example.com",
            "  of: Woo Single #1; Ship Your Idea – Color: Black, Size: M Test",
            "  at: 969 Market, San Francisco, CA, 94103, US",
            "2017-03-22T19:30:35Z 727 shipped",
        ],
    ),
    "real_delivery_headers_product_updated": (
        "product.updated",
        [
            "ignored: product.updated is not about an order",
        ],
    ),
}


@needs_samples
@pytest.mark.parametrize("sample", _SAMPLES)
def test_each_real_sample_has_its_outcome(sample: str) -> None:
    """What WooCommerce really sends becomes these facts at these times, or nothing."""
    topic, outcome = _SAMPLES[sample]
    body = sample_json(f"payloads/woocommerce/{sample}.json")
    assert in_words(translate(delivered(body, topic))) == outcome


@needs_samples
def test_no_real_sample_is_left_without_an_outcome() -> None:
    """A sample added to the folder must be decided in the table above."""
    found = {path.stem for path in (SAMPLES / "payloads" / "woocommerce").glob("*.json")}
    assert found == set(_SAMPLES)


def test_a_paid_order_is_booked_under_its_number() -> None:
    """Who, where and what, as of the payment; the shop's local times say no zone, so they wait."""
    for topic in ORDER_TOPICS:
        (booked,) = facts(order("processing", NOW), topic)

        assert (booked.type, booked.occurred_at) == (FactType.BOOKED, NOW)
        assert booked.join == ByReference("727")
        booking = booked.booking
        assert booking is not None
        assert booking.as_it_stands
        assert (booking.reference, booking.window) == ("727", None)
        assert booking.items == ("Kettle \N{EN DASH} red",)
        assert booking.address == "12 Elm St, Seattle, WA, 98101, US"
        (person,) = booking.people
        assert (person.name, person.reference) == ("Ada Park", "12")
        assert (person.phone, person.email) == ("+12065550100", "ada@example.com")


def test_cash_on_delivery_is_booked_as_of_the_order() -> None:
    """It is paid at the door, and on its way before."""
    (booked,) = facts(order("processing", NOW, date_paid_gmt=None, payment_method="cod"))
    assert booked.occurred_at == NOW


def test_a_guest_is_no_one_human_and_a_gift_is_not_told_of() -> None:
    """All guests have the number 0; the number at somebody else's address is theirs."""
    assert customer(customer_id=0).reference is None
    billing = {"first_name": "Ada", "last_name": "Park", "country": "US"}
    gift = {"first_name": "Bo", "last_name": "Li", "phone": "+12065550199"}
    assert customer(billing=billing, shipping=gift).phone is None
    own = {**billing, "phone": "2065550123"}
    assert customer(billing=billing, shipping=own).phone == "+12065550123"
    assert customer(billing={**billing, "phone": "none", "email": "x"}).email is None


@pytest.mark.parametrize("status", [*STATUSES, "a-status-of-a-plugin"])
def test_each_status_moves_the_order_or_nothing(status: str) -> None:
    """A status of a plugin that we don't know moves nothing and is no error."""
    fact = STATUSES.get(status)
    body = order(status, NOW, date_modified_gmt=local(NOW + HOUR))
    if fact is None:
        assert why_ignored(body) == f"{status} is no news of its delivery"
        return
    *booked, event = facts(body)
    assert event.type is fact
    assert event.occurred_at == NOW + HOUR
    assert (event.by, event.reason) == (None, None)
    known_by = [] if fact in (FactType.BOOKED, FactType.CANCELLED) else [FactType.BOOKED]
    assert [one.type for one in booked] == known_by, "an order of which we never heard"
    assert all(one.booking == facts(order("processing", NOW))[0].booking for one in booked)


@pytest.mark.parametrize(
    ("stated", "shop"),
    [
        ("http://shop.example/", "shop.example"),
        ("https://www.Shop.example", "shop.example"),
        ("https://shop.example/second/", "shop.example/second"),
        ("", None),
        (None, None),
    ],
)
def test_a_shop_is_known_by_its_address(stated: str | None, shop: str | None) -> None:
    """One that moves to HTTPS is the same; of two below one address each is its own."""
    headers = {} if stated is None else {"x-wc-webhook-source": stated}
    assert ADAPTER.account(Incoming(headers, b"{}")) == shop


@pytest.mark.parametrize("status", ["shipped", "partial-shipped", "delivered", "ready-pickup"])
def test_a_status_is_as_old_as_the_last_change_and_may_be_said_again(status: str) -> None:
    """A note on the order has it say the same once more, hours after a carrier said otherwise."""
    (*_, said) = facts(order(status, NOW, date_modified_gmt=local(NOW + HOUR)))

    assert said.stands_as == StandsAs(status)


def test_an_order_that_is_called_off_anew_is_news() -> None:
    """It may have been reinstated meanwhile."""
    (said,) = facts(order("cancelled", NOW))

    assert said.stands_as is None


@pytest.mark.parametrize("status", ["completed", "shipped", "delivered", "ready-pickup"])
@pytest.mark.parametrize(("days", "books"), [(30, True), (31, False)])
def test_what_was_sent_long_ago_is_not_booked_for_a_note(
    status: str, days: int, books: bool
) -> None:
    """Sent and changed again within a month it may be news; last year's orders owe nobody any."""
    changed_at = NOW + timedelta(days=days)
    body = order(status, NOW, **DONE) | {"date_modified_gmt": local(changed_at)}
    found = [event.type for event in facts(body)]
    assert (FactType.BOOKED in found) is books
    assert len(found) == 1 + books


def test_a_completed_order_was_shipped_when_it_was_completed() -> None:
    """However often it is changed afterwards; nobody says that it arrived."""
    _, event = facts(order("completed", NOW, **DONE))
    assert (event.type, event.occurred_at) == (FactType.SHIPPED, NOW + HOUR)


def test_a_completed_order_that_is_collected_was_handed_over() -> None:
    """WooCommerce calls it fulfilled, and it was never on its way."""
    for method in ("local_pickup", "pickup_location"):
        body = order("completed", NOW, **DONE, shipping_lines=[{"method_id": method}])
        _, event = facts(body)
        assert (event.type, event.occurred_at) == (FactType.DELIVERED, NOW + HOUR)


def test_money_given_back_is_no_cancellation_of_what_was_sent() -> None:
    """Of an order that never was completed it is one."""
    assert facts(order("refunded", NOW))[0].type is FactType.CANCELLED
    assert why_ignored(order("refunded", NOW, **DONE)) == "refunded is no news of its delivery"


def test_an_order_that_was_never_paid_is_neither_booked_nor_called_off() -> None:
    """Abandoned orders are cancelled by the shop; nobody waits for them."""
    unpaid = order("cancelled", NOW, date_paid_gmt=None)
    assert why_ignored(unpaid) == "called off before it was paid, and so never booked"
    assert facts({**unpaid, "payment_method": "cod"})[0].type is FactType.CANCELLED


def test_an_order_on_hold_stands_once_it_was_paid() -> None:
    """So one that was called off is on again; before that its payment is awaited."""
    assert facts(order("on-hold", NOW))[0].booking == facts(order("processing", NOW))[0].booking
    assert why_ignored(order("on-hold", NOW, date_paid_gmt=None)) == "its payment is awaited"


@pytest.mark.parametrize("status", [status for status, fact in STATUSES.items() if fact])
def test_what_is_not_called_off_takes_back_that_it_was(status: str) -> None:
    """As of when the order was last changed; a cancellation takes nothing back."""
    for event in facts(order(status, NOW, date_modified_gmt=local(NOW + HOUR))):
        called_off = STATUSES[status] is FactType.CANCELLED
        assert event.stands_at == (None if called_off else NOW + HOUR)


def test_an_order_of_which_nothing_is_sent_is_not_booked() -> None:
    """Downloads have neither a method nor an address."""
    nothing: dict[str, Any] = {"shipping_lines": [], "shipping": {"address_1": ""}}
    assert why_ignored(order("processing", NOW, **nothing)) == "nothing of it is sent"
    assert facts(order("processing", NOW, shipping_lines=[]))


@pytest.mark.parametrize("status", ["processing", "completed", "shipped", "partial-shipped"])
def test_each_tracking_code_is_a_parcel(status: str) -> None:
    """The order gets it, shipped on the day that the plugin names and not before its order."""
    items = (
        {"tracking_number": "1z 999", "tracking_provider": "UPS", "date_shipped": "1795478400"},
        {"tracking_number": "B", "custom_tracking_provider": "Van", "date_shipped": 1795564800},
        {"tracking_number": "b", "tracking_provider": "Van", "date_shipped": "2026-11-25"},
        {"tracking_number": ""},
        {"tracking_number": "C"},
    )
    body = order(status, NOW, **DONE, meta_data=tracked(*items))

    shipped = [fact for fact in facts(body) if fact.type is FactType.SHIPPED]

    assert [fact.parcel for fact in shipped] == ["1Z999", "B", "C"]
    assert [fact.occurred_at for fact in shipped] == [
        datetime(2026, 11, 24, tzinfo=UTC),
        datetime(2026, 11, 25, tzinfo=UTC),
        NOW + HOUR,
    ]
    assert shipped[0].adds_parcel == BookedParcel(carrier="UPS", tracking_code="1Z999")
    assert shipped[0].join == ByReference("727")


def test_a_parcel_is_not_shipped_before_it_was_ordered() -> None:
    """A day of shipping is a midnight, which lies before an order of the same day."""
    item = {"tracking_number": "A", "date_shipped": "2026-11-23"}
    _, shipped = facts(order("completed", NOW, **DONE, meta_data=tracked(item)))
    assert shipped.occurred_at == NOW


@pytest.mark.parametrize(
    ("key", "value", "day"),
    [
        ("lpac_dps_delivery_date", "2026-11-27", date(2026, 11, 27)),
        ("jckwds_date_ymd", "20261127", date(2026, 11, 27)),
        ("_delivery_date", "2026-11-27", date(2026, 11, 27)),
        ("Delivery Date", "27 November, 2026", None),
        ("jckwds_date", "11/12/2026", None),
        ("_order_stock_reduced", "yes", None),
    ],
)
def test_a_day_is_promised_only_where_the_order_states_one(
    key: str, value: str, day: date | None
) -> None:
    """WooCommerce has none of its own; plugins keep theirs in the order's meta data."""
    body = order("processing", NOW, meta_data=[{"key": key, "value": value}])
    (booked,) = facts(body)
    assert booked.booking is not None
    assert booked.booking.window == (LocalDay(day) if day else None)


@pytest.mark.parametrize(
    ("topic", "why"),
    [
        ("order.deleted", "put in the trash, which does not say whether it is still sent"),
        ("product.updated", "product.updated is not about an order"),
        ("action.woocommerce_x", "action.woocommerce_x is not about an order"),
    ],
)
def test_what_is_not_an_orders_status_is_nothing_for_us(topic: str, why: str) -> None:
    """A deleted order comes as its bare id, which may be another order's number."""
    assert why_ignored({"id": 727}, topic) == why


@pytest.mark.parametrize(
    ("topic", "body", "field"),
    [
        ("", order("processing", NOW), "X-WC-Webhook-Topic"),
        ("order.updated", order("processing", NOW, number=None), "number"),
        ("order.updated", {"code": "woocommerce_rest_cannot_view"}, "number"),
        ("order.updated", {**order("processing", NOW), "status": 7}, "status"),
    ],
)
def test_what_cant_be_read_names_its_field(topic: str, body: dict[str, Any], field: str) -> None:
    """A failed delivery says what to mend, and nobody's name."""
    with pytest.raises(Untranslatable) as caught:
        translate(delivered(body, topic))
    assert str(caught.value).startswith(f"{field}: ")
    assert "Ada" not in str(caught.value)


def test_no_value_in_a_body_crashes_the_translator() -> None:
    """Whatever stands where something else was meant: facts, ignored, or a sentence."""
    item = {"tracking_number": "A", "tracking_provider": "UPS", "date_shipped": "1795478400"}
    meta = [*tracked(item), {"key": "delivery_date", "value": "2026-11-27"}]
    for status in ("processing", "completed", "refunded"):
        for odd in oddities(order(status, NOW, **DONE, meta_data=meta)):
            try:
                answer = translate(delivered(odd))
            except Untranslatable:
                continue
            assert answer
