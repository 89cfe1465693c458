"""SendGrid's callbacks: each mail taken is reported as delivered, signed, to the web app."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.fakes.provider_server import PUBLIC_URL
from tests.faults.web_app import web_app
from tests.faults.world import World

_PAUSE_S = 0.2
#: How late a report comes, at most: before the second look-up, though all is five times as fast.
_LATE_S = 8.0
_REPEATED = (0, 1, 2)  # times


@contextmanager
def reporting(world: World, chance: random.Random | None = None) -> Iterator[None]:
    """Report whatever was taken, also where its answer never came: soon, in order, and once.

    With `chance` as SendGrid really does: sooner or later, in any order, some again and again.
    """
    app = web_app(
        world,
        public_url=PUBLIC_URL,
        sendgrid_webhook_public_key=world.providers.sendgrid_public_key,
    )
    world.providers.callbacks.app = app.test_client()
    stopping = threading.Event()
    postman = threading.Thread(target=_report, args=(world, Bag(chance), stopping))
    postman.start()
    try:
        yield
    finally:
        stopping.set()
        postman.join()


class Bag:
    """Events that wait until they are reported, and when that is; monotonic seconds."""

    def __init__(self, chance: random.Random | None) -> None:
        self._chance = chance
        self._waiting: list[tuple[float, dict[str, Any]]] = []

    def put(self, event: dict[str, Any], now: float) -> None:
        """Let it be reported from `now` on, once or more often."""
        self._waiting += [(now + delay, event) for delay in self._delays()]

    def take(self, now: float) -> list[dict[str, Any]]:
        """Take out what is due."""
        due = [event for at, event in self._waiting if at <= now]
        self._waiting = [one for one in self._waiting if one[0] > now]
        if self._chance is not None:
            self._chance.shuffle(due)
        return due

    def put_back(self, events: list[dict[str, Any]], now: float) -> None:
        """Let them be reported again: nobody took them."""
        self._waiting += [(now, event) for event in events]

    def _delays(self) -> list[float]:
        if self._chance is None:
            return [0.0]
        delays = [self._chance.uniform(0, _LATE_S)]
        for _ in range(self._chance.choice(_REPEATED)):
            delays.append(delays[-1] + self._chance.uniform(0, _LATE_S))
        return delays


def _report(world: World, bag: Bag, stopping: threading.Event) -> None:
    """Do as SendGrid does: what is not answered with a success is reported again."""
    callbacks, seen = world.providers.callbacks, 0
    while not stopping.wait(_PAUSE_S):
        taken = world.providers.emails
        for email in taken[seen:]:
            bag.put(callbacks.event(email, "delivered", {}), time.monotonic())
        seen = len(taken)
        due = bag.take(time.monotonic())
        if due and callbacks.events(due) >= 300:
            bag.put_back(due, time.monotonic())
