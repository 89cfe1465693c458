"""How many messages one process claims at a time: fewer where its leases are over too soon.

A lease counts from the moment at which the claim began. Where the machine or the database is so
slow that it is over before the claim is, nothing of it is sent, and the next claim of as many
would fare no better: the same messages would be claimed again and again, and none would go.
"""

from __future__ import annotations

from threading import Lock

#: A hundred cost no less each, and on SQLite their words would be put together under the one
#: write lock for so long that callers were turned away.
MOST_AT_A_TIME = 25


class ClaimSize:
    """Half as many after a claim that came too late for some, one more after each in time."""

    def __init__(self) -> None:
        self._size = MOST_AT_A_TIME
        self._lock = Lock()

    @property
    def now(self) -> int:
        """Return how many the next claim takes at most: 1 to `MOST_AT_A_TIME`."""
        with self._lock:
            return self._size

    def learn(self, *, claimed: int, too_late: int) -> None:
        """Take in how many messages a claim had, and for how many its lease was over.

        Threads share it, so a claim says more of its own size than of what is the size now.
        """
        with self._lock:
            if too_late:
                self._size = max(1, min(self._size, claimed // 2))
            elif claimed >= self._size:
                self._size = min(self._size + 1, MOST_AT_A_TIME)
