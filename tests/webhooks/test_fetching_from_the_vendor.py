"""The key goes to the vendor alone, whatever a body says; what comes back is kept under seal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from notifier.domain.deliveries import DeliveryStatus
from notifier.housekeeping import tidy
from notifier.services import Services
from notifier.sources.protocol import Question
from notifier.store.engine import reading
from notifier.store.tables import Source
from notifier.webhooks.fetching import fetch_due
from notifier.webhooks.set_up import rotate_secret
from notifier.webhooks.vendors import NoAnswer, Trouble
from tests.fakes.clock import FakeClock
from tests.fakes.vendor_server import FakeVendor, Said
from tests.sources.shipstation_events import (
    HOST,
    ORDERS,
    SHIPMENTS,
    order,
    page,
)
from tests.webhooks.deliveries import (
    delivery,
    translate_all,
)
from tests.webhooks.fetching import KEY, point, said, work

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
