"""Whatever a test does to its database, the next one finds it as a fresh installation has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest
from sqlalchemy import Engine, create_engine, func, inspect, select, text
from sqlalchemy.orm import Session, sessionmaker

from notifier.store.tables import Base
from tests.conftest import DATABASE_KINDS
from tests.databases import Databases
from tests.desk import make_desk
from tests.fakes.clock import FakeClock
from tests.kept_databases import KeptDatabases


@pytest.fixture(params=DATABASE_KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Return each kind of database in turn."""
    return str(request.param)


@pytest.fixture
def kept(databases: Databases) -> Iterator[KeptDatabases]:
    """Return what lends databases that nobody used before."""
    made = KeptDatabases(databases)
    yield made
    made.close()


def _rows(sessions: sessionmaker[Session]) -> dict[str, int]:
    """Return how many rows each table has that has any."""
    with sessions() as session:
        counts = {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }
    return {name: count for name, count in counts.items() if count}


def test_a_database_is_lent_again_without_a_row(
    kept: KeptDatabases, kind: str, clock: FakeClock
) -> None:
    """It is the same one with the same engine, and only the number of the migration is in it."""
    url = kept.lend(kind)
    sessions = kept.sessions(url)
    desk = make_desk(sessions, clock)
    desk.late(desk.visit(), 45)
    desk.deliver()
    assert {"facts", "jobs", "messages", "promises"} <= set(_rows(sessions))
    kept.take_back(url)

    assert kept.lend(kind) == url
    assert kept.sessions(url) is sessions
    assert _rows(sessions) == {}
    with sessions() as session:
        assert session.scalar(text("SELECT count(*) FROM alembic_version")) == 1


def test_two_are_never_lent_at_once(kept: KeptDatabases, kind: str) -> None:
    """Who asks while another test has one gets another."""
    assert kept.lend(kind) != kept.lend(kind)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE suppressions RENAME TO mislaid",
        "ALTER TABLE brands ADD COLUMN motto VARCHAR",
        "DROP INDEX ix_attempts_message",
        "UPDATE alembic_version SET version_num = 'older'",
    ],
)
def test_a_changed_schema_is_not_lent_again(kept: KeptDatabases, kind: str, change: str) -> None:
    """Not with what was changed in it, at least."""
    url = kept.lend(kind)
    before = _schema(kept.sessions(url))
    with kept.sessions(url).begin() as session:
        session.execute(text(change))
    assert _schema(kept.sessions(url)) != before
    kept.take_back(url)

    assert _schema(kept.sessions(kept.lend(kind))) == before


def test_who_is_still_connected_neither_waits_nor_writes(kept: KeptDatabases, kind: str) -> None:
    """Another process may hold a lock, with rows that it has not committed yet."""
    url = kept.lend(kind)
    other = create_engine(url)
    with other.connect() as connection:
        connection.execute(text("DELETE FROM brands"))
        connection.execute(text("INSERT INTO heartbeats (name, at) VALUES ('tick', '2026-11-22')"))
        kept.take_back(url)

        assert _rows(kept.sessions(kept.lend(kind))) == {}
        connection.invalidate()
    other.dispose()


def test_an_engine_that_is_in_use_is_not_lent_again(kept: KeptDatabases, kind: str) -> None:
    """A thread that outlives its test can't write into the next one's database."""
    url = kept.lend(kind)
    with cast(Engine, kept.sessions(url).kw["bind"]).connect():
        kept.take_back(url)

        assert kept.lend(kind) != url


def _schema(sessions: sessionmaker[Session]) -> object:
    with sessions() as session:
        found = inspect(session.connection())
        tables = {
            table: (
                [column["name"] for column in found.get_columns(table)],
                sorted(str(index["name"]) for index in found.get_indexes(table)),
            )
            for table in found.get_table_names()
        }
        return tables, session.scalar(text("SELECT version_num FROM alembic_version"))
