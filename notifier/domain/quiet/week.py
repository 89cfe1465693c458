"""The quiet hours of a brand as its row keeps them, and as people write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import time

from notifier.domain.local_time import clock_time
from notifier.domain.quiet.hours import ALL_DAY, NO_HOURS, Hours, QuietHours

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_DAY_END = "24:00"  # as the end of a day; 00:00 is its beginning
_WORDS = {"none": NO_HOURS, "all-day": ALL_DAY}


def brand_hours(
    quiet_from: str, quiet_until: str, quiet_days: Mapping[str, Sequence[str]] | None
) -> QuietHours:
    """Return quiet hours such as "21:00", "08:00" and {"sun": ["20:00", "10:00"]}.

    :raises ValueError: if they can't be read.
    """
    own = {day: _hours(*hours) for day, hours in (quiet_days or {}).items()}
    days = tuple(sorted((_weekday(day), hours) for day, hours in own.items()))
    return QuietHours(*_hours(quiet_from, quiet_until), days)


def closed_weekdays(quiet: QuietHours) -> frozenset[int]:
    """Return the weekdays that are quiet as a whole; Monday is 0."""
    return frozenset(day for day, hours in quiet.days if hours == ALL_DAY)


def read_hours(text: str) -> list[str]:
    """Return what a row keeps of "21:00-08:00", "none" or "all-day": from, until.

    :raises ValueError: if it is none of these, or ends where it begins: a row says *none* so,
        and who writes it may mean the whole day.
    """
    start, _, end = text.partition("-")
    hours = _WORDS.get(text) or _hours(start.strip(), end.strip())
    if hours[0] == hours[1] and text not in _WORDS:
        raise ValueError(f'{text} ends where it begins; write "none", or "all-day"')
    return [f"{hours[0]:%H:%M}", _DAY_END if hours[1] == time.max else f"{hours[1]:%H:%M}"]


def say_hours(hours: Hours) -> str:
    """Return hours as people write them: "21:00-08:00", "none" or "all-day"."""
    word = next((word for word, one in _WORDS.items() if one == hours), None)
    if word is not None or hours[0] == hours[1]:
        return word or "none"
    end = _DAY_END if hours[1] == time.max else f"{hours[1]:%H:%M}"
    return f"{hours[0]:%H:%M}-{end}"


def _weekday(name: str) -> int:
    if name not in WEEKDAYS:
        raise ValueError(f"{name!r} is no weekday; write {', '.join(WEEKDAYS)}")
    return WEEKDAYS.index(name)


def _hours(start: str, end: str) -> Hours:
    try:
        return clock_time(start), time.max if end == _DAY_END else clock_time(end)
    except ValueError as error:
        raise ValueError('write hours such as 21:00-08:00, or "none", or "all-day"') from error


def say_quiet(quiet: QuietHours) -> str:
    """Return them in a line: "21:00-08:00, sun 20:00-10:00"."""
    days = [f"{WEEKDAYS[day]} {say_hours(hours)}" for day, hours in quiet.days]
    return ", ".join([say_hours((quiet.start, quiet.end)), *days])
