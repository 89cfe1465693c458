"""Windows of time, and the three things that can be believed about a visit: one, unknown, off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A start and an end, both aware and in UTC, the start before the end."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.utcoffset() is None or self.end.utcoffset() is None:
            raise ValueError("a window needs times with a UTC offset")
        if self.end <= self.start:
            raise ValueError("a window must end after it starts")
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))

    def shifted(self, minutes: int) -> Window:
        """Return this window moved by `minutes` (negative is earlier)."""
        by = timedelta(minutes=minutes)
        return Window(self.start + by, self.end + by)


class Special(StrEnum):
    """What can be believed when there is no window."""

    UNKNOWN = "unknown"  # nobody knows when; nothing is invented
    OFF = "off"  # not that day


Expectation = Window | Special

UNKNOWN = Special.UNKNOWN
OFF = Special.OFF


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    """Return the calendar date that `moment` (aware) has in `zone`."""
    return moment.astimezone(zone).date()


def to_json(expectation: Expectation | None) -> dict[str, str] | str | None:
    """Return the JSON form: `{"start", "end"}` in UTC, `"unknown"`, `"off"` or null."""
    if expectation is None or isinstance(expectation, Special):
        return expectation.value if expectation is not None else None
    return {"start": utc_text(expectation.start), "end": utc_text(expectation.end)}


def from_json(value: Mapping[str, str] | str | None) -> Expectation | None:
    """Return what `to_json` was given.

    :raises ValueError: if `value` is none of the four forms.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return Special(value)
    return Window(datetime.fromisoformat(value["start"]), datetime.fromisoformat(value["end"]))


def utc_text(moment: datetime) -> str:
    """Return `moment` as RFC 3339 in UTC with a `Z`, as the API writes times."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
