"""How much a source may send. Kept in memory: each process counts for itself."""

from __future__ import annotations

from datetime import datetime
from threading import Lock
from uuid import UUID

#: More than a shop sends in a flash sale: so many at once, and then a hundred a second.
USUAL_PER_MINUTE = 6000


class SourceLimit:
    """A minute's worth of deliveries for each source, filled up again as time goes by."""

    def __init__(self, per_minute: int = USUAL_PER_MINUTE) -> None:
        """Let each source send `per_minute`."""
        self._per_minute = per_minute
        self._lock = Lock()
        self._left: dict[UUID, tuple[float, datetime]] = {}  # deliveries, and when that was so

    def take(self, source_id: UUID, now: datetime) -> float:
        """Let one delivery through and return 0; else return in how many seconds one may come."""
        a_second = self._per_minute / 60
        with self._lock:
            left, since = self._left.get(source_id, (float(self._per_minute), now))
            passed = max(0.0, (now - since).total_seconds())
            left = min(float(self._per_minute), left + passed * a_second)
            goes = left >= 1
            self._left[source_id] = (left - 1 if goes else left, now)
        return 0.0 if goes else (1 - left) / a_second
