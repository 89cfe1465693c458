"""A vendor that has no answer, or refuses one: what is tried again, and what a person hears."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from notifier.domain.deliveries import DeliveryStatus
from notifier.errors import Conflict, Invalid, NotFound
from notifier.services import Services
from notifier.webhooks.fetching import GIVE_UP_AFTER
from notifier.webhooks.health import read_sources
from notifier.webhooks.set_up import add_source, give_key
from notifier.webhooks.unread import replay
from tests.fakes.clock import FakeClock
from tests.fakes.vendor_server import FakeVendor, Said
from tests.sources.shipstation_events import (
    ORDERS,
    SECRET,
    order,
    page,
)
from tests.webhooks.deliveries import (
    delivery,
)
from tests.webhooks.fetching import KEY, point, said, work


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
        " `.venv/bin/flask --app app sources key shipstation`, then read it again.",
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
    assert "`.venv/bin/flask --app app sources key shipstation`" in (row.why or "")
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
