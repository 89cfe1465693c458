"""Shopify: what its real deliveries become, and its orders as if they were not called off."""

import re

import pytest

from notifier.sources.protocol import Untranslatable
from notifier.sources.shopify import translate
from tests.sources.in_words import in_words
from tests.sources.samples import SAMPLES, needs_samples, sample_json
from tests.sources.shopify_events import delivered

_JOHN = [
    "  customer: John Smith, +15555557447, jon@example.com, locale en, id 115310627314723950",
]
_AT = ["  at: 123 Shipping Street, Shippington, Kentucky, 40003, United States"]
_JERSEY = [*_JOHN, "  of: Ben Simmons 76's Jersey – Used; Cat Laser Toy", *_AT]
_IPODS = [*_JOHN, "  of: IPod Nano - 8GB; IPod Nano - 8GB", *_AT]

# The order -> when it was last changed, and who bought what: each came as called off.
_ORDERS: dict[str, tuple[str, list[str]]] = {
    "orders_create_2023-01": ("2023-02-21T01:50:03Z", _JERSEY),
    "orders_updated_2023-01": ("2023-02-21T01:50:50Z", _JERSEY),
    "orders_fulfilled_2023-01": ("2023-02-21T01:50:45Z", _JERSEY),
    "orders_create_2024-10": ("2022-01-01T00:00:00Z", _IPODS),
    "orders_updated_2024-10": ("2022-01-01T00:00:00Z", _IPODS),
    "orders_cancelled_2024-10": ("2022-01-01T00:00:00Z", _IPODS),
    "orders_partially_fulfilled_2024-10": ("2022-01-01T00:00:00Z", _IPODS),
}

_EVENT = "fulfillment_events_create_2024-10"

_NAMES_NO_PARCEL = "names no parcel: fulfillments/update says it with one"
_LOCAL = "fulfillment_orders/line_items_prepared_for_local_delivery"

# Everything else -> its topic, and why it is ignored.
_IGNORED: dict[str, tuple[str, str]] = {
    "fulfillments_create_2024-10": ("fulfillments/create", "nothing was sent yet"),
    "fulfillments_update_2024-10": ("fulfillments/update", "nothing was sent yet"),
    **{
        f"{topic.replace('/', '_')}_{version}": (topic, f"{topic} {_NAMES_NO_PARCEL}")
        for topic, version in (
            ("fulfillment_events/delete", "2024-10"),
            (_LOCAL, "2023-01"),
            (_LOCAL, "2024-10"),
            ("fulfillment_orders/line_items_prepared_for_pickup", "2023-01"),
            ("fulfillment_orders/placed_on_hold", "2023-01"),
            ("fulfillment_orders/rescheduled", "2024-10"),
        )
    },
}


def _topic(sample: str) -> str:
    return re.sub(r"_\d.*", "", sample).replace("orders_", "orders/")


@needs_samples
@pytest.mark.parametrize("sample", _ORDERS)
def test_each_real_order_was_called_off(sample: str) -> None:
    """Shopify's test notifications are all of orders that their buyers called off."""
    at, _ = _ORDERS[sample]
    body = sample_json(f"payloads/shopify/{sample}.json")
    assert in_words(translate(delivered(_topic(sample), body))) == [
        f"{at} #9999 cancelled",
        "  by: customer",
    ]


@needs_samples
@pytest.mark.parametrize("sample", _ORDERS)
def test_each_real_order_that_was_not_called_off_is_booked(sample: str) -> None:
    """The same bodies, but for that: who bought what, and where it goes."""
    at, bought = _ORDERS[sample]
    body = {**sample_json(f"payloads/shopify/{sample}.json"), "cancelled_at": None}
    said = in_words(translate(delivered(_topic(sample), body)))
    assert said == [f"{at} #9999 booked", *bought]


@needs_samples
@pytest.mark.parametrize("sample", _IGNORED)
def test_each_other_real_sample_is_nothing_for_us(sample: str) -> None:
    """What Shopify really sent of parcels is of none that was sent, or names none."""
    topic, why = _IGNORED[sample]
    body = sample_json(f"payloads/shopify/{sample}.json")
    assert in_words(translate(delivered(topic, body))) == [f"ignored: {why}"]


@needs_samples
def test_a_real_event_is_of_its_fulfillment() -> None:
    """That has the parcels, and a name by its number."""
    body = sample_json(f"payloads/shopify/{_EVENT}.json")
    assert in_words(translate(delivered("fulfillment_events/create", body))) == [
        "2022-01-01T00:00:00Z fulfillment 123456 in_transit",
    ]


@needs_samples
def test_an_order_as_the_api_answers_it_is_booked() -> None:
    """A webhook's body is what is inside; three of one thing are in it three times."""
    body = sample_json("payloads/shopify/api_fixture_order.json")["order"]
    assert in_words(translate(delivered("orders/create", body))) == [
        "2008-01-10T16:00:00Z #1001 booked",
        "  customer: Bob Norman, +15556251199, bob.norman@hostmail.com, id 207119551",
        "  of: IPod Nano - 8gb; IPod Nano - 8gb; IPod Nano - 8gb",
        "  at: Chestnut Street 92, Louisville, Kentucky, 40202, United States",
    ]


@needs_samples
def test_a_fulfillment_from_before_they_had_names_is_untranslatable() -> None:
    """Of versions before 2018 the order can't be told."""
    body = sample_json("payloads/shopify/api_fixture_fulfillment.json")["fulfillment"]
    with pytest.raises(Untranslatable, match="name"):
        translate(delivered("fulfillments/create", body))


@needs_samples
def test_no_real_sample_is_left_without_an_outcome() -> None:
    """A sample added to the folder must be decided above."""
    found = {path.stem for path in (SAMPLES / "payloads" / "shopify").glob("*.json")}
    fixtures = {_EVENT, "api_fixture_order", "api_fixture_fulfillment"}
    assert found == _ORDERS.keys() | _IGNORED.keys() | fixtures
