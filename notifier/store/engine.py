"""Engines and sessions for the two databases, with their differences kept in here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.orm import Session, sessionmaker

#: How long a writer waits for SQLite's one write lock, in milliseconds; then a 503.
SQLITE_BUSY_MS = 5000


def create_engine_for(url: str) -> Engine:
    """Return an engine for `url` (`sqlite:///…` or `postgresql+psycopg://…`)."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed, connect_args={"timeout": SQLITE_BUSY_MS / 1000})
        _teach_sqlite(engine)
        return engine
    return create_engine(parsed, pool_size=20, max_overflow=20, pool_pre_ping=True)


def create_sessions(url: str) -> sessionmaker[Session]:
    """Return the session factory of `url`. `sessions.begin()` is a writing transaction."""
    return sessionmaker(create_engine_for(url), expire_on_commit=False)


def reading(sessions: sessionmaker[Session]) -> Session:
    """Return a session for reads only, to be used in a `with`; SQLite takes no write lock."""
    session = sessions()
    session.connection(execution_options={"read_only": True})
    return session


def _teach_sqlite(engine: Engine) -> None:
    """Give SQLite WAL, full durability, foreign keys, and a writer's lock from the start.

    A deferred transaction that turns into a writer half-way fails at once when another
    writer is ahead of it; one that begins immediately waits its turn.
    """

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we begin transactions ourselves
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_MS}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        read_only = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
