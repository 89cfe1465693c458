"""Databases that are lent to one test after another, and are empty for each.

Copying a PostgreSQL database takes longer than most tests, and so does having SQLAlchemy
compile every statement anew. So a test's database is emptied when the test is over, and lent
again with its engine. One that can't be made as new, because its schema was changed or
somebody still uses a connection of the engine, is dropped instead.
"""

from __future__ import annotations

import sqlite3
from typing import Protocol, cast

import psycopg
from psycopg.sql import SQL, Composed, Identifier
from sqlalchemy import Engine, QueuePool, event
from sqlalchemy.orm import Session, sessionmaker

from notifier.store.engine import create_sessions
from tests.databases import Databases

# Rows that were removed lie about until somebody vacuums, and nobody does.
_USES = 100

_TABLES = """
    SELECT relname FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
"""
# Whatever changes a schema, or the number of its migration, writes a row into one of these.
_SCHEMA = " UNION ALL ".join(
    f"SELECT '{table}', count(*), max(xmin::text::bigint) FROM {table}"  # noqa: S608
    for table in ("pg_class", "pg_attribute", "pg_constraint", "pg_trigger", "alembic_version")
)
_OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_COUNT_OTHERS = f"SELECT count(*) {_OTHERS}"
_END_OTHERS = f"SELECT pg_terminate_backend(pid, 10000) {_OTHERS}"


class _Kept(Protocol):
    """A database with its engine."""

    url: str
    sessions: sessionmaker[Session]

    def empty(self) -> bool:
        """Make it as it was when it was new; False if that can't be done."""

    def close(self) -> None:
        """Let go of it, so that it can be dropped."""


class KeptDatabases:
    """Lends databases, each to one test at a time."""

    def __init__(self, databases: Databases) -> None:
        """Take new ones from `databases`, which outlives this."""
        self._databases = databases
        self._idle: dict[str, list[_Kept]] = {"sqlite": [], "postgres": []}
        self._lent: dict[str, _Kept] = {}

    def lend(self, kind: str) -> str:
        """Return the URL of a migrated, empty database; `kind` is sqlite or postgres."""
        idle = self._idle[kind]
        kept = idle.pop() if idle else self._made(kind)
        self._lent[kept.url] = kept
        return kept.url

    def sessions(self, url: str) -> sessionmaker[Session]:
        """Return the sessions of the database at `url`, made as the product makes them."""
        return self._lent[url].sessions

    def take_back(self, url: str) -> None:
        """Empty the database at `url`, whoever is still connected to it, or drop it."""
        kept = self._lent.pop(url)
        if kept.empty():
            kind = "sqlite" if isinstance(kept, _KeptSqlite) else "postgres"
            self._idle[kind].append(kept)
        else:
            kept.close()
            self._databases.drop(url)

    def close(self) -> None:
        """Let go of all of them."""
        for kept in (*self._lent.values(), *self._idle["sqlite"], *self._idle["postgres"]):
            kept.close()

    def _made(self, kind: str) -> _Kept:
        url = self._databases.create(kind)
        return _KeptSqlite(url, self._databases) if kind == "sqlite" else _KeptPostgres(url)


class _KeptSqlite:
    """A file that is copied anew each time, under its old name."""

    def __init__(self, url: str, databases: Databases) -> None:
        self.url = url
        self.sessions = create_sessions(url)
        self._databases = databases
        event.listen(_engine(self.sessions), "connect", _write_carelessly)

    def empty(self) -> bool:
        if _pool(self.sessions).checkedout():
            return False
        self.close()
        self._databases.copy_sqlite(self.url)
        return True

    def close(self) -> None:
        _engine(self.sessions).dispose()


class _KeptPostgres:
    """A PostgreSQL database whose rows are removed each time."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.sessions = create_sessions(url)
        self._uses = 1
        self._own = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
        self._schema = self._ask(_SCHEMA)
        self._remove_rows = _remove_rows(self._ask(_TABLES))

    def empty(self) -> bool:
        pool = _pool(self.sessions)
        if pool.checkedout() or self._uses == _USES:
            return False
        if self._ask(_COUNT_OTHERS) != [(pool.checkedin(),)]:
            _engine(self.sessions).dispose()
            self._own.execute(_END_OTHERS)
        if self._ask(_SCHEMA) != self._schema:
            return False
        self._own.execute(self._remove_rows)
        self._uses += 1
        return True

    def close(self) -> None:
        self._own.close()
        _engine(self.sessions).dispose()

    def _ask(self, query: str) -> list[tuple[object, ...]]:
        return self._own.execute(query).fetchall()


def _remove_rows(tables: list[tuple[object, ...]]) -> Composed:
    """Return the statements that empty `tables`, in whatever order they refer to each other."""
    deletes = [SQL("DELETE FROM {};").format(Identifier(str(name))) for (name,) in tables]
    begin = SQL("BEGIN; SET LOCAL session_replication_role = replica;")
    return Composed([begin, *deletes, SQL("COMMIT")])


def _write_carelessly(connection: sqlite3.Connection, _: object) -> None:
    """Leave writing to the disk for later: nobody needs the data of a test after a crash."""
    connection.execute("PRAGMA synchronous=OFF")


def _engine(sessions: sessionmaker[Session]) -> Engine:
    return cast(Engine, sessions.kw["bind"])


def _pool(sessions: sessionmaker[Session]) -> QueuePool:
    return cast(QueuePool, _engine(sessions).pool)
