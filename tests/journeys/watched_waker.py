"""A waker that says when its worker has nothing left to do, so that stories need no sleeps."""

from __future__ import annotations

from sqlalchemy import Engine

from notifier.scheduler import DELIVERY_THREADS
from notifier.waking import AutoResetEvent, Waker


class _WatchedEvent(AutoResetEvent):
    """An event that knows whether every delivery thread waits for it in vain."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting = 0

    def set(self) -> None:
        with self._changed:
            super().set()
            self._changed.notify_all()  # one alone may be the one that waits until all is idle

    def wait(self, timeout: float | None = None) -> bool:
        with self._changed:
            self._waiting += 1
            self._changed.notify_all()
            try:
                return super().wait(timeout)
            finally:
                self._waiting -= 1

    def wait_until_idle(self, timeout: float) -> bool:
        """Wait until the worker waits and nothing has woken it; False after `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._waiting == DELIVERY_THREADS and not self.is_set(), timeout
            )


class WatchedWaker(Waker):
    """Wakes the worker as the product's own does, and knows when it has come to rest."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._watched = _WatchedEvent()
        self.event = self._watched

    def wait_until_idle(self, timeout: float = 20) -> None:
        """Wait until the worker has done all that it was woken for.

        :raises AssertionError: after `timeout` seconds.
        """
        assert self._watched.wait_until_idle(timeout), f"delivery did not rest in {timeout} s"
