"""A fact recorded in one process wakes delivery in another."""

from __future__ import annotations

import queue
import threading

import pytest

from notifier.store.engine import create_engine_for
from notifier.waking import AutoResetEvent, Waker
from tests.databases import Databases

_LONG = 30  # seconds, for what takes none


@pytest.mark.postgres
def test_a_fact_recorded_in_one_process_wakes_the_worker_of_another(databases: Databases) -> None:
    """Over PostgreSQL itself: no tick is needed, and no other part."""
    url = f"{databases.create('postgres')}&options=-c%20lock_timeout%3D7s"  # a part with a space
    here, there = create_engine_for(url), create_engine_for(url)
    recording, working = Waker(here), Waker(there)
    working.serve_here()
    stop = threading.Event()
    listening = threading.Thread(target=working.listen, args=(stop.is_set,))
    listening.start()

    woken = False
    for _ in range(100):  # the first ones may come before it listens
        recording()
        if working.event.wait(0.1):
            woken = True
            break
    stop.set()
    listening.join(timeout=10)

    assert woken
    assert not listening.is_alive()
    here.dispose()
    there.dispose()
    databases.drop(url)


def test_a_wake_is_for_one_thread_alone() -> None:
    """The others would look for the same, and find it taken."""
    event = AutoResetEvent()

    event.set()
    event.set()

    assert event.wait(0)
    assert not event.wait(0)


def test_of_those_that_wait_one_goes_on() -> None:
    """Each wake that follows lets go one more of them."""
    event, went_on = AutoResetEvent(), queue.SimpleQueue[bool]()
    threads = [
        threading.Thread(target=lambda: went_on.put(event.wait(_LONG)), daemon=True)
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()

    for _ in threads:
        event.set()
        assert went_on.get(timeout=_LONG)
        assert went_on.empty()


def test_on_sqlite_waking_stays_in_the_process(databases: Databases) -> None:
    """There is nobody else to tell, and nothing to listen to."""
    engine = create_engine_for(databases.create("sqlite"))
    waker = Waker(engine)

    waker.listen(lambda: False)
    waker()

    assert waker.event.is_set()
    engine.dispose()
