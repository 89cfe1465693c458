"""What is kept only for a while."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from notifier.housekeeping import tidy
from notifier.store.tables import IdempotencyKey
from tests.fakes.clock import FakeClock
from tests.services import make_services


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
