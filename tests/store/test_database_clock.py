"""Many machines share one clock: the database's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import TimeoutError as PoolTimeout

from notifier.store import database_clock
from notifier.store.database_clock import DatabaseClock
from notifier.store.engine import create_engine_for
from tests.databases import Databases

pytestmark = pytest.mark.postgres


class Machine:
    """This machine's own clock, in seconds, as a test sets it."""

    def __init__(self) -> None:
        self.seconds = 1000.0  # its clock may have started anywhere

    def __call__(self) -> float:
        return self.seconds


class Connections:
    """Counts who comes for a connection of an engine, and does to them what a test says."""

    def __init__(self, engine: Engine) -> None:
        self.asked = 0
        event.listen(engine, "checkout", self._came)

    def then(self) -> None:
        """Overwrite this: what happens to whoever comes."""

    def _came(self, *_: Any) -> None:
        self.asked += 1
        self.then()


def no_connection() -> None:
    """Turn away whoever comes for a connection, as a pool that has none left."""
    raise PoolTimeout


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()
    monkeypatch.setattr(database_clock, "steady_seconds", machine)
    return machine


@pytest.fixture
def engine(databases: Databases) -> Iterator[Engine]:
    url = databases.create("postgres")
    engine = create_engine_for(url)
    yield engine
    engine.dispose()
    databases.drop(url)


def is_near(moment: datetime) -> bool:
    """Whether `moment` is what the database says, which here runs by this machine's time."""
    return abs(moment - datetime.now(UTC)) < timedelta(seconds=10)


def test_the_time_is_the_databases_however_wrong_this_machine_is(
    engine: Engine, machine: Machine
) -> None:
    """A machine whose own clock started anywhere still says what PostgreSQL says."""
    clock = DatabaseClock(engine)
    first = clock()
    machine.seconds += 20
    carried = clock()
    machine.seconds += 20  # the reading is old now: the database is not 40 s further on
    asked_again = clock()

    assert is_near(first)
    assert carried - first == timedelta(seconds=20)
    assert asked_again >= carried, "the clock never goes backwards"


def test_while_one_asks_the_others_carry_on(engine: Engine, machine: Machine) -> None:
    """A database that lets its callers wait makes one of eight wait, and for one answer."""
    connections, came, let_go = Connections(engine), threading.Event(), threading.Event()
    clock = DatabaseClock(engine)
    before = clock()
    connections.asked = 0

    def wait() -> None:
        came.set()
        assert let_go.wait(60)

    connections.then = wait  # type: ignore[method-assign]
    machine.seconds += 31
    with ThreadPoolExecutor(8) as callers:
        slow = callers.submit(clock)
        try:
            assert came.wait(60)
            quick = [callers.submit(clock).result(timeout=30) for _ in range(7)]
            assert not slow.done()
        finally:
            let_go.set()
        slow.result(timeout=30)

    assert quick == [before + timedelta(seconds=31)] * 7
    assert connections.asked == 1


def test_a_database_that_could_not_be_asked_is_left_alone_for_a_while(
    engine: Engine, machine: Machine
) -> None:
    """Each question costs its caller the pool's patience, so not every caller asks."""
    connections = Connections(engine)
    clock = DatabaseClock(engine)
    first, connections.asked = clock(), 0
    connections.then = no_connection  # type: ignore[method-assign]

    machine.seconds += 31
    assert [clock() for _ in range(8)] == [first + timedelta(seconds=31)] * 8
    assert connections.asked == 1
    machine.seconds += 4
    assert clock() == first + timedelta(seconds=35)
    assert connections.asked == 1
    machine.seconds += 2
    assert clock() == first + timedelta(seconds=37)
    assert connections.asked == 2

    del connections.then  # it is there again
    machine.seconds += 6
    clock()
    clock()
    assert connections.asked == 3


def test_an_hour_without_the_database_is_an_hour(engine: Engine, machine: Machine) -> None:
    """A claim that a machine slept on is over by its own clock, with nobody to ask."""
    connections = Connections(engine)
    clock = DatabaseClock(engine)
    first = clock()
    connections.then = no_connection  # type: ignore[method-assign]

    machine.seconds += 3600

    assert clock() == first + timedelta(hours=1)


def test_waiting_for_a_connection_is_not_taken_for_time_to_come(
    engine: Engine, machine: Machine
) -> None:
    """What the database said counts from its answer, not from when somebody began to wait."""
    connections = Connections(engine)

    def wait() -> None:
        machine.seconds += 60

    connections.then = wait  # type: ignore[method-assign]

    assert is_near(DatabaseClock(engine)())


def test_a_lead_is_worked_off_and_never_by_going_back(engine: Engine, machine: Machine) -> None:
    """A machine that runs fast is not further ahead of the others with each week that it is up."""
    clock = DatabaseClock(engine)
    machine.seconds += 40  # in no time at all: it is 40 s ahead of the database now
    ahead = clock()
    machine.seconds += 10
    later = clock()
    machine.seconds += 15
    latest = clock()

    assert later - ahead == timedelta(seconds=9)
    assert latest - later == timedelta(seconds=13.5)


@pytest.mark.usefixtures("machine")
def test_without_a_first_reading_there_is_no_clock(engine: Engine) -> None:
    """A process that can't ask once does not start on a time that it made up."""
    Connections(engine).then = no_connection  # type: ignore[method-assign]

    with pytest.raises(PoolTimeout):
        DatabaseClock(engine)
