"""When a message that was certainly not taken goes again, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

#: Seconds to wait after the first, second, … deferral; the last holds from then on.
BACKOFF_S = (5, 15, 45, 120, 300, 600)


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Goes again at `at` (aware UTC)."""

    at: datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The next try would come after the message's expiry: silence is better."""


def after_deferral(
    count: int, *, now: datetime, retry_after: float | None, expires_at: datetime
) -> TryAgain | GiveUp:
    """Return what becomes of a message deferred for the `count`th time, counting from 1.

    A wait that the provider asked for (`retry_after`, seconds) is kept, but never shortens
    ours: a provider in trouble says 0 too.
    """
    ours = BACKOFF_S[min(count, len(BACKOFF_S)) - 1]
    at = now + timedelta(seconds=max(ours, retry_after or 0))
    return TryAgain(at) if at < expires_at else GiveUp()
