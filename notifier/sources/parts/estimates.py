"""What a source says about *when*, before the job is known whose place gives the zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from notifier.domain.windows import Expectation, Window, local_date


@dataclass(frozen=True, slots=True)
class LocalDay:
    """A calendar day at the job's place. Carriers estimate days; no hour is claimed."""

    day: date


@dataclass(frozen=True, slots=True)
class DayOf:
    """The day that `moment` (aware) has at the job's place."""

    moment: datetime


Estimate = Expectation | LocalDay | DayOf


def resolve(estimate: Estimate, zone: ZoneInfo) -> Expectation:
    """Return `estimate` as an expectation of a job whose place lies in `zone`.

    A day becomes the window from its first minute to its last, local time, so that both
    ends have that date wherever orders are compared by date.
    """
    if isinstance(estimate, DayOf):
        return whole_day(local_date(estimate.moment, zone), zone)
    if isinstance(estimate, LocalDay):
        return whole_day(estimate.day, zone)
    return estimate


def whole_day(day: date, zone: ZoneInfo) -> Window:
    """Return the window from the first minute of `day` to its last, in `zone`."""
    start = datetime.combine(day, time.min, tzinfo=zone)
    after = datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone)
    return Window(start, after.astimezone(ZoneInfo("UTC")) - timedelta(minutes=1))
