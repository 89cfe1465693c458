"""One clock for many machines: PostgreSQL's."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from notifier.clock import steady_seconds

#: How long a reading of the database's clock is carried on by this machine's, in seconds.
#: A quartz clock drifts by some 50 millionths: less than two milliseconds in that time.
_FRESH_FOR = 30.0

#: How long a database that could not be asked is left alone, in seconds.
_AGAIN_AFTER = 5.0

#: What is taken off each second while this clock is ahead: it is never set back.
_SLOWER_BY = 0.1


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the database's clock said, and how far ahead of it we were at that moment."""

    at: float  # steady seconds
    then: datetime
    lead: float = 0.0  # seconds

    def carried_to(self, at: float) -> datetime:
        """Return the time at `at`. A lead is worked off slowly."""
        passed = at - self.at
        return self.then + timedelta(seconds=passed + max(0.0, self.lead - passed * _SLOWER_BY))


class DatabaseClock:
    """Calling it returns the database's time, whatever this machine's clock says.

    Between readings the time is carried on by a clock that nobody sets. One caller at a time
    asks the database; the others carry on meanwhile, and so does everybody for `_AGAIN_AFTER`
    after it could not be asked. Nobody but the one that asks waits for a database in trouble.

    There is no age from which a reading is no longer carried on. A lease is granted and
    checked by the same process, so its length is right however old the reading; and whoever
    would judge another's lease needs the database, and asks it. What an old reading is off by
    is drift, four seconds after a day, and a lease's end is ten before the first look-up.
    Where the machine's clock stands still while it is suspended (not on Linux, see
    `steady_seconds`), the time is late by as much until the next reading.
    """

    def __init__(self, engine: Engine) -> None:
        """Ask at once: without a first reading there is no clock.

        :raises SQLAlchemyError: if the database can't be asked.
        """
        self._engine = engine
        self._asking = threading.Lock()
        self._reading = self._ask()
        self._ask_at = self._reading.at + _FRESH_FOR

    def __call__(self) -> datetime:
        """Return the current time, aware and in UTC. For no caller it ever goes backwards."""
        if steady_seconds() > self._ask_at and self._asking.acquire(blocking=False):
            try:
                self._ask_again()
            finally:
                self._asking.release()
        return self._reading.carried_to(steady_seconds())

    def _ask_again(self) -> None:
        """Read the database's clock anew; while it can't be asked, carry on."""
        try:
            reading = self._ask()
        except SQLAlchemyError:
            self._ask_at = steady_seconds() + _AGAIN_AFTER
            return
        # What was recorded under the old reading stays in the past.
        lead = self._reading.carried_to(reading.at) - reading.then
        self._reading = _Reading(reading.at, reading.then, max(0.0, lead.total_seconds()))
        self._ask_at = reading.at + _FRESH_FOR

    def _ask(self) -> _Reading:
        with self._engine.connect() as connection:
            moment = connection.scalar(text("SELECT clock_timestamp()"))
            # Not when it was asked: waiting for a connection would be taken for time to come.
            read_at = steady_seconds()
        assert isinstance(moment, datetime)
        return _Reading(read_at, moment.astimezone(UTC))
