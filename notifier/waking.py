"""Wake delivery at once when something may be due. The tick is the safety net."""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg
import structlog
from sqlalchemy import Engine

from notifier.store.engine import noticing_silence

_CHANNEL = "notifier_due"
_log = structlog.get_logger()


class AutoResetEvent:
    """An event that one thread takes, and it alone.

    A `threading.Event` lets all go on that wait for it: each of them would look for the same.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._is_set = False

    def set(self) -> None:
        """Let one thread go on: of those that wait, or else the next that does."""
        with self._changed:
            self._is_set = True
            self._changed.notify()

    def is_set(self) -> bool:
        """Return whether it waits to be taken."""
        with self._changed:
            return self._is_set

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set, and take it; return False if `timeout` seconds pass before."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._is_set, timeout):
                return False
            self._is_set = False
            return True


class Waker:
    """Calling it wakes the worker: the one in this process, or over PostgreSQL the others."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._remote = engine.dialect.name == "postgresql"
        self._here = False
        self.event = AutoResetEvent()

    def __call__(self) -> None:
        """Wake the worker. Never fails: what is due stays in the database."""
        self.event.set()
        if self._here or not self._remote:
            return
        try:
            with self._engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT")
                connection.exec_driver_sql(f"NOTIFY {_CHANNEL}")
        except Exception as error:  # the tick finds it
            _log.warning("wake_failed", error=type(error).__name__)

    def serve_here(self) -> None:
        """Say that the worker runs in this process, so that nobody else need be told."""
        self._here = True

    def listen(self, stopping: Callable[[], bool]) -> None:
        """Wake on what other processes say, until `stopping()`; returns at once on SQLite."""
        if not self._remote:
            return
        url = self._engine.url
        _, address = self._engine.dialect.create_connect_args(url)
        while not stopping():
            try:
                with psycopg.connect(
                    autocommit=True, **address, **noticing_silence(url)
                ) as connection:
                    connection.execute(f"LISTEN {_CHANNEL}")
                    while not stopping():
                        for _ in connection.notifies(timeout=1, stop_after=1):
                            self.event.set()
            except psycopg.Error as error:
                _log.warning("listen_failed", error=type(error).__name__)
                threading.Event().wait(1)
