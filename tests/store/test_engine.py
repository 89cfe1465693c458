"""Connections to PostgreSQL are kept, not trusted once they have been idle, and have limits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import InternalError, OperationalError

from notifier.store import engine as engines
from notifier.store.engine import create_engine_for
from tests.databases import Databases

pytestmark = pytest.mark.postgres

_SESSION = text("SELECT pg_backend_pid()")


@pytest.fixture
def engine(databases: Databases) -> Iterator[Engine]:
    """Return an engine on a PostgreSQL database of its own."""
    url = databases.create("postgres")
    made = create_engine_for(url)
    yield made
    made.dispose()
    databases.drop(url)


def test_a_connection_that_died_while_idle_is_replaced(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody who comes after the database was away sees that it was."""
    monkeypatch.setattr(engines, "IDLE_SECONDS", 0)
    died = _server_process(engine)
    _end(engine, died)
    assert _server_process(engine) != died


def test_a_connection_used_a_moment_ago_is_not_asked(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Use after use costs no round trip; what died in between fails once, and only once."""
    monkeypatch.setattr(engines, "IDLE_SECONDS", 60)
    died = _server_process(engine)
    assert _server_process(engine) == died
    _end(engine, died)
    with pytest.raises(OperationalError):
        _server_process(engine)
    assert _server_process(engine) != died


def test_every_session_waits_and_is_silent_only_for_so_long(engine: Engine) -> None:
    """Also the second transaction of a session, and after one that was undone."""
    for _ in range(2):
        with engine.connect() as connection:
            assert _limits(connection) == ("5s", "20s")
            connection.rollback()
            assert _limits(connection) == ("5s", "20s")


@pytest.mark.parametrize(
    "whose", ["ROLE postgres IN DATABASE {}", "DATABASE {}"], ids=["role", "database"]
)
def test_what_was_set_for_the_role_or_the_database_stays(engine: Engine, whose: str) -> None:
    """Whoever runs the database knows better; what was not set is ours."""
    with engine.begin() as connection:
        name = whose.format(engine.url.database)
        connection.exec_driver_sql(f"ALTER {name} SET lock_timeout = '7s'")
    engine.dispose()

    with engine.connect() as connection:
        assert _limits(connection) == ("7s", "20s")


def test_what_the_url_says_stays(engine: Engine) -> None:
    """Of the session and of the connection; the rest is ours."""
    options = {"options": "-c lock_timeout=7s", "connect_timeout": "9"}
    other = create_engine_for(
        engine.url.update_query_dict(options).render_as_string(hide_password=False)
    )
    with other.connect() as connection:
        assert _limits(connection) == ("7s", "20s")
        assert connection.connection.dbapi_connection is not None
        said = connection.connection.dbapi_connection.info.get_parameters()
    other.dispose()

    names = ("connect_timeout", "keepalives_idle", "tcp_user_timeout")
    assert [said[name] for name in names] == ["9", "10", "20000"]


def test_a_server_that_only_reads_now_is_left(engine: Engine) -> None:
    """As after a failover: the name in the URL may lead to another by now."""
    with engine.begin() as connection:
        connection.execute(text("SET default_transaction_read_only = on"))
    write = text("CREATE TABLE written (number int)")

    with pytest.raises(InternalError), engine.begin() as connection:
        connection.execute(write)

    with engine.begin() as connection:
        connection.execute(write)


def _limits(connection: Connection) -> tuple[str, str]:
    """Return for how long the session waits for a lock, and may be silent in a transaction."""
    waits, is_silent = (
        connection.scalar(text(f"SHOW {name}"))
        for name in ("lock_timeout", "idle_in_transaction_session_timeout")
    )
    return waits, is_silent


def _server_process(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(_SESSION) or 0)


def _end(engine: Engine, process: int) -> None:
    """End the server's side of a connection, as a restart of the server does."""
    other = create_engine_for(engine.url.render_as_string(hide_password=False))
    with other.connect() as connection:
        connection.execute(
            text("SELECT pg_terminate_backend(:process, 5000)"), {"process": process}
        )
    other.dispose()
