"""By when somebody who asks to be called is rung."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from notifier.domain.quiet.hours import QuietHours, next_allowed

#: So much time in which people work is left for the call, as the board's usual answer has it.
WITHIN = timedelta(hours=1)


def call_by(now: datetime, quiet: QuietHours, zones: Sequence[ZoneInfo]) -> datetime:
    """Return by when somebody who asks at `now` (UTC) is rung, on a quarter of an hour.

    Within the hour; where that hour is quiet in any of `zones` (the brand's, the person's),
    within the first hour that is not.
    """
    starts = next_allowed(now, quiet, zones)
    ends = next_allowed(starts + WITHIN, quiet, zones)
    by = ends if ends == starts + WITHIN else ends + WITHIN
    by += timedelta(minutes=-by.minute % 15)
    return by.replace(second=0, microsecond=0)
