"""Connections to PostgreSQL are kept, and not trusted once they have been idle."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

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
