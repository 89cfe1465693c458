"""What is kept only for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.orm import Session, sessionmaker

from notifier import housekeeping
from notifier.domain.deliveries import DeliveryStatus
from notifier.housekeeping import tidy
from notifier.services import Services
from notifier.store import deliveries
from notifier.store.tables import Delivery, IdempotencyKey, Source, SourceRefusals, Tally
from notifier.webhooks.set_up import add_source
from tests.fakes.clock import FakeClock
from tests.services import given_brand, make_services


def test_a_callers_key_is_remembered_for_three_days_and_then_forgotten(
    sessions: sessionmaker[Session], clock: FakeClock
) -> None:
    """The key of today stays; the one of last week goes, and only that one."""
    services = make_services(sessions, now=clock)
    with sessions.begin() as session:
        for scope, age in ((b"today".ljust(32), 0), (b"last week".ljust(32), 7)):
            session.add(
                IdempotencyKey(
                    scope=scope,
                    request_hash=b"r" * 32,
                    status=201,
                    job_id=services.ids(),
                    created_at=clock() - timedelta(days=age),
                )
            )

    assert tidy(services) == 1
    assert tidy(services) == 0

    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(IdempotencyKey)) == 1


def test_how_much_went_to_a_number_is_forgotten_and_what_a_rule_ever_did_is_not(
    sessions: sessionmaker[Session], clock: FakeClock
) -> None:
    """Of a number of last week nothing is left, not even its keyed hash."""
    services = make_services(sessions, now=clock)
    brand = given_brand(services)
    with sessions.begin() as session:
        for of in ("number", "prefix", "rule", "spend_month"):
            for key, age in (("today", 0), ("last week", 7)):
                session.add(
                    Tally(
                        brand_id=brand.id,
                        of=of,
                        key=key,
                        since=clock() - timedelta(days=age),
                        amount=1,
                        more=0,
                        most=1,
                    )
                )

    assert tidy(services) == 2

    with sessions() as session:
        left = session.execute(select(Tally.of, Tally.key)).all()
    assert {(of, key) for of, key in left if key == "last week"} == {
        ("rule", "last week"),
        ("spend_month", "last week"),
    }
    assert len(left) == 6


def test_old_bodies_go_in_steps_that_end(
    sessions: sessionmaker[Session], clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step is a transaction of its own: what others have to write waits for one alone."""
    monkeypatch.setattr(housekeeping, "STEP", 2)
    services = make_services(sessions, now=clock)
    _given_deliveries(services, old=4, never_read=3, fresh=1)

    with _committed(sessions) as commits:
        assert tidy(services) == 4
    assert len(commits) == 1 + 3, "the last finds nothing"

    with sessions() as session:
        kept = session.scalars(select(Delivery.status).where(Delivery.body.is_not(None))).all()
    assert sorted(kept) == ["applied", "received", "received", "received"]
    assert tidy(services) == 0


def test_what_is_read_again_meanwhile_keeps_its_body(
    sessions: sessionmaker[Session], clock: FakeClock
) -> None:
    """Somebody asked for it; whoever tidies does not wait for them."""
    services = make_services(sessions, now=clock)
    _given_deliveries(services, old=2, never_read=0, fresh=0)
    with sessions.begin() as session:
        if session.get_bind().dialect.name != "postgresql":
            pytest.skip("SQLite has one writer")
        again = session.scalars(select(Delivery).with_for_update().limit(1)).one()

        assert tidy(services) == 1

        again.status = DeliveryStatus.RECEIVED
    assert tidy(services) == 0
    with sessions() as session:
        assert session.get_one(Delivery, again.id).body is not None


def test_old_bodies_are_found_by_their_index(
    sessions: sessionmaker[Session], clock: FakeClock
) -> None:
    """The journal is kept for ever, on both databases; what has a body still is little of it."""
    with sessions.begin() as session:
        dialect = session.get_bind().dialect
        if dialect.name == "postgresql":
            session.execute(text("SET LOCAL enable_seqscan = off"))
        statement = deliveries.old_bodies(clock(), limit=100)
        compiled = statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
        explain = "EXPLAIN QUERY PLAN" if dialect.name == "sqlite" else "EXPLAIN"
        lines = " ".join(str(row) for row in session.execute(text(f"{explain} {compiled}")))

    assert "ix_deliveries_body" in lines


def test_how_much_was_refused_is_forgotten_with_the_bodies(
    sessions: sessionmaker[Session], clock: FakeClock
) -> None:
    """After a month, as what was taken; yesterday's stays."""
    services = make_services(sessions, now=clock)
    brand = given_brand(services)
    add_source(services, brand.id, "shop", "generic", live=True)
    with sessions.begin() as session:
        source = session.scalars(select(Source.id)).one()
        for age in (1, 29, 31, 60):
            at = clock() - timedelta(days=age)
            session.add(
                SourceRefusals(
                    source_id=source, hour=at, reason="signature", number=9, latest_at=at
                )
            )

    assert tidy(services) == 2
    assert tidy(services) == 0

    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(SourceRefusals)) == 2


def _given_deliveries(services: Services, *, old: int, never_read: int, fresh: int) -> None:
    """Put so many in the journal: of two months ago, the same but not read yet, and of today."""
    brand = given_brand(services)
    add_source(services, brand.id, "shop", "generic", live=True)
    came = [
        *[(60, DeliveryStatus.APPLIED)] * old,
        *[(60, DeliveryStatus.RECEIVED)] * never_read,
        *[(0, DeliveryStatus.APPLIED)] * fresh,
    ]
    with services.sessions.begin() as session:
        source = session.scalars(select(Source.id)).one()
        for days, status in came:
            delivery_id = services.ids()
            session.add(
                Delivery(
                    id=delivery_id,
                    brand_id=brand.id,
                    source_id=source,
                    delivery_key=delivery_id.bytes * 2,
                    body=b"sealed",
                    received_at=services.now() - timedelta(days=days),
                    repeats=0,
                    status=status,
                )
            )


@contextmanager
def _committed(sessions: sessionmaker[Session]) -> Iterator[list[object]]:
    """Give the transactions that are committed meanwhile."""
    commits: list[object] = []
    engine, note = sessions.kw["bind"], commits.append
    event.listen(engine, "commit", note)
    try:
        yield commits
    finally:
        event.remove(engine, "commit", note)
