"""What the first calls of one claim teach, before the rest of it is made.

A claim hands its messages to their paths at one moment, and they wait for their turn. Where a
path asks for rest meanwhile, or fails, they are let go instead, and the next claim, which sees
the same on record, finds their way anew.
"""

from __future__ import annotations

from datetime import datetime
from threading import Lock

from notifier.domain.sending.path_health import Answer, PathHealth, after_answer


class Batch:
    """The calls of one claim, made by several threads."""

    def __init__(self) -> None:
        self._healths: dict[str, PathHealth] = {}
        self._lock = Lock()

    def lets_go(self, path: str, *, has_other: bool, now: datetime) -> bool:
        """Return whether a message that waited for `path` is better off with the next claim.

        :param has_other: whether the channel has another path: the last one goes on, ill or not.
        """
        with self._lock:
            health = self._healths.get(path, PathHealth())
        rests = health.rests_until is not None and health.rests_until > now
        return rests or (has_other and not health.has_room(now, under_way=0))

    def learn(self, path: str, answer: Answer) -> None:
        """Take in what a call was answered."""
        with self._lock:
            self._healths[path] = after_answer(self._healths.get(path, PathHealth()), answer)
