"""How a page writes times: in the zone of the place, in the language of its words."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_interval, format_skeleton, format_time, get_timezone_name

from notifier.domain.local_time import needs_year
from notifier.domain.windows import Window
from notifier.domain.words.locales import locale_of

#: What Babel puts between a number and "AM": some screen readers and old phones stumble on it.
_THIN = {ord("\u202f"): " ", ord("\u2009"): ""}

#: A window that ends at midnight ends on the day before.
_TICK = timedelta(microseconds=1)


def say_window(
    window: Window,
    zone: ZoneInfo,
    *,
    now: datetime,
    locale: str,
    name_zone: bool = False,
    may_be_by: bool = True,
) -> str:
    """Return `window` as a reader says it: `today, 9:00–11:00 AM`.

    A window whose start has passed reads `today by 11:00 AM`, unless `may_be_by` is false:
    a promise is quoted as it was given. One that spans dates is only dates. `name_zone` adds
    the zone, for a reader who is somewhere else.
    """
    start, end = window.start.astimezone(zone), window.end.astimezone(zone)
    if start.date() != end.date() and end - start > timedelta(hours=12):
        return f"{say_day(start.date(), zone, now=now, locale=locale)} to " + say_day(
            end.date(), zone, now=now, locale=locale
        )
    day = say_day(start.date(), zone, now=now, locale=locale)
    named = _zone(zone, locale) if name_zone else ""
    if may_be_by and window.start <= now < window.end:
        return f"{day} by {_clock(end, locale)}{named}"
    return f"{day}, {say_hours(window, zone, locale=locale)}{named}"


def say_date(window: Window, zone: ZoneInfo, *, now: datetime, locale: str) -> str:
    """Return the promised day of a delivery: `Tue, Nov 24`, `by Tue, Nov 24` where the window
    spans days; orders have no hours."""
    start, last = window.start.astimezone(zone), (window.end - _TICK).astimezone(zone)
    day = say_day(last.date(), zone, now=now, locale=locale)
    return day if start.date() == last.date() else f"by {day}"


def say_moment(
    moment: datetime, zone: ZoneInfo, *, now: datetime, locale: str, name_zone: bool = False
) -> str:
    """Return one moment: `3:00 PM`, with its day unless that is today.

    `name_zone` adds the zone, for a reader who is somewhere else.
    """
    local = moment.astimezone(zone)
    clock = _clock(local, locale) + (_zone(zone, locale) if name_zone else "")
    if local.date() == now.astimezone(zone).date():
        return clock
    return f"{clock} {say_day(local.date(), zone, now=now, locale=locale)}"


def say_day(day: date, zone: ZoneInfo, *, now: datetime, locale: str) -> str:
    """Return `today`, `tomorrow`, `yesterday`, or the weekday and date; its year if far off."""
    today = now.astimezone(zone).date()
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get((day - today).days)
    return near or format_skeleton(
        "yMMMEd" if needs_year(day, today) else "MMMEd", day, locale=locale_of(locale)
    )


def say_hours(window: Window, zone: ZoneInfo, *, locale: str) -> str:
    """Return only the hours of `window`, where the day is already on the page."""
    start, end = window.start.astimezone(zone), window.end.astimezone(zone)
    hours = format_interval(
        start.replace(tzinfo=None), end.replace(tzinfo=None), "hm", locale=locale_of(locale)
    )
    return hours.translate(_THIN)


def say_hours_left(window: Window, zone: ZoneInfo, *, now: datetime, locale: str) -> str:
    """Return the hours of `window` that are still ahead: `by 1:03 PM` once it has begun."""
    if window.start <= now < window.end:
        return f"by {_clock(window.end.astimezone(zone), locale)}"
    return say_hours(window, zone, locale=locale)


def _clock(local: datetime, locale: str) -> str:
    said = format_time(local.replace(tzinfo=None), "short", locale=locale_of(locale))
    return said.translate(_THIN)


def _zone(zone: ZoneInfo, locale: str) -> str:
    return f" {get_timezone_name(zone, width='short', locale=locale_of(locale))}"
