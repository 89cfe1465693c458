"""Deliveries that broke while they were read: when each is tried again, and when it is given up.

What the database raises is no delivery's fault, and all wait with it; but a delivery can bring it
about, too, by what it asks for. Nobody can tell by the error. So each that broke goes behind the
others, and what breaks again and again while the database is well for them is at fault itself.

Kept in memory: after a restart the count begins anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from uuid import UUID

#: After which a delivery that broke is tried again, each time; then it is given up.
PAUSES = (timedelta(seconds=10), timedelta(seconds=20), timedelta(seconds=40))


@dataclass(frozen=True, slots=True)
class _Tried:
    often: int  # while the database was well
    again_at: datetime


class Tries:
    """How often deliveries of this process broke that are not at their end yet."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = Lock()
        self._tried: dict[UUID, _Tried] = {}

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._tried)

    def in_turn(self, waiting: Sequence[UUID], now: datetime) -> list[UUID]:
        """Return which of these are to be tried at `now`: those that broke come last.

        :param waiting: as many as wait, the oldest first; what is not there is forgotten.
        """
        with self._lock:
            self._tried = {one: self._tried[one] for one in waiting if one in self._tried}
            due = {one: tried.again_at for one, tried in self._tried.items()}
        # A clock that was set back keeps nothing waiting.
        whole = sum(PAUSES, timedelta())
        return [
            *(one for one in waiting if one not in due),
            *(one for one in waiting if one in due and not now < due[one] <= now + whole),
        ]

    def is_last(self, delivery_id: UUID) -> bool:
        """Return whether the delivery has been given all its other tries by now."""
        with self._lock:
            tried = self._tried.get(delivery_id)
        return tried is not None and tried.often >= len(PAUSES)

    def broke(self, delivery_id: UUID, now: datetime, *, counts: bool) -> None:
        """Let a delivery be tried later, behind the others.

        :param counts: the database was well; else it is tried with the next round.
        """
        with self._lock:
            tried = self._tried.get(delivery_id)
            often = tried.often if tried is not None else 0
            pause = PAUSES[min(often, len(PAUSES) - 1)] if counts else timedelta()
            self._tried[delivery_id] = _Tried(often + counts, now + pause)

    def forget(self, delivery_id: UUID) -> None:
        """Begin anew with a delivery that went well."""
        with self._lock:
            self._tried.pop(delivery_id, None)
