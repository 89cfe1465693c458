"""A parcel that a tracker tells of ends alike, however its news arrive."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from notifier.services import Services
from notifier.sources_admin import add_source
from notifier.store.engine import reading
from notifier.store.tables import Job, Message, Source
from notifier.webhooks_in import receive
from tests.sources import aftership_events, shipengine_events, shippo_events
from tests.webhooks.deliveries import HOUR, book_order, delivery, translate_all

JSON = "application/json"
SECRET = "a secret of the tracker's"

Headers = dict[str, str]


def _aftership(code: str, now: datetime) -> list[tuple[Headers, bytes]]:
    def event(tag: str, hours_ago: int, **msg: Any) -> tuple[Headers, bytes]:
        at = now - hours_ago * HOUR
        made = aftership_events.tracking_event(
            tag,
            at,
            tracking_number=code,
            checkpoints=[aftership_events.checkpoint(tag, at.isoformat())],
            **msg,
        )
        body = aftership_events.body_of({**made, "event_id": f"{code}-{hours_ago}"})
        return {"Aftership-Hmac-Sha256": aftership_events.sign(SECRET, body)}, body

    after = (now + timedelta(days=2)).date().isoformat()
    return [
        event("InfoReceived", 40),
        event("InTransit", 30),
        event("Exception", 20, subtag_message="Delayed (Extreme weather)"),
        event("InTransit", 18, event="edd_revise", expected_delivery=after),
        event("OutForDelivery", 5),
        event("AttemptFail", 4),
        event("OutForDelivery", 2),
        event("Delivered", 1),
    ]


def _shippo(code: str, now: datetime) -> list[tuple[Headers, bytes]]:
    def event(status: str, hours_ago: int, **said: Any) -> tuple[Headers, bytes]:
        made = shippo_events.track_updated(status, now - hours_ago * HOUR, code=code, **said)
        body = shippo_events.body_of(made)
        return {"Shippo-Auth-Signature": shippo_events.sign(SECRET, body, now)}, body

    after = (now + timedelta(days=2)).date().isoformat()
    return [
        event("PRE_TRANSIT", 40),
        event("TRANSIT", 30, substatus="package_accepted"),
        event("TRANSIT", 20, substatus="delayed"),
        event("TRANSIT", 18, substatus="package_departed", eta=f"{after}T00:00:00Z"),
        event("TRANSIT", 5, substatus="out_for_delivery"),
        event("TRANSIT", 4, substatus="notice_left"),
        event("TRANSIT", 2, substatus="out_for_delivery"),
        event("DELIVERED", 1, substatus="delivered"),
    ]


def _shipengine(code: str, now: datetime) -> list[tuple[Headers, bytes]]:
    scans: list[dict[str, Any]] = []

    def event(
        status: str, minutes_ago: int, *, detail: str | None = None, **data: Any
    ) -> tuple[Headers, bytes]:
        at = (now - timedelta(minutes=minutes_ago)).isoformat()
        scans.insert(0, shipengine_events.scan(status, at, detail=detail))
        made = shipengine_events.track_event(*scans, code=code, **data)
        return {"X-Webhook-Token": SECRET}, shipengine_events.body_of(made)

    after = (now + timedelta(days=2)).date().isoformat()
    return [
        event("AC", 2400, detail="ELEC_ADVICE_RECD_BY_CARRIER"),
        event("AC", 1800, detail="PICKED_UP"),
        event("EX", 1200, detail="CARRIER_DELAYS"),
        event("IT", 1080, detail="HUB_SCAN_OUT", estimated_delivery_date=f"{after}T00:00:00"),
        event("IT", 300, detail="OUT_FOR_DELIVERY"),
        event("AT", 240),
        event("IT", 120, detail="OUT_FOR_DELIVERY"),
        event("DE", 60, detail="DELIVERED"),
        event("DE", 59, detail="DELIVERED"),
    ]


_TRACKERS: dict[str, Callable[[str, datetime], list[tuple[Headers, bytes]]]] = {
    "aftership": _aftership,
    "shippo": _shippo,
    "shipengine": _shipengine,
}


@pytest.mark.parametrize("kind", _TRACKERS)
def test_any_order_and_any_number_of_repeats_end_alike(
    services: Services, brand: UUID, kind: str
) -> None:
    """Shuffled, each up to three times, before the order and after it: delivered, and said once."""
    add_source(services, brand, kind, kind, SECRET)
    shuffle = random.Random(5)
    outcomes = []
    for number in range(8):
        code = f"1ZSHUFFLE{number:04}"
        way = _TRACKERS[kind](code, services.now())
        sequence = [one for one in way for _ in range(shuffle.randint(1, 3))]
        if number:
            shuffle.shuffle(sequence)
        booked_at = shuffle.randrange(len(sequence)) if number else 0
        for position, (headers, body) in enumerate(sequence):
            if position == booked_at:
                job_id = book_order(services, brand, code, reference=f"ORD-{number}")
            receive(services, kind, headers, body)
            if shuffle.random() < 0.3:
                translate_all(services)
        translate_all(services)
        outcomes.append(_outcome(services, job_id))
    assert all(outcome == outcomes[0] for outcome in outcomes)
    status, _, owed = outcomes[0]
    assert status == "delivered"
    assert [rule for rule, _ in owed].count("order_delivered") == 1


def test_a_token_in_the_address_is_checked_and_not_kept(
    client: FlaskClient, services: Services, brand: UUID
) -> None:
    """Shippo posts to `…?token=…`: it proves who posts, and is in no row of the journal."""
    add_source(services, brand, "shippo", "shippo", "se-cret")
    body = shippo_events.body_of(shippo_events.track_updated("TRANSIT", services.now()))

    refused = client.post("/webhooks/in/shippo?token=other", data=body, content_type=JSON)
    taken = client.post("/webhooks/in/shippo?token=se-cret", data=body, content_type=JSON)

    assert (refused.status_code, taken.status_code) == (401, 200)
    kept = delivery(services, UUID(taken.get_json()["delivery"]))
    assert kept.headers is not None
    with reading(services.sessions) as session:
        key = session.get_one(Source, kept.source_id).key
    assert services.vault.open(key, kept.headers) == "{}"


def _outcome(services: Services, job_id: UUID) -> tuple[str, str, list[tuple[str, str]]]:
    """Return what the order came to: status, expectation, and the messages still owed."""
    with reading(services.sessions) as session:
        row = session.get_one(Job, job_id)
        messages = session.scalars(
            select(Message).where(
                Message.job_id == job_id, Message.status.in_(["planned", "ready"])
            )
        )
        return (
            row.status,
            json.dumps([row.expected, row.late, row.reason]),
            sorted((one.rule, one.channel) for one in messages),
        )
