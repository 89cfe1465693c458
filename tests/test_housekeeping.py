"""What is kept only for a while."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from notifier.housekeeping import tidy
from notifier.store.tables import IdempotencyKey, Source, SourceRefusals, Tally
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
