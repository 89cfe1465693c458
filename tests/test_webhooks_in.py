"""Webhooks in, on both databases: journalled before the answer, applied once, nothing lost."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from notifier.booking import NewAppointment, NewOrder, NewParcel, NewPerson, book, book_in
from notifier.domain.deliveries import DeliveryStatus
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import Role
from notifier.domain.windows import Window, local_date
from notifier.errors import Conflict, Invalid, NotFound
from notifier.rendering import Words
from notifier.rulebook import load_rulebook
from notifier.services import Services
from notifier.sources_admin import add_source
from notifier.store.engine import reading
from notifier.store.tables import Brand, Delivery, FactRow, Job, Message, Parcel, Source
from notifier.store.vault import Vault
from notifier.web.problems import answer_with_problems
from notifier.web.webhooks_in import webhooks_in
from notifier.webhooks_in import (
    MAX_BODY_BYTES,
    BodyTooLarge,
    SignatureRefused,
    WrongContentType,
    receive,
    translate_received,
)
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.sources import easypost_events, generic_events
from tests.sources.easypost_events import Parcel as OnItsWay
from tests.sources.easypost_events import body_of
from tests.sources.samples import needs_samples, sample_bytes, sample_json

ROOT = Path(__file__).parents[1]
LA = ZoneInfo("America/Los_Angeles")
SECRET = "a secret of EasyPost's"
CODE = "1Z999AA10123456784"
HOUR = timedelta(hours=1)
BY_API: Any = {"source": FactSource.API, "actor": "key:test"}


@pytest.fixture
def services(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> Services:
    """The services without any provider: nothing is sent here."""
    return Services(
        sessions=sessions,
        now=clock,
        ids=ids,
        vault=Vault("a secret for tests only, long enough"),
        rulebook=load_rulebook(ROOT / "rules"),
        words=Words(ROOT / "templates" / "messages"),
        sms={},
        email={},
        wake=lambda: None,
        public_url="https://notify.example.com",
    )


@pytest.fixture
def brand(services: Services) -> UUID:
    """A live brand with an EasyPost source and one of our own kind."""
    brand_id = services.ids()
    with services.sessions.begin() as session:
        session.add(
            Brand(
                id=brand_id,
                slug="northside",
                name="Northside",
                zone="America/Los_Angeles",
                locale="en",
                phone="+12065550199",
                country="US",
                quiet_from="21:00",
                quiet_until="08:00",
                amends={},
                demo=False,
                live_at=services.now() - timedelta(days=30),
                created_at=services.now() - timedelta(days=30),
            )
        )
    add_source(services, brand_id, "easypost", "easypost", SECRET)
    add_source(services, brand_id, "shop", "generic", generic_events.SECRET)
    return brand_id


def ada() -> tuple[NewPerson, ...]:
    """Return the customer of every job here."""
    return (NewPerson(role=Role.CUSTOMER, name="Ada Park", phone="+12065550100"),)


def book_order(services: Services, brand: UUID, *codes: str, reference: str = "ORD-1") -> UUID:
    """Book an order promised for tomorrow, with a parcel for each code."""
    return book(services, brand, an_order(services, *codes, reference=reference), **BY_API).job_id


def an_order(services: Services, *codes: str, reference: str = "ORD-1") -> NewOrder:
    """Return an order promised for tomorrow, with a parcel for each code."""
    tomorrow = services.now() + timedelta(days=1)
    return NewOrder(
        reference=reference,
        service="Kettle",
        items=("Kettle",),
        parcels=tuple(NewParcel(carrier="UPS", tracking_code=code) for code in codes),
        window=Window(tomorrow, tomorrow + 8 * HOUR),
        zone="America/Los_Angeles",
        address=None,
        people=ada(),
    )


def book_visit(services: Services, brand: UUID, reference: str = "JOB-1") -> UUID:
    """Book a visit two hours from now."""
    start = services.now() + 2 * HOUR
    new = NewAppointment(
        reference=reference,
        service="Boiler repair",
        technician="Sam",
        window=Window(start, start + 2 * HOUR),
        zone="America/Los_Angeles",
        address=None,
        people=ada(),
    )
    return book(services, brand, new, **BY_API).job_id


def push(services: Services, event: dict[str, Any], secret: str = SECRET) -> UUID:
    """Let EasyPost deliver `event`; return the delivery's id."""
    body = body_of(event)
    return receive(services, "easypost", signed(body, secret), body).delivery_id


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """Return the headers that EasyPost sends with `body`."""
    signature = easypost_events.sign(secret, body)
    return {"Content-Type": "application/json", "X-Hmac-Signature": signature}


def push_ours(services: Services, body: bytes, webhook_id: str = "msg_1") -> UUID:
    """Let an integrator deliver one of our own events; return the delivery's id."""
    headers = generic_events.signed(body, at=services.now(), webhook_id=webhook_id)
    return receive(services, "shop", headers, body).delivery_id


def translate_all(services: Services) -> None:
    """Translate until nothing waits for it."""
    while translate_received(services):
        pass


def delivery(services: Services, delivery_id: UUID) -> Delivery:
    """Return the journal's row."""
    with reading(services.sessions) as session:
        return session.get_one(Delivery, delivery_id)


def job(services: Services, job_id: UUID) -> Job:
    """Return the job as it stands."""
    with reading(services.sessions) as session:
        return session.get_one(Job, job_id)


def count(services: Services, table: type[Any]) -> int:
    """Return how many rows `table` has."""
    with reading(services.sessions) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def facts_of(services: Services, job_id: UUID) -> list[FactRow]:
    """Return the facts of a job that a source brought, in order of arrival."""
    with reading(services.sessions) as session:
        return list(
            session.scalars(
                select(FactRow)
                .where(FactRow.job_id == job_id, FactRow.source_id.is_not(None))
                .order_by(FactRow.seq)
            )
        )


# The journal


def test_a_delivery_is_journalled_sealed_before_it_is_answered(
    services: Services, brand: UUID
) -> None:
    """The row is committed as received, and neither body nor headers can be read in it."""
    event = OnItsWay(code=CODE).scanned("in_transit", services.now())

    row = delivery(services, push(services, event))

    assert row.status == DeliveryStatus.RECEIVED
    assert row.received_at == services.now()
    assert row.body is not None
    assert CODE.encode() not in row.body
    with reading(services.sessions) as session:
        source = session.get_one(Source, row.source_id)
    assert services.vault.open(source.key, row.body).encode() == body_of(event)


def test_journalling_wakes_the_translation(services: Services, brand: UUID) -> None:
    """What came in is not left to the next tick."""
    woken: list[int] = []
    awake = replace(services, wake=lambda: woken.append(1))

    push(awake, OnItsWay(code=CODE).scanned("in_transit", services.now()))

    assert woken == [1]


def test_the_same_delivery_again_is_only_counted(services: Services, brand: UUID) -> None:
    """A retry of EasyPost's answers with the same id and adds nothing."""
    event = OnItsWay(code=CODE).scanned("in_transit", services.now())
    body = body_of(event)

    first = receive(services, "easypost", signed(body), body)
    again = receive(services, "easypost", signed(body), body)

    assert (first.repeated, again.repeated) == (False, True)
    assert first.delivery_id == again.delivery_id
    assert delivery(services, first.delivery_id).repeats == 1
    assert count(services, Delivery) == 1


def test_copies_that_arrive_together_are_one_delivery(services: Services, brand: UUID) -> None:
    """Eight threads with the same event: one row, seven repeats, and no error."""
    body = body_of(OnItsWay(code=CODE).scanned("in_transit", services.now()))
    ids: set[UUID] = set()
    errors: list[BaseException] = []

    def deliver() -> None:
        try:
            ids.add(receive(services, "easypost", signed(body), body).delivery_id)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=deliver) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not errors
    assert len(ids) == 1
    assert delivery(services, ids.pop()).repeats == 7


def test_a_second_secret_counts_while_one_is_being_rotated(services: Services, brand: UUID) -> None:
    """The vendor may sign with either until the old one is dropped."""
    with services.sessions.begin() as session:
        source = session.scalars(select(Source).where(Source.name == "easypost")).one()
        source.next_secret = services.vault.seal(source.key, "the next")
    parcel = OnItsWay(code=CODE)

    push(services, parcel.scanned("in_transit", services.now()), "the next")
    push(services, parcel.scanned("in_transit", services.now()), SECRET)

    assert count(services, Delivery) == 2


# Refused, and nothing stored

_GOOD = body_of({"id": "evt_1", "description": "batch.created"})


@pytest.mark.parametrize(
    ("source", "body", "headers", "error"),
    [
        ("easypost", _GOOD, {"X-Hmac-Signature": "hmac-sha256-hex=00"}, SignatureRefused),
        ("easypost", _GOOD, {}, SignatureRefused),
        ("nobody", _GOOD, signed(_GOOD), NotFound),
        ("EASY\x00POST", _GOOD, signed(_GOOD), NotFound),
        ("easypost", b" " * (MAX_BODY_BYTES + 1), {}, BodyTooLarge),
        ("easypost", _GOOD, {**signed(_GOOD), "Content-Type": "text/xml"}, WrongContentType),
        ("easypost", b"{", signed(b"{"), Invalid),
        ("easypost", b"", signed(b""), Invalid),
        ("easypost", b'"\xff"', signed(b'"\xff"'), Invalid),
        ("easypost", b'{"id": NaN}', signed(b'{"id": NaN}'), Invalid),
        ("easypost", b"[" * 100_000, signed(b"[" * 100_000), Invalid),
        ("easypost", b'{"a":' * 9_000 + b"1" + b"}" * 9_000, None, Invalid),
    ],
)
def test_what_is_refused_is_not_stored(
    services: Services,
    brand: UUID,
    source: str,
    body: bytes,
    headers: Mapping[str, str] | None,
    error: type[Exception],
) -> None:
    """Bad signatures, strangers, bombs and noise each have their answer and leave no trace."""
    with pytest.raises(error):
        receive(services, source, signed(body) if headers is None else headers, body)
    assert count(services, Delivery) == 0


def test_a_captured_delivery_is_refused_after_five_minutes(
    services: Services, brand: UUID, clock: FakeClock
) -> None:
    """Our own events sign their time, so a replay past the window is no delivery."""
    body = generic_events.event("appointment.completed", services.now(), reference="JOB-1")
    headers = generic_events.signed(body, at=services.now())
    clock.advance(minutes=5, seconds=1)
    with pytest.raises(SignatureRefused):
        receive(services, "shop", headers, body)
    assert count(services, Delivery) == 0


# Translation


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


def test_an_event_waits_for_its_order_and_is_applied_when_it_is_booked(
    services: Services, brand: UUID
) -> None:
    """A tracker may be faster than the shop: the event waits visibly, then counts."""
    delivery_id = push(
        services, OnItsWay(code=CODE).scanned("out_for_delivery", services.now() - HOUR)
    )
    translate_all(services)
    waiting = delivery(services, delivery_id)
    assert (waiting.status, waiting.why) == (
        DeliveryStatus.WAITING,
        "no order with this tracking code yet",
    )

    job_id = book_order(services, brand, CODE)
    translate_all(services)

    assert delivery(services, delivery_id).status == DeliveryStatus.APPLIED
    assert job(services, job_id).status == "out_for_delivery"


def test_our_own_event_waits_for_its_reference(services: Services, brand: UUID) -> None:
    """A delay that overtakes its booking is applied after it."""
    delivery_id = push_ours(
        services,
        generic_events.event(
            "appointment.delayed", services.now(), reference="JOB-1", minutes=45, reason="traffic"
        ),
    )
    translate_all(services)
    assert delivery(services, delivery_id).status == DeliveryStatus.WAITING

    job_id = book_visit(services, brand)
    translate_all(services)

    row = job(services, job_id)
    assert (row.late, row.reason) == (True, "traffic")


def test_another_brands_order_is_not_moved(services: Services, brand: UUID) -> None:
    """Codes and references are the brand's own: an event of one never touches another's."""
    stranger = services.ids()
    with services.sessions.begin() as session:
        made = session.get_one(Brand, brand)
        copied = {
            column.key: getattr(made, column.key)
            for column in Brand.__table__.columns
            if column.key not in ("id", "slug")
        }
        session.add(Brand(id=stranger, slug="other", **copied))
    job_id = book_order(services, stranger, CODE)

    delivery_id = push(services, OnItsWay(code=CODE).scanned("delivered", services.now()))
    translate_all(services)

    assert delivery(services, delivery_id).status == DeliveryStatus.WAITING
    assert job(services, job_id).status == "ordered"


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
    assert row.why.startswith("data.minuts: there is no such field")
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


def test_old_news_changes_nothing(services: Services, brand: UUID) -> None:
    """A scan that arrives after a newer one is recorded and moves nothing back."""
    job_id = book_order(services, brand, CODE)
    parcel = OnItsWay(code=CODE)
    old = parcel.scanned("in_transit", services.now() - 5 * HOUR)
    new = parcel.scanned("out_for_delivery", services.now() - HOUR)

    push(services, new)
    translate_all(services)
    push(services, old)
    translate_all(services)

    assert job(services, job_id).status == "out_for_delivery"
    assert len(facts_of(services, job_id)) == 2


def test_a_recycled_code_does_not_deliver_a_fresh_order(services: Services, brand: UUID) -> None:
    """A tracker of last spring's parcel is somebody else's, whatever it says now."""
    job_id = book_order(services, brand, CODE)
    delivery_id = push(
        services, OnItsWay(code=CODE).scanned("delivered", services.now() - timedelta(days=200))
    )

    translate_all(services)

    row = delivery(services, delivery_id)
    assert (row.status, row.why) == (
        DeliveryStatus.IGNORED,
        "older than every order with this code",
    )
    assert job(services, job_id).status == "ordered"


def test_two_workers_apply_a_delivery_once(services: Services, brand: UUID) -> None:
    """Two processes that translate at the same time never record a fact twice."""
    job_id = book_order(services, brand, CODE)
    parcel = OnItsWay(code=CODE)
    for hours in range(6, 0, -1):
        push(services, parcel.scanned("in_transit", services.now() - hours * HOUR))
    errors: list[BaseException] = []

    def work() -> None:
        try:
            translate_all(services)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not errors
    assert len(facts_of(services, job_id)) == 6


def test_an_event_that_is_read_while_its_order_is_being_booked_does_not_wait_for_ever(
    services: Services, brand: UUID
) -> None:
    """The booking has looked for waiting events and not committed; just then one is read."""
    delivery_id = push(services, OnItsWay(code=CODE).scanned("in_transit", services.now() - HOUR))
    reader = threading.Thread(target=translate_all, args=(services,))
    with services.sessions.begin() as session:
        book_in(session, services, brand, an_order(services, CODE), **BY_API)
        reader.start()
        reader.join(timeout=0.5)  # it looks for the order meanwhile, and must not give up
    reader.join()

    translate_all(services)

    assert delivery(services, delivery_id).status == DeliveryStatus.APPLIED


def way_of(code: str, now: datetime, *, delivered: bool) -> list[dict[str, Any]]:
    """Return the events of one troubled parcel, the last of them an hour ago."""
    parcel = OnItsWay(code=code)
    tomorrow, after = now + timedelta(days=1), now + timedelta(days=2)
    events = [
        parcel.scanned("pre_transit", now - 40 * HOUR, detail="label_created"),
        parcel.scanned("in_transit", now - 30 * HOUR, estimate=tomorrow),
        parcel.updated("in_transit", now - 20 * HOUR, detail="weather_delay"),
        parcel.scanned("in_transit", now - 18 * HOUR, estimate=after),
        parcel.scanned("out_for_delivery", now - 5 * HOUR, detail="out_for_delivery"),
        parcel.scanned("failure", now - 4 * HOUR, detail="delivery_exception"),
        parcel.scanned("unknown", now - 3 * HOUR, estimate=tomorrow),
        parcel.scanned("out_for_delivery", now - 2 * HOUR, detail="out_for_delivery"),
    ]
    if delivered:
        events.append(parcel.scanned("delivered", now - HOUR, detail="arrived_at_destination"))
    return events


@pytest.mark.parametrize("delivered", [False, True])
def test_any_order_and_any_number_of_repeats_end_alike(
    services: Services, brand: UUID, delivered: bool
) -> None:
    """Twenty shuffles of one parcel's events, each event up to three times: one outcome."""
    shuffle = random.Random(20)
    outcomes = set()
    for number in range(20):
        code = f"1ZSHUFFLE{number:04}"
        events = way_of(code, services.now(), delivered=delivered)
        sequence = [event for event in events for _ in range(shuffle.randint(1, 3))]
        if number:
            shuffle.shuffle(sequence)
        booked_at = shuffle.randint(0, len(sequence)) if number else 0
        job_id = None
        for position, event in enumerate(sequence):
            if position == booked_at:
                job_id = book_order(services, brand, code, reference=f"ORD-{number}")
            push(services, event)
            if shuffle.random() < 0.3:
                translate_all(services)
        job_id = job_id or book_order(services, brand, code, reference=f"ORD-{number}")
        translate_all(services)
        outcomes.add(_outcome(services, job_id))
    assert len(outcomes) == 1
    ((status, *_),) = outcomes
    assert status == ("delivered" if delivered else "out_for_delivery")


def _outcome(services: Services, job_id: UUID) -> tuple[object, ...]:
    """Return what the job, its parcel and its open messages came to."""
    with reading(services.sessions) as session:
        row = session.get_one(Job, job_id)
        parcel = session.scalars(select(Parcel).where(Parcel.job_id == job_id)).one()
        messages = session.scalars(
            select(Message).where(
                Message.job_id == job_id, Message.status.in_(["planned", "ready"])
            )
        )
        owed = sorted((one.rule, one.channel, json.dumps(one.asserts)) for one in messages)
    return (
        row.status,
        json.dumps(row.expected),
        row.late,
        row.reason,
        parcel.status,
        json.dumps(parcel.expected),
        tuple(owed),
    )


def test_two_parcels_make_an_order_whole(services: Services, brand: UUID) -> None:
    """One parcel is there, the other is not: the order is delivered with the second."""
    job_id = book_order(services, brand, "AAA1", "BBB2")
    push(services, OnItsWay(code="AAA1").scanned("delivered", services.now() - HOUR))
    translate_all(services)
    assert job(services, job_id).status != "delivered"

    push(services, OnItsWay(code="BBB2").scanned("delivered", services.now() - HOUR / 2))
    translate_all(services)
    assert job(services, job_id).status == "delivered"


@needs_samples
def test_the_signed_sample_passes_through_unchanged(services: Services, brand: UUID) -> None:
    """EasyPost's own signed bytes are taken as they are, and wait for their order."""
    vector = sample_json("vectors/easypost.json")["cases"][0]
    add_source(services, brand, "vector", "easypost", vector["secret"])
    body = sample_bytes("payloads/easypost/tracker_updated_in_transit_fedex_signed.json")

    received = receive(services, "vector", {"X-Hmac-Signature": vector["signature"]}, body)
    translate_all(services)

    assert delivery(services, received.delivery_id).status == DeliveryStatus.WAITING


# Bodies nobody would send


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


# Sources


def test_a_source_gets_an_address_and_a_secret_that_is_shown_once(
    services: Services, brand: UUID
) -> None:
    """Ours is a Standard Webhooks secret; one that was given is not repeated."""
    made = add_source(services, brand, "field-app", "generic", None)
    given = add_source(services, brand, "tracker", "easypost", "given")

    assert made.url == "https://notify.example.com/webhooks/in/field-app"
    assert made.secret is not None
    assert made.secret.startswith("whsec_")
    assert given.secret is None
    assert made.secret not in repr(made)


@pytest.mark.parametrize(
    ("name", "kind", "secret", "field"),
    [
        ("Easy Post", "easypost", None, "name"),
        ("-", "easypost", None, "name"),
        ("x", "teleport", None, "kind"),
        ("x", "generic", "short", "secret"),
        ("x", "easypost", " ", "secret"),
    ],
)
def test_a_source_that_could_not_work_is_refused(
    services: Services, brand: UUID, name: str, kind: str, secret: str | None, field: str
) -> None:
    """The field is named, and nothing is added."""
    with pytest.raises(Invalid) as caught:
        add_source(services, brand, name, kind, secret)
    assert caught.value.field == field
    assert count(services, Source) == 2


def test_a_name_can_be_taken_once(services: Services, brand: UUID) -> None:
    """Two sources can't share an address, nor can one belong to nobody."""
    with pytest.raises(Conflict):
        add_source(services, brand, "easypost", "generic")
    with pytest.raises(NotFound):
        add_source(services, services.ids(), "new", "generic")


# HTTP


@pytest.fixture
def client(services: Services, brand: UUID) -> Iterator[FlaskClient]:
    """The blueprint as the app carries it: problems answered, the services at hand."""
    app = APIFlask("webhooks", enable_openapi=False)
    app.extensions["notifier"] = services
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    answer_with_problems(app)
    app.register_blueprint(webhooks_in)
    with app.test_client() as made:
        yield made


def test_a_taken_delivery_answers_202_with_its_id(client: FlaskClient, services: Services) -> None:
    """The id in the answer is the journal's."""
    answer = client.post("/webhooks/in/easypost", data=_GOOD, headers=signed(_GOOD))
    assert answer.status_code == 202
    assert delivery(services, UUID(answer.get_json()["delivery"])).repeats == 0


@pytest.mark.parametrize(
    ("source", "body", "headers", "status"),
    [
        ("easypost", _GOOD, {"X-Hmac-Signature": "é", "Content-Type": "application/json"}, 401),
        ("nobody", _GOOD, signed(_GOOD), 404),
        ("easypost", b"x" * (MAX_BODY_BYTES + 1), signed(b""), 413),
        ("easypost", _GOOD, {**signed(_GOOD), "Content-Type": "text/plain"}, 415),
        ("easypost", b"[", signed(b"["), 422),
        ("%00", _GOOD, signed(_GOOD), 404),
    ],
)
def test_a_refusal_is_a_problem(
    client: FlaskClient, source: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    """Each refusal has its own status, in problem+json, and repeats nothing of the body."""
    answer = client.post(f"/webhooks/in/{source}", data=body, headers=headers)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json()["status"] == status


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
