"""Several workers give a sign of life, each at its own moment."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from notifier.store.heartbeats import beat, last_beat
from tests.fakes.clock import FakeClock
from tests.served import eventually


def test_the_latest_beat_is_what_is_known(
    sessions: sessionmaker[Session], clock: FakeClock
) -> None:
    """None at first; then one row, however often."""
    with sessions() as session:
        assert last_beat(session) is None
    for _ in range(2):
        clock.advance(seconds=5)
        with sessions.begin() as session:
            beat(session, clock())

    with sessions() as session:
        assert last_beat(session) == clock()


def test_of_two_workers_that_start_at_once_neither_fails(
    sessions: sessionmaker[Session], clock: FakeClock
) -> None:
    """Each is the first as far as it sees."""
    failed: list[Exception] = []

    def second() -> None:
        try:
            with sessions.begin() as session:
                beat(session, clock() + timedelta(seconds=1))
        except Exception as error:
            failed.append(error)

    other = Thread(target=second)
    with sessions.begin() as session:
        if session.get_bind().dialect.name != "postgresql":
            pytest.skip("SQLite has one writer")
        beat(session, clock())
        other.start()
        eventually(lambda: _waits(sessions))
    other.join()

    assert failed == []
    with sessions() as session:
        assert last_beat(session) == clock() + timedelta(seconds=1)


def _waits(sessions: sessionmaker[Session]) -> bool:
    """Return whether somebody waits for another's transaction."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with sessions() as session:
        return bool(session.scalar(waiting))
