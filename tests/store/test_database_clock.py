"""Many machines share one clock: the database's."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from notifier.store.database_clock import DatabaseClock
from notifier.store.engine import create_engine_for
from tests.databases import Databases


@pytest.mark.postgres
def test_the_time_is_the_databases_however_wrong_this_machine_is(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine whose monotonic clock started anywhere still says what PostgreSQL says."""
    url = databases.create("postgres")
    engine = create_engine_for(url)
    elapsed = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: elapsed)

    clock = DatabaseClock(engine)
    first = clock()
    elapsed += 20
    carried = clock()
    elapsed += 20  # the reading is old now: the database is asked, which is not 40 s further on
    asked_again = clock()

    assert abs(first - datetime.now(UTC)) < timedelta(minutes=1)
    assert carried - first == timedelta(seconds=20)
    assert asked_again >= carried, "the clock never goes backwards"
    engine.dispose()
    databases.drop(url)
