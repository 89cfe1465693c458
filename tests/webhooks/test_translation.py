"""What a delivery says becomes facts of its job; what makes no sense fails with its field."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from notifier.domain.deliveries import DeliveryStatus
from notifier.domain.facts import FactSource, FactType
from notifier.domain.windows import local_date
from notifier.errors import Invalid
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Delivery, Job, Parcel
from notifier.webhooks.receiving import (
    receive,
    translate_received,
)
from notifier.webhooks.set_up import add_source
from tests.sources import generic_events
from tests.sources.easypost_events import Parcel as OnItsWay
from tests.sources.easypost_events import body_of
from tests.sources.samples import needs_samples, sample_bytes, sample_json
from tests.webhooks.deliveries import (
    CODE,
    HOUR,
    book_order,
    book_visit,
    delivery,
    facts_of,
    job,
    push,
    push_ours,
    signed,
    translate_all,
)

LA = ZoneInfo("America/Los_Angeles")


def test_a_scan_moves_the_parcel_and_its_order(services: Services, brand: UUID) -> None:
    """Out for delivery, written in lower case with blanks, at its scan's own time."""
    job_id = book_order(services, brand, CODE)
    scanned_at = services.now() - HOUR
    delivery_id = push(
        services,
        OnItsWay(code=" 1z999aa1 0123456784").scanned("out_for_delivery", scanned_at),
    )

    assert translate_received(services) == 1

    assert delivery(services, delivery_id).status == DeliveryStatus.APPLIED
    assert job(services, job_id).status == "out_for_delivery"
    (fact,) = facts_of(services, job_id)
    assert (fact.source, fact.occurred_at) == (FactSource.CARRIER, scanned_at)
    with reading(services.sessions) as session:
        parcel = session.scalars(select(Parcel)).one()
    assert parcel.status == "out_for_delivery"


def test_an_estimate_moves_expected_to_that_day_at_the_place(
    services: Services, brand: UUID
) -> None:
    """The carrier's new date becomes the whole local day of the order's place."""
    job_id = book_order(services, brand, CODE)
    later = datetime(2026, 11, 27, tzinfo=ZoneInfo("UTC"))
    push(services, OnItsWay(code=CODE).scanned("in_transit", services.now(), estimate=later))

    translate_all(services)

    row = job(services, job_id)
    assert row.late
    assert row.ends_at is not None
    assert local_date(row.ends_at, LA).isoformat() == "2026-11-27"


def test_a_booking_by_webhook_makes_the_job_once(services: Services, brand: UUID) -> None:
    """The same booking under another id is the same job; another one is a failed delivery."""

    def booking(service: str) -> bytes:
        start = services.now() + 2 * HOUR
        return generic_events.event(
            "appointment.booked",
            services.now(),
            reference="JOB-9",
            service=service,
            technician="Sam",
            window={"start": start.isoformat(), "end": (start + HOUR).isoformat()},
            place={"time_zone": "America/Los_Angeles"},
            customer={"name": "Ada Park", "phone": "+12065550100"},
        )

    first = push_ours(services, booking("Boiler repair"), "msg_1")
    again = push_ours(services, booking("Boiler repair"), "msg_2")
    other = push_ours(services, booking("Roof repair"), "msg_3")
    translate_all(services)

    assert delivery(services, first).status == DeliveryStatus.APPLIED
    assert delivery(services, again).status == DeliveryStatus.APPLIED
    assert delivery(services, other).status == DeliveryStatus.FAILED
    with reading(services.sessions) as session:
        (only,) = session.scalars(select(Job)).all()
    assert (only.reference, only.service) == ("JOB-9", "Boiler repair")


def test_a_body_that_makes_no_sense_fails_with_its_field_and_is_kept(
    services: Services, brand: UUID
) -> None:
    """Signed, but with a field that does not exist: kept, with the reason, and no fact."""
    job_id = book_visit(services, brand)
    delivery_id = push_ours(
        services,
        generic_events.event("appointment.delayed", services.now(), reference="JOB-1", minuts=45),
    )

    translate_all(services)

    row = delivery(services, delivery_id)
    assert row.status == DeliveryStatus.FAILED
    assert row.why is not None
    assert row.why.startswith("data.minuts: is not known here.")
    assert row.body is not None
    assert not facts_of(services, job_id)


def test_an_order_event_about_a_visit_fails(services: Services, brand: UUID) -> None:
    """The reference is known, and it is no order."""
    book_visit(services, brand)
    delivery_id = push_ours(
        services, generic_events.event("order.delivered", services.now(), reference="JOB-1")
    )
    translate_all(services)
    assert delivery(services, delivery_id).status == DeliveryStatus.FAILED


def test_a_translator_that_crashes_leaves_only_its_name(
    services: Services, brand: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text of an unforeseen exception may quote the body, so it is not kept."""
    from notifier.sources.registry import adapters

    def crash(_incoming: object) -> Any:
        raise KeyError("Ada Park, +12065550100")

    broken = replace(adapters()["easypost"], translate=crash)
    monkeypatch.setitem(adapters(), "easypost", broken)
    delivery_id = push(services, OnItsWay(code=CODE).scanned("delivered", services.now()))

    translate_all(services)

    row = delivery(services, delivery_id)
    assert (row.status, row.why) == (DeliveryStatus.FAILED, "KeyError")


def test_two_parcels_make_an_order_whole(services: Services, brand: UUID) -> None:
    """One parcel is there, the other is not: the order is delivered with the second."""
    job_id = book_order(services, brand, "AAA1", "BBB2")
    push(services, OnItsWay(code="AAA1").scanned("delivered", services.now() - HOUR))
    translate_all(services)
    assert job(services, job_id).status != "delivered"

    push(services, OnItsWay(code="BBB2").scanned("delivered", services.now() - HOUR / 2))
    translate_all(services)
    assert job(services, job_id).status == "delivered"


def test_two_orders_in_one_parcel_both_hear_of_it(services: Services, brand: UUID) -> None:
    """Whoever came first or last, and however often it is said."""
    orders = [book_order(services, brand, "AAA1", reference=f"ORD-{nth}") for nth in range(2)]
    parcel = OnItsWay(code="AAA1")
    for status, ago in (("in_transit", 2 * HOUR), ("delivered", HOUR), ("delivered", HOUR)):
        push(services, parcel.scanned(status, services.now() - ago))
        translate_all(services)
        assert {job(services, one).status for one in orders} == {status}


@needs_samples
def test_the_signed_sample_passes_through_unchanged(services: Services, brand: UUID) -> None:
    """EasyPost's own signed bytes are taken as they are, and wait for their order."""
    vector = sample_json("vectors/easypost.json")["cases"][0]
    add_source(services, brand, "vector", "easypost", vector["secret"], live=True)
    body = sample_bytes("payloads/easypost/tracker_updated_in_transit_fedex_signed.json")

    received = receive(services, "vector", {"X-Hmac-Signature": vector["signature"]}, body)
    translate_all(services)

    assert delivery(services, received.delivery_id).status == DeliveryStatus.WAITING


def test_mutated_bodies_are_refused_or_settled(services: Services, brand: UUID) -> None:
    """Three hundred damaged events, well signed: no exception, and none is left over."""
    damage = random.Random(7)
    book_order(services, brand, CODE)
    refused = 0
    for _ in range(300):
        event = OnItsWay(code=CODE).scanned("in_transit", services.now(), estimate=services.now())
        body = bytearray(body_of(event))
        for _ in range(damage.randint(1, 4)):
            body[damage.randrange(len(body))] = damage.choice(b'"{}[]:,0\\ue\x00\xff')
        try:
            receive(services, "easypost", signed(bytes(body)), bytes(body))
        except Invalid:
            refused += 1
    translate_all(services)

    with reading(services.sessions) as session:
        statuses = list(session.scalars(select(Delivery.status)))
    assert 0 < refused < 300
    assert DeliveryStatus.RECEIVED not in statuses


def test_facts_of_one_parcel_are_typed_as_its_carrier_said(services: Services, brand: UUID) -> None:
    """A failed attempt and its new date are two facts of the carrier's, each once."""
    job_id = book_order(services, brand, CODE)
    event = OnItsWay(code=CODE).scanned(
        "failure",
        services.now() - HOUR,
        detail="delivery_exception",
        estimate=services.now() + timedelta(days=1),
    )
    for _ in range(3):
        push(services, event)
        translate_all(services)
    assert [fact.type for fact in facts_of(services, job_id)] == [
        FactType.ATTEMPTED,
        FactType.DELAYED,
    ]
