"""Taking a delivery: verified, journalled before the answer, counted when it comes again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from threading import Barrier
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from notifier.domain.deliveries import DeliveryStatus
from notifier.errors import Invalid, NotFound
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Delivery, Source
from notifier.webhooks.receiving import (
    MAX_BODY_BYTES,
    BodyTooLarge,
    SignatureRefused,
    WrongContentType,
    receive,
)
from notifier.webhooks.set_up import add_source
from tests.fakes.clock import FakeClock
from tests.sources import generic_events, shippo_events
from tests.sources.easypost_events import Parcel as OnItsWay
from tests.sources.easypost_events import body_of
from tests.webhooks.deliveries import (
    CODE,
    SECRET,
    count,
    delivery,
    push,
    signed,
)


def together(deliver: Sequence[Callable[[], UUID]]) -> list[UUID]:
    """Let each deliver in a thread of its own, all at once; return the deliveries' ids."""
    start = Barrier(len(deliver))

    def one(push_it: Callable[[], UUID]) -> UUID:
        start.wait(timeout=10)
        return push_it()

    with ThreadPoolExecutor(len(deliver)) as threads:
        return list(threads.map(one, deliver))


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
    event = OnItsWay(code=CODE).scanned("in_transit", services.now())

    (taken,) = set(together([partial(push, services, event)] * 8))

    assert delivery(services, taken).repeats == 7


def test_another_body_under_a_known_id_is_a_delivery_of_its_own(
    services: Services, brand: UUID
) -> None:
    """The id alone does not make a repeat; each body is counted when it comes again."""
    parcel = OnItsWay(code=CODE)
    first_body = parcel.scanned("in_transit", services.now())
    other_body = {**parcel.scanned("delivered", services.now()), "id": first_body["id"]}

    first, other = push(services, first_body), push(services, other_body)
    again = [push(services, body) for body in (other_body, first_body, other_body)]

    assert first != other
    assert again == [other, first, other]
    assert [delivery(services, one).repeats for one in (first, other)] == [1, 2]
    assert count(services, Delivery) == 2


def test_two_bodies_under_one_id_that_arrive_together_are_both_kept(
    services: Services, brand: UUID
) -> None:
    """Eight threads, four with each: two rows, three repeats of each, and no error."""
    parcel = OnItsWay(code=CODE)
    moving = parcel.scanned("in_transit", services.now())
    events = [moving, {**parcel.scanned("delivered", services.now()), "id": moving["id"]}]

    taken = together([partial(push, services, events[nth % 2]) for nth in range(8)])

    assert len(set(taken)) == 2
    assert [delivery(services, one).repeats for one in set(taken)] == [3, 3]


def test_a_second_secret_counts_while_one_is_being_rotated(services: Services, brand: UUID) -> None:
    """The vendor may sign with either until the old one is dropped."""
    with services.sessions.begin() as session:
        source = session.scalars(select(Source).where(Source.name == "easypost")).one()
        source.next_secret = services.vault.seal(source.key, "the next")
    parcel = OnItsWay(code=CODE)

    push(services, parcel.scanned("in_transit", services.now()), "the next")
    push(services, parcel.scanned("in_transit", services.now()), SECRET)

    assert count(services, Delivery) == 2


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


@pytest.mark.parametrize(
    ("kind", "method", "query", "form", "status", "text"),
    [
        ("onfleet", "GET", "check=a-1_B", None, 200, "a-1_B"),
        ("onfleet", "GET", "check=%3Cscript%3E", None, 405, None),
        ("onfleet", "GET", "", None, 405, None),
        ("onfleet", "POST", "check=a", {"a": "b"}, 415, None),
        ("woocommerce", "POST", "", {"webhook_id": "17"}, 200, "ok"),
        ("woocommerce", "POST", "", {"webhook_id": "17", "more": "1"}, 415, None),
        ("woocommerce", "GET", "check=a", None, 405, None),
        ("easypost", "GET", "check=a", None, 405, None),
    ],
)
def test_a_vendor_that_only_tries_the_address_is_answered_and_nothing_is_kept(
    client: FlaskClient,
    services: Services,
    brand: UUID,
    kind: str,
    method: str,
    query: str,
    form: dict[str, str] | None,
    status: int,
    text: str | None,
) -> None:
    """It is not signed, so it gets no more than that."""
    secret = "5ec2e7" * 11 if kind == "onfleet" else None
    add_source(services, brand, "tried", kind, secret, live=True)
    answer = client.open(f"/webhooks/in/tried?{query}", method=method, data=form)

    assert answer.status_code == status
    if text is not None:
        assert (answer.text, answer.mimetype) == (text, "text/plain")
    else:
        assert answer.mimetype == "application/problem+json"
    assert count(services, Delivery) == 0


def test_a_taken_delivery_answers_200_with_its_id(client: FlaskClient, services: Services) -> None:
    """The id in the answer is the journal's."""
    answer = client.post("/webhooks/in/easypost", data=_GOOD, headers=signed(_GOOD))
    assert answer.status_code == 200
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


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1", "utf-8-sig"])
def test_what_is_signed_and_is_not_utf_8_hears_that(
    client: FlaskClient, services: Services, brand: UUID, encoding: str
) -> None:
    """Not that its signature is wrong: nobody would look for the fault in the encoding then."""
    body = '{"type": "appointment.completed", "data": {"reference": "é"}}'.encode(encoding)
    headers = generic_events.signed(body, at=services.now())

    answer = client.post("/webhooks/in/shop", data=body, headers=headers)

    assert answer.status_code == 422
    assert "UTF-8 without a byte order mark" in str(answer.get_json())
    assert count(services, Delivery) == 0


def test_a_token_in_the_address_is_checked_and_not_kept(
    client: FlaskClient, services: Services, brand: UUID
) -> None:
    """Shippo posts to `…?token=…`: it proves who posts, and is in no row of the journal."""
    add_source(services, brand, "shippo", "shippo", "se-cret", live=True)
    body = shippo_events.body_of(shippo_events.track_updated("TRANSIT", services.now()))

    refused = client.post(
        "/webhooks/in/shippo?token=other", data=body, content_type="application/json"
    )
    taken = client.post(
        "/webhooks/in/shippo?token=se-cret", data=body, content_type="application/json"
    )

    assert (refused.status_code, taken.status_code) == (401, 200)
    kept = delivery(services, UUID(taken.get_json()["delivery"]))
    assert kept.headers is not None
    with reading(services.sessions) as session:
        key = session.get_one(Source, kept.source_id).key
    assert services.vault.open(key, kept.headers) == "{}"
