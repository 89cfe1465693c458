"""Moments that rules name: before or after an edge of a window, by the calendar of the place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from notifier.domain.local_time import instant_of

#: Whether a business works on a day.
WorkingDays = Callable[[date], bool]

#: Days. A business that never works must not keep us counting for ever.
_LONGEST_CLOSED = 31


class Edge(StrEnum):
    """What a moment is counted from."""

    BOOKED = "booked"
    STATUS = "status"  # when the status became what it is
    PROMISED_START = "promised.start"
    PROMISED_END = "promised.end"
    AGREED_START = "agreed.start"
    AGREED_END = "agreed.end"
    EXPECTED_START = "expected.start"
    EXPECTED_END = "expected.end"
    TOLD_START = "told.start"
    TOLD_END = "told.end"
    TELL_BY = "tell_by"
    MOMENT = "moment"  # the next moment that they were promised news or a call by
    PROMISE_MADE = "promise_made"  # when staff promised one and left it to us to say
    PROMISE_TAKEN_BACK = "promise_taken_back"  # when that was a mistake, and they had read it


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """A moment: so long before or after an edge, or a time of day some days from its date.

    `shift` is negative before the edge. With `time` it is `days` (or `working_days`) from the
    local date of the edge at the place, at that local time.
    """

    edge: Edge
    shift: timedelta = timedelta(0)
    days: int = 0
    working_days: int = 0
    time: time | None = None


def weekdays(day: date) -> bool:
    """Return whether `day` is none of a weekend."""
    return day.weekday() < 5


def moment_of(at: At, edge: datetime, *, zone: ZoneInfo, works: WorkingDays) -> datetime:
    """Return the moment (UTC) that `at` names for an edge at `edge`.

    A local time that the clock skips is read as the moment at which it was skipped; one that
    the clock shows twice is read as the first.

    :param zone: of the place.
    :param works: days on which it is false are not counted by `working_days`.
    """
    if at.time is None and not at.days and not at.working_days:
        return edge + at.shift
    local = edge.astimezone(zone)
    day = _add_working_days(local.date(), at.working_days, works) + timedelta(days=at.days)
    return instant_of(day, at.time or local.time(), zone) + at.shift


def _add_working_days(day: date, count: int, works: WorkingDays) -> date:
    step = timedelta(days=1 if count > 0 else -1)
    for _ in range(abs(count)):
        day = _next_working(day + step, step, works)
    return day


def _next_working(day: date, step: timedelta, works: WorkingDays) -> date:
    """Return the first day from `day` on that is worked; `day` where none of a month is."""
    days = (day + step * n for n in range(_LONGEST_CLOSED))
    return next((one for one in days if works(one)), day)
