"""The window of a line: local times are read in the zone of the place, never as UTC."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from notifier.domain.windows import Window, utc_text
from notifier.sources.parts.estimates import whole_day

_DAY = r"\d{4}-\d\d-\d\d"
_EDGE = re.compile(
    rf"(?:(?P<day>{_DAY})[Tt ]\s*)?(?P<hour>\d\d?)"
    r"(?:(?P<mark>[:.])(?P<minute>\d\d)(?::00(?:\.0+)?)?)?"
    r"\s*(?P<half>[AaPp])?(?(half)\.?[Mm]\.?)",
    re.ASCII,
)
_YEARS = range(2000, 2100)
_WITH_OFFSET = re.compile(rf"{_DAY}[Tt ].*(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII | re.DOTALL)


def window_in(
    cells: Mapping[str, str], zone: ZoneInfo, *, whole_days: bool
) -> tuple[dict[str, str] | None, dict[str, str]]:
    """Return the window that a line gives, as a booking takes it, and its faults by column.

    :param whole_days: whether a date alone is that whole day, as it is for an order.
    """
    said = {name: cells[name] for name in ("start", "end") if name in cells}
    try:
        day = _day(cells["date"]) if "date" in cells else None
    except ValueError as error:
        return None, {"date": str(error)}
    if day is not None and not said and whole_days:
        return _body(whole_day(day, zone)), {}
    edges: dict[str, str] = {}
    faults: dict[str, str] = {}
    for name, text in said.items():
        try:
            edges[name] = _edge(text, day, zone)
        except ValueError as error:
            faults[name] = str(error)
    if faults or (day is None and not said):
        return None, faults
    return edges, {}


def _body(window: Window) -> dict[str, str]:
    return {"start": utc_text(window.start), "end": utc_text(window.end)}


def _day(text: str) -> date:
    if not re.fullmatch(_DAY, text, re.ASCII):
        raise ValueError("must be written as 2026-11-23: 11/12 can be read in two ways")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a day that exists") from None
    if day.year not in _YEARS:
        raise ValueError(f"must be between {_YEARS.start} and {_YEARS.stop - 1}")
    return day


def _edge(text: str, day: date | None, zone: ZoneInfo) -> str:
    """Return a start or an end as a booking takes it.

    :raises ValueError: with a sentence, if it is none, or the clock does not show it once.
    """
    if _WITH_OFFSET.fullmatch(text):
        if day is not None:
            raise ValueError("has a day of its own: leave the date empty")
        return text
    found = _EDGE.fullmatch(text)
    if found is None or not (found["mark"] == ":" or found["half"]):  # 9 and 9.30 may be lengths
        raise ValueError("must be a time such as 09:00, 9 AM, 9:30 AM or 2026-11-23 09:00")
    if found["day"] is not None and day is not None:
        raise ValueError("has a day of its own: leave the date empty")
    if found["day"] is None and day is None:
        raise ValueError("needs its day: fill in the date, or write 2026-11-23 09:00")
    return _instant(day or _day(found["day"]), _clock(found), zone)


def _clock(found: re.Match[str]) -> time:
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    half = (found["half"] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            raise ValueError("is not a time that exists")
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return time(hour, minute)
    except ValueError:
        raise ValueError("is not a time that exists") from None


def _instant(day: date, clock: time, zone: ZoneInfo) -> str:
    """Return the one instant at which the clock in `zone` shows this."""
    local = datetime.combine(day, clock, zone)
    first, second = (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return utc_text(first)
    if first < second:
        raise ValueError(
            f"comes twice on {day} in {zone.key}, where clocks go back: write it with its "
            f"offset, as {first.astimezone(zone):%Y-%m-%dT%H:%M}{_offset(first, zone)}"
        )
    raise ValueError(f"does not exist on {day} in {zone.key}: clocks go forward then")


def _offset(moment: datetime, zone: ZoneInfo) -> str:
    text = f"{moment.astimezone(zone):%z}"
    return f"{text[:3]}:{text[3:]}"
