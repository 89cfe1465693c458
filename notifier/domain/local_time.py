"""Local times as instants, where the clock on the wall skips an hour or shows one twice."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_TICK = timedelta(microseconds=1)
_CLOCK = re.compile(r"[0-9]{2}:[0-9]{2}")

#: From ten months on, a date without its year can be taken for the one that is nearer.
_FAR = timedelta(days=300)


def clock_time(text: str) -> time:
    """Return the time of day that people write as `09:30`: to the minute, in no zone of its own.

    :raises ValueError: if it is anything else; seconds and offsets would count for nothing.
    """
    if not _CLOCK.fullmatch(text):
        raise ValueError("write a time such as 09:30")
    return time.fromisoformat(text)


def instant_of(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) at which the clock in `zone` comes to `clock` on `day`.

    A time that the clock skips is the instant at which it was skipped; one that it shows
    twice is the first.
    """
    local = datetime.combine(day, clock, zone)
    before, after = local.replace(fold=0), local.replace(fold=1)
    first = before.astimezone(UTC)
    if before.utcoffset() == after.utcoffset() or _shows(first, local):
        return first
    return first_change(after.astimezone(UTC), first, zone) or first


def needs_year(day: date, today: date) -> bool:
    """Return whether `day`, said to somebody who reads it `today`, needs its year."""
    return abs(day - today) > _FAR


def first_change(after: datetime, until: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the instant (UTC) in (`after`, `until`] at which clocks in `zone` are changed.

    None if they are not. The two are so near each other that clocks change at most once.
    """
    low, high = after.astimezone(UTC), until.astimezone(UTC)
    offset = low.astimezone(zone).utcoffset()
    if high.astimezone(zone).utcoffset() == offset:
        return None
    while high - low > _TICK:
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high


def _shows(instant: datetime, local: datetime) -> bool:
    """Whether the clock really shows `local` at `instant`, so that it is not skipped."""
    shown = instant.astimezone(local.tzinfo).replace(tzinfo=None, fold=0)
    return shown == local.replace(tzinfo=None, fold=0)
