"""Writers of one process take turns, in order, on SQLite."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from notifier.store import engine as store_engine
from notifier.store.engine import create_sessions, reading
from notifier.store.turns import Turns
from tests.databases import Databases
from tests.served import eventually

_WRITE = text("INSERT INTO heartbeats (name, at) VALUES (:name, '2026-11-23 17:00:00')")


@pytest.fixture
def sessions(databases: Databases) -> Iterator[sessionmaker[Session]]:
    """Return sessions on a SQLite database of their own."""
    url = databases.create("sqlite")
    yield create_sessions(url)
    databases.drop(url)


def test_whoever_waited_longest_is_next() -> None:
    """Nobody overtakes, and a turn that is free is had at once."""
    turns, order = Turns(), list[int]()
    assert turns.take(0)

    def wait_and_note(number: int) -> None:
        assert turns.take(10)
        order.append(number)
        turns.give_up()

    def in_line(number: int) -> bool:
        return len(turns._waiting) == number

    threads = [threading.Thread(target=wait_and_note, args=(number,)) for number in range(5)]
    for number, thread in enumerate(threads, 1):
        thread.start()
        eventually(partial(in_line, number))
    turns.give_up()
    for thread in threads:
        thread.join()

    assert order == [0, 1, 2, 3, 4]
    assert turns.take(0)


def test_who_gives_up_waiting_leaves_no_gap() -> None:
    """A turn is not handed to somebody who has left."""
    turns = Turns()
    assert turns.take(0)
    assert not turns.take(0.01)

    turns.give_up()

    assert turns.take(0)


def test_many_writers_all_get_through(sessions: sessionmaker[Session]) -> None:
    """Twelve threads that write all the time: none is starved until it gives up."""
    failed: list[Exception] = []

    def write(thread: int) -> None:
        try:
            for number in range(20):
                with sessions.begin() as session:
                    for row in range(10):
                        session.execute(_WRITE, {"name": f"{thread}-{number}-{row}"})
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    with reading(sessions) as session:
        assert session.scalar(text("SELECT count(*) FROM heartbeats")) == 2400


def test_a_transaction_that_fails_ends_its_turn(sessions: sessionmaker[Session]) -> None:
    """Whether it breaks inside or is given back unfinished, the next writer goes on."""
    twice = [{"name": "once"}, {"name": "once"}]
    for _ in range(2):
        with pytest.raises(IntegrityError), sessions.begin() as session:
            session.execute(_WRITE, twice)
    left = sessions()
    left.execute(_WRITE, {"name": "left"})
    left.close()

    with sessions.begin() as session:
        session.execute(_WRITE, {"name": "next"})


def test_another_process_that_writes_is_waited_for_and_then_an_error(
    sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database's own lock still counts; a turn that came to nothing is given back."""
    monkeypatch.setattr(store_engine, "SQLITE_BUSY_MS", 50)
    url = sessions.kw["bind"].url.render_as_string()
    here, there = create_sessions(url), create_sessions(url)
    with there.begin() as other:
        other.execute(_WRITE, {"name": "other"})
        for _ in range(2):
            with pytest.raises(OperationalError), here.begin() as session:
                session.execute(_WRITE, {"name": "mine"})

    with here.begin() as session:
        session.execute(_WRITE, {"name": "mine"})


@pytest.mark.parametrize(("waited", "patience"), [(0.0, []), (3.2, [1800, 5000]), (7.0, [0, 5000])])
def test_waiting_for_a_turn_and_for_another_process_last_five_seconds_together(
    sessions: sessionmaker[Session],
    monkeypatch: pytest.MonkeyPatch,
    waited: float,
    patience: list[int],
) -> None:
    """Whoever waited for those in front has the less patience with others, that once."""
    said: list[str] = []
    with sessions.kw["bind"].connect() as connection:
        connection.connection.dbapi_connection.set_trace_callback(said.append)
    moments = iter([100.0, 100.0 + waited])
    monkeypatch.setattr("notifier.store.engine.time.monotonic", lambda: next(moments))

    with sessions() as session:
        session.execute(_WRITE, {"name": "mine"})

    pragma = "PRAGMA busy_timeout="
    assert [f"{pragma}{ms}" for ms in patience] == [one for one in said if pragma in one]
