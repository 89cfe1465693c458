"""Times as parcel trackers write them: many name no zone, and some name one that is not theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from notifier.sources.parts.estimates import DayOf, Estimate, LocalDay
from notifier.sources.parts.json_bodies import short_text


def moment_or_utc(value: object) -> datetime | None:
    """Return the ISO 8601 time that `value` is; one that names no zone is read as UTC."""
    said = _time(value)
    return said.replace(tzinfo=UTC) if said is not None and said.tzinfo is None else said


def scanned_at(said: object, learnt: object) -> datetime | None:
    """Return when a scan happened, never later than when the tracker `learnt` of it.

    Where a carrier's local time comes without a zone, or marked as UTC, it is read as UTC: the
    zone isn't known here. That is hours too early west of Greenwich, and east of it too late by
    no more than the tracker was slow.
    """
    times = [at for at in (moment_or_utc(said), moment_or_utc(learnt)) if at is not None]
    return min(times) if moment_or_utc(said) is not None else None


Scan = tuple[datetime, Mapping[str, Any]]  # and when it happened


def newest(scans: Sequence[Scan]) -> Scan | None:
    """Return the newest of `scans`, in whichever order they are listed."""
    return max(scans, key=lambda scan: scan[0], default=None)


def after(scan: Scan | None) -> Scan | None:
    """Return the scan as of a second later: a status that no scan has came after the newest one.

    At the very time of that scan, the one of the two that arrives last would count.
    """
    return (scan[0] + timedelta(seconds=1), scan[1]) if scan is not None else None


def estimated_day(value: object, as_of: datetime | None) -> Estimate | None:
    """Return the day that `value` names, or None if it names none that counts at `as_of`.

    A date, a midnight and a carrier's local time are the date as written. A time in UTC is the
    day that it has at the order's place. What lies days before `as_of` was never brought up to
    date.
    """
    said = _time(value)
    if said is None or (as_of is not None and said.date() < as_of.date() - timedelta(days=1)):
        return None
    if said.utcoffset() == timedelta(0) and said.time() != time.min:
        return DayOf(said)
    return LocalDay(said.date())


def _time(value: object) -> datetime | None:
    text = short_text(value)
    try:
        said = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return said if said is not None and 2000 <= said.year < 2100 else None
