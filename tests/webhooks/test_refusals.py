"""What is refused is counted, without a write each, and a source may send only so much."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from notifier.domain.deliveries import Refusal
from notifier.services import Services
from notifier.store.engine import create_sessions
from notifier.store.tables import Delivery, Source, SourceRefusals
from notifier.webhooks.health import read_sources
from notifier.webhooks.limit import SourceLimit
from notifier.webhooks.receiving import MAX_BODY_BYTES, write_refusals
from notifier.webhooks.refusals import WRITTEN_EVERY, Refusals
from notifier.webhooks.set_up import add_source
from tests.fakes.clock import FakeClock
from tests.sources.easypost_events import body_of
from tests.webhooks.deliveries import count, signed

_GOOD = body_of({"id": "evt_1", "description": "batch.created"})
_FORGED = {"X-Hmac-Signature": "hmac-sha256-hex=00", "Content-Type": "application/json"}


def post(client: FlaskClient, body: bytes, headers: dict[str, str]) -> TestResponse:
    """Post to EasyPost's address."""
    return client.post("/webhooks/in/easypost", data=body, headers=headers)


def event_of(number: int) -> tuple[bytes, dict[str, str]]:
    """Return one of many signed events, each another."""
    body = body_of({"id": f"evt_{number}", "description": "batch.created"})
    return body, signed(body)


def on_record(services: Services) -> dict[str, int]:
    """Return how much was refused, by reason, of all sources and hours."""
    found: dict[str, int] = {}
    with services.sessions() as session:
        for row in session.scalars(select(SourceRefusals)):
            found[row.reason] = found.get(row.reason, 0) + row.number
    return found


@contextmanager
def writes(sessions: sessionmaker[Session]) -> Iterator[list[str]]:
    """Note each statement that changes something, or locks SQLite to do so."""
    seen: list[str] = []

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE", "BEGIN IMMEDIATE")):
            seen.append(statement)

    event.listen(sessions.kw["bind"], "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(sessions.kw["bind"], "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("body", "headers", "status", "reason"),
    [
        (_GOOD, _FORGED, 401, Refusal.SIGNATURE),
        (b"x" * (MAX_BODY_BYTES + 1), _FORGED, 413, Refusal.SIZE),
        (_GOOD, {**signed(_GOOD), "Content-Type": "text/xml"}, 415, Refusal.CONTENT_TYPE),
        (b"[", signed(b"["), 422, Refusal.JSON),
    ],
)
def test_each_refusal_is_counted_under_its_reason(
    client: FlaskClient,
    services: Services,
    brand: UUID,
    body: bytes,
    headers: dict[str, str],
    status: int,
    reason: Refusal,
) -> None:
    """And nothing else of it is kept; the other source is not blamed."""
    assert post(client, body, headers).status_code == status

    tracker, shop = read_sources(services, brand)
    assert (tracker.refused, shop.refused) == ({reason: 1}, {})
    assert count(services, Delivery) == 0


def test_a_flood_of_forgeries_is_a_few_rows_and_no_flood_of_writes(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """The first is written at once; the other 299 are one write, five seconds later."""
    with writes(services.sessions) as seen:
        for _ in range(300):
            post(client, _GOOD, _FORGED)
    assert len([one for one in seen if one.startswith("INSERT INTO source_refusals")]) == 1
    assert len(seen) <= 2, "with SQLite's lock, which is taken once"
    assert on_record(services) == {"signature": 1}

    clock.advance(seconds=WRITTEN_EVERY.total_seconds())
    client.get("/somewhere-else")

    assert on_record(services) == {"signature": 300}
    assert count(services, SourceRefusals) == 1


def test_an_answer_to_a_delivery_that_was_taken_waits_for_no_count(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """Somebody else's request, or the scheduler, writes it."""
    post(client, _GOOD, _FORGED)
    post(client, _GOOD, _FORGED)
    clock.advance(seconds=WRITTEN_EVERY.total_seconds())
    with writes(services.sessions) as seen:
        assert post(client, _GOOD, signed(_GOOD)).status_code == 200
    assert not any("source_refusals" in one for one in seen)

    write_refusals(services)
    assert on_record(services) == {"signature": 2}


def test_processes_and_threads_add_up(services: Services, brand: UUID, clock: FakeClock) -> None:
    """Two processes of four threads each, which write while others count."""
    with services.sessions() as session:
        sources = list(session.scalars(select(Source.id)))
    processes = [replace(services, refusals=Refusals()) for _ in range(2)]

    def refuse(process: Services) -> None:
        for number in range(40):
            reason = (Refusal.SIGNATURE, Refusal.JSON)[number % 2]
            process.refusals.add(sources[number % 4 // 2], reason, clock())
            process.refusals.write_due(process.sessions, clock() + timedelta(seconds=5 * number))

    threads = [threading.Thread(target=refuse, args=(process,)) for process in processes * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for process in processes:
        process.refusals.write_due(process.sessions, clock() + timedelta(days=1))

    assert on_record(services) == {"signature": 160, "json": 160}
    assert count(services, SourceRefusals) == 4


def test_what_could_not_be_written_is_written_later(
    client: FlaskClient, services: Services, brand: UUID, clock: FakeClock, tmp_path: Path
) -> None:
    """Refusing goes on as ever while the database is away."""
    with services.sessions() as session:
        source = session.scalars(select(Source.id).where(Source.name == "easypost")).one()
    nowhere = create_sessions(f"sqlite:///{tmp_path}")  # a directory is no database
    services.refusals.add(source, Refusal.SIGNATURE, clock())
    write_refusals(replace(services, sessions=nowhere))
    services.refusals.add(source, Refusal.SIGNATURE, clock())
    write_refusals(services)
    assert on_record(services) == {}, "it was tried a moment ago"

    clock.advance(seconds=WRITTEN_EVERY.total_seconds())
    write_refusals(services)

    assert on_record(services) == {"signature": 2}


def test_hours_are_kept_apart_and_a_week_is_shown(
    client: FlaskClient, services: Services, brand: UUID, clock: FakeClock
) -> None:
    """The latest reason is named first, whatever there is more of."""
    for _ in range(2):
        post(client, _GOOD, _FORGED)
        clock.advance(hours=1)
    post(client, b"[", signed(b"["))

    assert count(services, SourceRefusals) == 3
    tracker, _ = read_sources(services, brand)
    assert list(tracker.refused.items()) == [(Refusal.JSON, 1), (Refusal.SIGNATURE, 2)]

    clock.advance(days=6, hours=23, minutes=30)
    tracker, _ = read_sources(services, brand)
    assert tracker.refused == {Refusal.JSON: 1}


def test_a_vendor_that_only_tries_the_address_is_not_refused(
    client: FlaskClient, services: Services, brand: UUID
) -> None:
    """Nor is an address that nobody has: there is no source to blame."""
    add_source(services, brand, "tried", "woocommerce", live=True)
    client.post("/webhooks/in/tried", data={"webhook_id": "17"})
    client.post("/webhooks/in/nobody", data=_GOOD, headers=_FORGED)
    client.post("/webhooks/in/nobody", data=b"x" * (MAX_BODY_BYTES + 1), headers=_FORGED)
    write_refusals(services)

    assert on_record(services) == {}


@pytest.fixture
def slow(services: Services, client: FlaskClient) -> Services:
    """Return services that take sixty deliveries a minute from each source."""
    made = replace(services, source_limit=SourceLimit(60))
    client.application.extensions["notifier"] = made
    return made


def test_a_source_that_sends_too_much_is_told_when_to_come_again(
    client: FlaskClient, slow: Services, brand: UUID, clock: FakeClock
) -> None:
    """A minute's worth at once; then one a second. What is sent again is taken."""
    first = [post(client, *event_of(number)).status_code for number in range(60)]
    refused = post(client, *event_of(60))
    stored = count(slow, Delivery)
    clock.advance(seconds=int(refused.headers["Retry-After"]))
    again = post(client, *event_of(60))

    assert set(first) == {200}
    assert (refused.status_code, refused.mimetype) == (429, "application/problem+json")
    assert refused.headers["Retry-After"] == "1"
    assert stored == 60
    assert again.status_code == 200
    assert read_sources(slow, brand)[0].refused == {Refusal.RATE: 1}


def test_whoever_knows_only_the_address_uses_nothing_up(
    client: FlaskClient, slow: Services
) -> None:
    """Forgeries are refused as such, however many; the vendor is still heard."""
    forged = {post(client, _GOOD, _FORGED).status_code for _ in range(70)}

    assert forged == {401}
    assert post(client, _GOOD, signed(_GOOD)).status_code == 200


def test_sources_are_counted_apart_and_rest_to_no_more_than_a_minutes_worth(
    clock: FakeClock, services: Services
) -> None:
    """Nor does a clock that is set back take anything away, or give any."""
    limit, one, other = SourceLimit(120), services.ids(), services.ids()
    now = clock()
    assert [limit.take(one, now) for _ in range(120)] == [0.0] * 120
    assert limit.take(one, now) == pytest.approx(0.5)
    assert limit.take(other, now) == 0
    assert limit.take(one, now - timedelta(hours=1)) > 0

    later = now + timedelta(days=1)
    assert [limit.take(one, later) for _ in range(120)] == [0.0] * 120
    assert limit.take(one, later) > 0
