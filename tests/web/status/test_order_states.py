"""What the page says of an order in each state: never against what they were told, or is known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from notifier.domain.facts import FactType
from notifier.domain.reasons import Party
from notifier.domain.windows import Window
from notifier.parcels import NewParcel
from notifier.services import Services
from notifier.store.tables import Brand
from tests.fakes.clock import FakeClock
from tests.web.pages import (
    WINDOW,
    deliver,
    given_order,
    press,
    show,
)
from tests.web.stories import Story, at

NEXT = "You hear from us next"


Ordered = Callable[..., Story]


@pytest.fixture
def ordered(client: FlaskClient, services: Services, brand: Brand, clock: FakeClock) -> Ordered:
    """Return a maker of orders, promised for today until 6 in the evening."""

    def make(**changes: Any) -> Story:
        job = given_order(services, brand.id, **changes)
        deliver(services)
        return Story(services, brand.id, client, clock, job)

    return make


def test_an_order_that_does_not_come(ordered: Ordered) -> None:
    """On its way, out, its day over, told so: from then on *I have it* is on the page."""
    order = ordered()
    order.shows("Your order is planned for today", never=("I have it",))
    order.say(FactType.IN_TRANSIT)
    order.shows("It comes today", never=("I have it",))
    order.move("17:59")
    order.clock.set(at("18:00"))
    order.shows("We see no delivery yet", "Do you have it?", "I have it", never=("It comes today",))
    order.move("18:01")
    order.say(FactType.OUT_FOR_DELIVERY)
    order.shows("Out for delivery", never=("We see no delivery", "None"))
    order.say(FactType.IN_TRANSIT)
    order.shows(
        "We see no delivery yet",
        "It was to come today",
        "I have it",
        f"{NEXT} by",
        never=("We now expect", "on its way: today", "late"),
    )
    assert order.struck_out() == []  # it was promised, whatever is believed since
    assert press(order.client, order.link, "here") == 303
    order.shows("Delivered", never=(NEXT, "We see no delivery"))


def test_an_order_that_comes_sooner(ordered: Ordered) -> None:
    """The carrier says a day earlier: nothing is owed, and the page has one date, not two."""
    order = ordered(window=Window(WINDOW.start + timedelta(days=3), WINDOW.end + timedelta(days=3)))
    order.say(FactType.IN_TRANSIT, expected=WINDOW.shifted(2 * 24 * 60))
    order.shows(
        "It comes sooner than promised: Wed, Nov 25",
        "We now expect Wed, Nov 25",
        never=("as promised", "The time moved"),
    )


def test_what_is_out_is_not_said_to_come_on_a_later_day(ordered: Ordered) -> None:
    """Out on Monday, with the Thursday still that was promised: who reads Thursday is not in."""
    order = ordered(
        window=Window(WINDOW.start + timedelta(days=3), WINDOW.end + timedelta(days=3)),
        parcels=(
            NewParcel(carrier="UPS", tracking_code="DEMO0001"),
            NewParcel(carrier="USPS", tracking_code="DEMO0002"),
        ),
    )
    order.say(FactType.IN_TRANSIT, parcel="DEMO0001")
    order.say(FactType.OUT_FOR_DELIVERY, parcel="DEMO0002")
    order.shows("Parcel 2, USPS out for delivery", never=("out for delivery: ",))
    order.say(FactType.OUT_FOR_DELIVERY, parcel="DEMO0001")
    order.shows("Out for delivery", never=("Out for delivery Thu", "We now expect", "delivery: "))


def test_an_order_without_a_date(ordered: Ordered) -> None:
    """No date was ever given: nothing is said to have been promised, whatever its status."""
    order = ordered(window=None)
    order.shows("We have your order", never=("We promised", "None"))
    order.say(FactType.SHIPPED)
    order.shows("Your order is on its way", never=("We have your order", "None", "We promised"))
    order.say(FactType.OUT_FOR_DELIVERY)
    order.shows("Out for delivery", "I have it", never=("None",))


@pytest.mark.parametrize(
    ("fact", "says"),
    [
        (FactType.EXCEPTION, "Something is wrong with the delivery"),
        (FactType.ATTEMPTED, "Delivery was attempted"),
        (FactType.READY_FOR_PICKUP, "Ready for you to pick up"),
        (FactType.NOT_RECEIVED, "You told us that it did not arrive"),
    ],
)
def test_what_went_wrong_has_no_old_date(ordered: Ordered, fact: FactType, says: str) -> None:
    """The day that was promised is no day to wait for; one that is said since is."""
    order = ordered()
    order.say(fact)
    order.shows(says, "I have it", never=("We now expect", ": today"))
    assert show(order.client, order.link).count("today") == 1  # what we promised
    order.say(FactType.DELAYED, expected=WINDOW.shifted(24 * 60))
    if fact is not FactType.READY_FOR_PICKUP:
        order.shows(says, "We now expect tomorrow", "1 day later than promised")


def test_each_parcel_says_its_own(ordered: Ordered) -> None:
    """One was attempted, the other is not sent: neither is said of both."""
    order = ordered(
        parcels=(
            NewParcel(carrier="UPS", tracking_code="DEMO0001"),
            NewParcel(carrier="USPS", tracking_code="DEMO0002"),
        )
    )
    order.say(FactType.ATTEMPTED, parcel="DEMO0001")
    order.shows(
        "Parcel 1, UPS delivery was attempted",
        "Parcel 2, USPS not sent yet: today",
        "I have all of it",
        never=("attempted: ",),
    )


@pytest.mark.parametrize("by", [Party.US, Party.CUSTOMER, Party.UNKNOWN])
def test_an_order_called_off(ordered: Ordered, by: Party) -> None:
    """Sorry is said for what we called off; its date is struck out."""
    order = ordered()
    order.say(FactType.CANCELLED, by=by)
    order.shows("This order was cancelled", never=("We now expect", NEXT, "I have it"))
    assert ("sorry" in show(order.client, order.link)) is (by is Party.US)
    assert order.struck_out() == ["today"]


def test_an_order_on_its_way_back(ordered: Ordered) -> None:
    """As the text has it: on its way back, and what can be done about it."""
    order = ordered()
    order.say(FactType.RETURNED)
    order.shows(
        "Your order is on its way back to us",
        "send it again",
        "Call me",
        never=("went back", "We now expect", "I have it"),
    )


def test_a_window_until_midnight_is_of_the_day_that_ends(ordered: Ordered) -> None:
    """Texts say *today*: so does the page, and *by* where a delivery may come sooner."""
    order = ordered(window=Window(at("0:00"), at("0:00", day=24)))
    order.shows("planned for today", "We promised today", never=("tomorrow",))
    other = ordered(reference="ORD-2", window=Window(at("0:00"), at("0:00", day=26)))
    other.shows("We promised by Wed, Nov 25")
