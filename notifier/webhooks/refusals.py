"""Counts what is refused at the addresses of sources, without writing at each refusal.

Whoever knows an address can post there without end. So each process counts in memory and
writes a few rows at most every `WRITTEN_EVERY`. A process that dies takes with it what it
counted since: a number that somebody looks at, never a delivery.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from notifier.domain.deliveries import Refusal
from notifier.store.source_refusals import RefusedInHour, add_refusals

_log = structlog.get_logger(__name__)

WRITTEN_EVERY = timedelta(seconds=5)


class Refusals:
    """What this process refused and has not written yet: a number by source, hour and reason."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = Lock()
        self._found: dict[tuple[UUID, datetime, Refusal], RefusedInHour] = {}
        self._written_at: datetime | None = None

    def add(self, source_id: UUID, reason: Refusal, at: datetime) -> None:
        """Count one."""
        hour = at.replace(minute=0, second=0, microsecond=0)
        with self._lock:
            self._add(RefusedInHour(source_id, hour, reason, 1, at))

    @property
    def any_unwritten(self) -> bool:
        """Whether there is something to write."""
        return bool(self._found)

    def write_due(self, sessions: sessionmaker[Session], now: datetime) -> None:
        """Write what was counted, unless that was done a moment ago; trouble leaves it for later.

        Of several threads that ask, one writes and the others go on.
        """
        with self._lock:
            if not self._found or self._is_too_soon(now):
                return
            found, self._found, self._written_at = [*self._found.values()], {}, now
        try:
            with sessions.begin() as session:
                add_refusals(session, found)
        except SQLAlchemyError as error:
            _log.warning("refusals_not_written", error=type(error).__name__)
            with self._lock:
                for one in found:
                    self._add(one)

    def _add(self, one: RefusedInHour) -> None:
        key = (one.source_id, one.hour, one.reason)
        before = self._found.get(key)
        self._found[key] = (
            one
            if before is None
            else RefusedInHour(
                *key, before.number + one.number, max(before.latest_at, one.latest_at)
            )
        )

    def _is_too_soon(self, now: datetime) -> bool:
        # A clock that was set back does not keep it from writing.
        written = self._written_at
        return written is not None and timedelta() <= now - written < WRITTEN_EVERY
