"""What every test may ask for: a database of its own, the clock and the ids.

The database parts are imported where they are used, so that tests of the pure domain run
without them.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

    from tests.databases import Databases
    from tests.kept_databases import KeptDatabases

#: On a busy machine an example takes as long as it takes: no test asserts how fast it is.
settings.register_profile("untimed", parent=settings(), deadline=None)
settings.load_profile("untimed")

DATABASE_KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


def pytest_collection_finish() -> None:
    """Spare the garbage collector what was imported: it stays until the end."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Return what makes databases, one for each process that runs tests."""
    from tests.databases import Databases

    made = Databases(tmp_path_factory.mktemp("databases"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def kept_databases(databases: Databases) -> Iterator[KeptDatabases]:
    """Return what lends databases to one test after another."""
    from tests.kept_databases import KeptDatabases

    made = KeptDatabases(databases)
    yield made
    made.close()


@pytest.fixture(params=DATABASE_KINDS)
def database_url(request: pytest.FixtureRequest, kept_databases: KeptDatabases) -> Iterator[str]:
    """Return the URL of an empty, migrated database: first SQLite, then PostgreSQL."""
    url = kept_databases.lend(request.param)
    yield url
    kept_databases.take_back(url)


@pytest.fixture
def sessions(database_url: str, kept_databases: KeptDatabases) -> sessionmaker[Session]:
    """Return sessions on `database_url`, made as the product makes them.

    Their engine is used by the next test, too: a listener has to be taken off again.
    """
    return kept_databases.sessions(database_url)


@pytest.fixture(scope="session", autouse=True)
def _compiled_templates() -> None:
    """Compile the templates of the pages once, where there are tests that need Flask at all."""
    if "flask" in sys.modules:
        from tests.compiled_templates import keep_compiled

        keep_compiled()


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock that stands at 2026-11-23 17:00 UTC, a Monday morning in Los Angeles."""
    return FakeClock()


@pytest.fixture
def ids() -> FakeIds:
    """Return ids that count from 1."""
    return FakeIds()
