"""An order's story, as its carrier's events tell it: nobody in the business says a word."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.journeys.product import Job, Product, hours
from tests.sources.easypost_events import Parcel
from tests.sources.samples import SAMPLES, needs_samples

CODE = "1Z999AA10123456784"
PROMISED = {"start": "2026-11-24T16:00:00Z", "end": "2026-11-25T02:00:00Z"}
FRIDAY = datetime(2026, 11, 27, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def given_order(product: Product, **changes: Any) -> tuple[Job, Parcel]:
    """Book an order promised for tomorrow, 24 November, and return it with its parcel."""
    job = product.book_quietly("orders", **changes)
    return job, Parcel(code=CODE)


def test_an_order_is_followed_by_its_parcels_events(product: Product) -> None:
    """Under way, late, out for delivery, there: each told once, and the new date before it."""
    job, parcel = given_order(product)

    product.push(parcel.scanned("pre_transit", product.clock.advance(minutes=5)))
    assert product.new_texts() == []
    product.push(parcel.scanned("in_transit", product.clock.advance(hours=1)))
    assert product.new_texts() == []

    late = parcel.updated(
        "in_transit", product.clock.advance(hours=1), detail="weather_delay", estimate=FRIDAY
    )
    product.push(late)
    assert product.new_texts() == []  # a carrier may correct itself
    product.wait(minutes=1)
    text = product.new_text()
    assert "Fri 27 Nov" in text["body"]
    assert "not Tue 24 Nov" in text["body"]
    assert product.told(job) == PROMISED
    product.report(text)
    assert product.told(job)["end"] > PROMISED["end"]
    assert product.job(job)["late"]

    product.move_to("27 17:00")
    product.push(parcel.scanned("out_for_delivery", product.clock()))
    product.report(product.new_text())
    product.push(parcel.scanned("delivered", product.clock.advance(hours=4)))
    product.report(product.new_text())

    assert product.job(job)["status"] == "delivered"
    assert [m["rule"] for m in product.messages(job) if m["status"] == "delivered"] == [
        "order_confirmed",
        "order_delayed",
        "out_for_delivery",
        "order_delivered",
    ]


def test_events_that_come_twice_or_too_late_change_nothing(product: Product) -> None:
    """Carriers repeat themselves and send the past after the present."""
    job, parcel = given_order(product)
    early = parcel.scanned("in_transit", product.clock.advance(hours=1))
    out = parcel.scanned("out_for_delivery", product.clock.advance(hours=2))
    product.push(out)
    product.report(product.new_text())

    product.push(out)
    product.push(early)
    again = parcel.updated("out_for_delivery", product.clock.advance(minutes=9))
    product.push(again)

    assert product.new_texts() == []
    assert product.job(job)["status"] == "out_for_delivery"


def test_an_earlier_date_owes_nothing(product: Product) -> None:
    """Orders are never offered: good news comes with the next message."""
    job, parcel = given_order(product, window=hours("16:00", "23:00", day=27))

    sooner = datetime(2026, 11, 25, tzinfo=UTC)
    product.push(parcel.scanned("in_transit", product.clock.advance(hours=1), estimate=sooner))

    assert product.new_texts() == []
    assert product.told(job) == hours("16:00", "23:00", day=27)


def test_an_order_that_is_not_there_on_its_day_gets_an_apology(product: Product) -> None:
    """Silence is watched by the engine: nobody said that it would be late, and it is."""
    job, parcel = given_order(product)
    product.push(parcel.scanned("in_transit", product.clock.advance(hours=1)))
    product.new_texts()

    product.move_to("25 01:59")
    assert product.new_texts() == []
    product.move_to("25 17:00")

    assert "sorry" in product.new_text()["body"].lower()
    assert [m["rule"] for m in product.messages(job)][-1] == "order_not_here"


def test_a_forged_event_moves_nothing(product: Product) -> None:
    """Signed with another secret: refused, and nothing is kept of it."""
    job, parcel = given_order(product)
    body = json.dumps(parcel.scanned("delivered", product.clock())).encode()

    answer = product.app.test_client().post(
        "/webhooks/in/easypost",
        data=body,
        headers={"X-Hmac-Signature": "hmac-sha256-hex=" + "0" * 64},
        content_type="application/json",
    )

    assert answer.status_code == 401
    assert product.job(job)["status"] == "ordered"


@needs_samples
def test_the_real_samples_pass_beside_it_unchanged(product: Product) -> None:
    """Captured events of other parcels are taken byte for byte and move nobody's order."""
    job, parcel = given_order(product)
    before = product.job(job)
    for path in sorted((SAMPLES / "payloads" / "easypost").glob("*.json")):
        product.push_body(path.read_bytes())

    assert product.new_texts() == []
    assert product.job(job) == before

    product.push(parcel.scanned("out_for_delivery", product.clock.advance(hours=1)))
    assert len(product.new_texts()) == 1
