"""Ticks. Due times live in the database; this only says when to look.

It may run twice, late, or be restarted: nothing is lost, doubled or sent stale by it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from notifier.checkup.silence import owe_looking_into_silence
from notifier.delivery import deliver_due
from notifier.domain.messages import Channel
from notifier.housekeeping import tidy
from notifier.planner import look_again
from notifier.sandbox.journal import confirm_sandbox_deliveries
from notifier.sending.asking_ahead import ask_before_giving_way
from notifier.sending.lane import CLAIMS_AT_ONCE
from notifier.sending.lookups import resolve_unknown
from notifier.services import Services
from notifier.store.heartbeats import beat
from notifier.ticks import Ticks
from notifier.waking import Waker
from notifier.webhooks.fetching import fetch_due
from notifier.webhooks.receiving import write_refusals
from notifier.webhooks.translation import translate_received

_log = structlog.get_logger()

#: As many as may wait for providers, so that fresh news does not wait behind one that hangs:
#: those of the other channel are left, whatever they did before.
DELIVERY_THREADS = CLAIMS_AT_ONCE * len(Channel)

_Step = Callable[[Services], int]

#: A round of work, in the order in which one step makes work for the next.
_DELIVERING: tuple[_Step, ...] = (
    translate_received,
    look_again,
    deliver_due,
    confirm_sandbox_deliveries,
)

#: These ask others, who may be slow to answer: by themselves, so that no text waits for that.
_ASKING: tuple[_Step, ...] = (resolve_unknown, fetch_due)


class Worker:
    """Does what is due: at every wake, and at every tick in case a wake was lost."""

    def __init__(self, services: Services, waker: Waker, *, tick_seconds: float) -> None:
        self._services = services
        self._waker = waker
        self._stopping = threading.Event()
        self._deliveries = [
            threading.Thread(target=self._run, name=f"delivery-{number}", daemon=True)
            for number in range(DELIVERY_THREADS)
        ]
        self._threads = [
            *self._deliveries,
            threading.Thread(
                target=waker.listen, args=(self._stopping.is_set,), name="listen", daemon=True
            ),
        ]
        self._ticks = Ticks()
        self._ticks.add_job(waker.event.set, "interval", seconds=tick_seconds)
        self._ticks.add_job(self._beat, "interval", seconds=10)
        for step in _ASKING:
            self._ticks.add_job(self._repeat, "interval", seconds=tick_seconds, args=[step])
        # Once a tick: where all receipts stay away, the provider is not asked without end.
        self._ticks.add_job(
            _take,
            "interval",
            seconds=tick_seconds,
            args=[(ask_before_giving_way,), services],
        )
        self._ticks.add_job(write_refusals, "interval", seconds=5, args=[services])
        self._ticks.add_job(self._watch, "interval", minutes=1)
        self._ticks.add_job(self._tidy, "interval", hours=6)

    def start(self) -> None:
        """Start ticking in threads of this process."""
        self._waker.serve_here()
        self._beat()
        self._ticks.start()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish what is under way and stop."""
        self._stopping.set()
        self._waker.event.set()
        self._ticks.shutdown(wait=False)
        for thread in self._deliveries:
            while thread.is_alive():  # each wake ends one of them
                self._waker.event.set()
                thread.join(timeout=0.1)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._waker.event.wait()
            self._repeat(*_DELIVERING)

    def _repeat(self, *steps: _Step) -> None:
        """Take these steps for as long as there is something to do."""
        while not self._stopping.is_set() and _take(steps, self._services):
            pass

    def _tidy(self) -> None:
        try:
            tidy(self._services)
        except SQLAlchemyError as error:
            _log.warning("tidy_failed", error=type(error).__name__)

    def _watch(self) -> None:
        try:
            owe_looking_into_silence(self._services)
        except SQLAlchemyError as error:
            _log.warning("watch_failed", error=type(error).__name__)

    def _beat(self) -> None:
        try:
            with self._services.sessions.begin() as session:
                beat(session, self._services.now())
        except SQLAlchemyError as error:
            _log.warning("heartbeat_failed", error=type(error).__name__)


def run_round(services: Services) -> int:
    """Do what is due once, every step, and return how much was done.

    A step that fails is logged and tried again at the next tick; the others go on.
    """
    return _take((*_DELIVERING, resolve_unknown, ask_before_giving_way), services)


def _take(steps: Iterable[_Step], services: Services) -> int:
    done = 0
    for step in steps:
        try:
            done += step(services)
        except Exception as error:
            _log.error("step_failed", step=step.__name__, error=type(error).__name__)
    return done
