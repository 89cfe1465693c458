"""What every test may ask for: a database of its own, the clock and the ids.

The database parts are imported where they are used, so that tests of the pure domain run
without them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session, sessionmaker

    from tests.databases import Databases

DATABASE_KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Return what makes databases, one for each process that runs tests."""
    from tests.databases import Databases

    made = Databases(tmp_path_factory.mktemp("databases"))
    yield made
    made.close()


@pytest.fixture(params=DATABASE_KINDS)
def database_url(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    """Return the URL of an empty, migrated database: first SQLite, then PostgreSQL."""
    url = databases.create(request.param)
    yield url
    databases.drop(url)


@pytest.fixture
def sessions(database_url: str) -> Iterator[sessionmaker[Session]]:
    """Return sessions on `database_url`, made as the product makes them."""
    from notifier.store.engine import create_sessions

    made = create_sessions(database_url)
    yield made
    cast("Engine", made.kw["bind"]).dispose()


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock that stands at 2026-11-23 17:00 UTC, a Monday morning in Los Angeles."""
    return FakeClock()


@pytest.fixture
def ids() -> FakeIds:
    """Return ids that count from 1."""
    return FakeIds()
