"""What one process takes on of one channel at a time, so that no channel waits for another.

A provider that hangs keeps the calls to it, the claims that they are of and the threads that
wait for them. Each channel has its own of these: the other's texts or emails go on.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock

from notifier.domain.messages import Channel
from notifier.sending.claim_size import ClaimSize

#: Two, so that what is due goes on where one call of a claim is slow.
CLAIMS_AT_ONCE = 2


class Lane:
    """The room for claims of one channel, and how large they may be."""

    def __init__(self) -> None:
        self.claim_size = ClaimSize()
        self._claims = 0
        self._turned_away = False
        self._lock = Lock()

    def enter(self) -> bool:
        """Return whether there is room for one more claim; `leave` ends it."""
        with self._lock:
            if self._claims == CLAIMS_AT_ONCE:
                self._turned_away = True
                return False
            self._claims += 1
            return True

    def leave(self) -> bool:
        """Make room, and return whether somebody was turned away meanwhile.

        They were told of what those who had the room may have just missed.
        """
        with self._lock:
            self._claims -= 1
            turned_away, self._turned_away = self._turned_away, False
            return turned_away


def make_lanes() -> Mapping[Channel, Lane]:
    """Return a lane for each channel, all empty."""
    return {channel: Lane() for channel in Channel}
