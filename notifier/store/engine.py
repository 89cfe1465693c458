"""Engines and sessions for the two databases, with their differences kept in here."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from psycopg.errors import ReadOnlySqlTransaction
from pydantic_core import from_json
from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.exc import InternalError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

from notifier.clock import steady_seconds
from notifier.store.turns import Turns

#: How long a writer waits for SQLite's one write lock, in milliseconds; then a 503.
SQLITE_BUSY_MS = 5000

#: How long somebody waits for one of this process's connections.
POOL_TIMEOUT_S = 5.0

#: A connection for each call of both channels, whoever claims and asks, and those who are served.
_POOL = {"pool_size": 20, "max_overflow": 20, "pool_timeout": POOL_TIMEOUT_S}

#: What a database raises that can't serve anybody just now: said again later, it may work. The
#: second is of PostgreSQL: of one that ended a session for its silence, or that only reads now.
DATABASE_TROUBLE = (OperationalError, InternalError, PoolTimeout)

#: How long one lock of PostgreSQL is waited for, in milliseconds; then a 503. As long as a writer
#: waits for SQLite's: a worker that offers an answer again and again does so within a lease.
LOCK_TIMEOUT_MS = 5000

#: How long a transaction may be silent, in milliseconds, until PostgreSQL ends it with its
#: session: whoever holds locks was frozen, or is gone. No provider or vendor is called, and nobody
#: asked, within one. A worker that offers an answer does so for longer.
IDLE_IN_TRANSACTION_MS = 20_000

#: By when a peer that went away without a word is noticed, in seconds, and in milliseconds where
#: something was sent to it. By default it takes two hours, and a quarter of one.
_KEEPALIVE_S = {"idle": 10, "interval": 5, "count": 3}
_UNACKNOWLEDGED_MS = 20_000

#: How long a kept connection to PostgreSQL is believed to live without being asked.
IDLE_SECONDS = 1.0


def create_engine_for(url: str) -> Engine:
    """Return an engine for `url` (`sqlite:///…` or `postgresql+psycopg://…`).

    Its errors name the statement without its values: a traceback may be anybody's to read.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        pool: dict[str, Any] = {}  # in memory each thread has its own
        if parsed.database:
            Path(parsed.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            pool = _POOL
        engine = create_engine(
            parsed,
            json_deserializer=from_json,
            hide_parameters=True,
            **pool,
            connect_args={"timeout": SQLITE_BUSY_MS / 1000, "factory": _SqliteConnection},
        )
        _teach_sqlite(engine)
        return engine
    engine = create_engine(
        parsed,
        json_deserializer=from_json,
        hide_parameters=True,
        **_POOL,
        connect_args=noticing_silence(parsed),
    )
    _limit_sessions(engine)
    _leave_what_only_reads(engine)
    _ask_after_idleness(engine)
    return engine


def create_sessions(url: str) -> sessionmaker[Session]:
    """Return the session factory of `url`. `sessions.begin()` is a writing transaction."""
    return sessionmaker(create_engine_for(url), expire_on_commit=False)


def reading(sessions: sessionmaker[Session]) -> Session:
    """Return a session for reads only, to be used in a `with`; SQLite takes no write lock."""
    session = sessions()
    session.connection(execution_options={"read_only": True})
    return session


def noticing_silence(url: URL) -> dict[str, Any]:
    """Return how a connection to PostgreSQL is to notice that the server is gone.

    What `url` says of it itself is left to `url`.
    """
    wanted = {f"keepalives_{name}": value for name, value in _KEEPALIVE_S.items()}
    wanted |= {"connect_timeout": int(POOL_TIMEOUT_S), "tcp_user_timeout": _UNACKNOWLEDGED_MS}
    return {name: value for name, value in wanted.items() if name not in url.query}


@contextmanager
def all_or_nothing(sessions: sessionmaker[Session]) -> Iterator[sessionmaker[Session]]:
    """Give sessions whose commits become real together, when the `with` ends well.

    Whatever ends it otherwise, a killed process too, leaves the database as it was. They
    share one connection and keep SQLite's writers waiting: for one thread, and not for long.
    """
    with cast(Engine, sessions.kw["bind"]).begin() as connection:
        yield sessionmaker(
            connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
        )


def _limit_sessions(engine: Engine) -> None:
    """Let PostgreSQL end, in each of our sessions, what would wait or be silent too long.

    It is said once there is a connection: poolers refuse what they don't know of a start. What
    somebody set in the URL, or for the role or the database, stays.
    """

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        limits = {
            "lock_timeout": LOCK_TIMEOUT_MS,
            "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_MS,
            "tcp_user_timeout": _UNACKNOWLEDGED_MS,
            **{f"tcp_keepalives_{name}": value for name, value in _KEEPALIVE_S.items()},
        }
        connection.autocommit = True  # else an undone transaction takes it along
        connection.execute(_LIMIT, [list(limits), [str(value) for value in limits.values()]])
        connection.autocommit = False


_LIMIT = """
    SELECT set_config(name, wanted, false)
    FROM pg_settings JOIN unnest(%s::text[], %s::text[]) AS ours (name, wanted) USING (name)
    WHERE source NOT IN ('client', 'database user', 'user', 'database')
"""


def _leave_what_only_reads(engine: Engine) -> None:
    """Connect anew once a server refuses to write: another has taken its place."""

    @event.listens_for(engine, "handle_error")
    def _failed(context: ExceptionContext) -> None:
        if isinstance(context.original_exception, ReadOnlySqlTransaction):
            context.is_disconnect = True


def _ask_after_idleness(engine: Engine) -> None:
    """Ask a kept connection whether it still lives, unless it did a moment ago.

    A round trip for each use would cost as much as the disk does. If the database went away
    in that moment, the statement fails as one under way would, and all connections are new.
    """

    @event.listens_for(engine, "checkin")
    def _checkin(_connection: Any, record: Any) -> None:
        record.info["idle_since"] = steady_seconds()

    @event.listens_for(engine, "checkout")
    def _checkout(connection: Any, record: Any, _proxy: Any) -> None:
        idle_since = record.info.get("idle_since")
        if idle_since is None or steady_seconds() - idle_since < IDLE_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error


class _SqliteConnection(sqlite3.Connection):
    """A connection that ends its turn to write with its transaction, however that ends."""

    turn: Turns | None = None  # while it has one

    def commit(self) -> None:
        super().commit()
        self._end_turn()

    def rollback(self) -> None:
        try:
            super().rollback()
        finally:
            self._end_turn()

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._end_turn()

    def _end_turn(self) -> None:
        turn, self.turn = self.turn, None
        if turn is not None:
            turn.give_up()


def _teach_sqlite(engine: Engine) -> None:
    """Give SQLite WAL, full durability, foreign keys, and a writer's lock from the start.

    A deferred transaction that turns into a writer half-way fails at once when another
    writer is ahead of it; one that begins immediately waits its turn. Within this process
    turns are kept in order; SQLite's own waiting, which is not fair, is for other processes. Both
    together last no longer than `SQLITE_BUSY_MS`.
    """
    turns = Turns()

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
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("read_only", False):
            connection.exec_driver_sql("BEGIN")
            return
        raw = cast(_SqliteConnection, connection.connection.dbapi_connection)
        began = time.monotonic()
        if turns.take(SQLITE_BUSY_MS / 1000):
            raw.turn = turns
        waited = round((time.monotonic() - began) * 1000)
        try:
            if waited:
                raw.execute(f"PRAGMA busy_timeout={max(0, SQLITE_BUSY_MS - waited)}")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except BaseException:
            raw.rollback()
            raise
        finally:
            if waited:
                raw.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_MS}")
