"""One clock for many machines: PostgreSQL's."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

#: How long a reading of the database's clock is carried on by this machine's, in seconds.
#: A quartz clock drifts by some 50 millionths: less than two milliseconds in that time.
_FRESH_FOR = 30.0


class DatabaseClock:
    """Calling it returns the database's time, whatever this machine's clock says.

    Between readings the time is carried on by the monotonic clock, which nobody sets.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._read_at = time.monotonic()
        self._then = self._ask()

    def __call__(self) -> datetime:
        """Return the current time, aware and in UTC."""
        with self._lock:
            passed = time.monotonic() - self._read_at
            if passed > _FRESH_FOR:
                passed = self._read_again(passed)
            return self._then + timedelta(seconds=passed)

    def _read_again(self, passed: float) -> float:
        """Read the database's clock anew; while it can't be asked, carry on."""
        asked_at = time.monotonic()
        try:
            then = self._ask()
        except SQLAlchemyError:
            return passed
        # Never backwards: what was recorded under the old reading stays in the past.
        carried = self._then + timedelta(seconds=asked_at - self._read_at)
        self._then, self._read_at = max(then, carried), asked_at
        return time.monotonic() - asked_at

    def _ask(self) -> datetime:
        with self._engine.connect() as connection:
            moment = connection.scalar(text("SELECT clock_timestamp()"))
        assert isinstance(moment, datetime)
        return moment.astimezone(UTC)
