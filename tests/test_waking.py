"""A fact recorded in one process wakes delivery in another."""

from __future__ import annotations

import threading

import pytest

from notifier.store.engine import create_engine_for
from notifier.waking import Waker
from tests.databases import Databases


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


def test_on_sqlite_waking_stays_in_the_process(databases: Databases) -> None:
    """There is nobody else to tell, and nothing to listen to."""
    engine = create_engine_for(databases.create("sqlite"))
    waker = Waker(engine)

    waker.listen(lambda: False)
    waker()

    assert waker.event.is_set()
    engine.dispose()
