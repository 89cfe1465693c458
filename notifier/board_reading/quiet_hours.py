"""A brand's quiet hours, date by date, and what they do to a message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from notifier.domain.quiet.hours import Hours, QuietHours, next_allowed
from notifier.domain.quiet.week import brand_hours
from notifier.errors import Invalid, NotFound
from notifier.public_holidays import holidays_between
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Brand

_WEEK = 7  # days
_NEAR = timedelta(days=60)  # holidays so far ahead are worth knowing of
_FURTHEST = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySeen:
    """One date: when messages go, local hours; the end of the last may be `time.max`."""

    day: date
    sends: tuple[Hours, ...]
    holiday: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietWeek:
    """Seven dates from that of `at`, the holidays that are near, and when what is owed at `at`
    goes."""

    at: datetime
    goes_at: datetime
    days: tuple[DaySeen, ...]
    holidays: tuple[tuple[date, str], ...]

    @property
    def waits(self) -> bool:
        """Whether it is quiet at `at`."""
        return self.goes_at > self.at


def read_quiet_week(services: Services, brand_id: UUID, at: datetime | None) -> QuietWeek:
    """Return the week of a brand around `at`, now without one.

    :raises NotFound: if there is no such brand.
    :raises Invalid: if `at` lies more than a year away.
    """
    now = services.now()
    at = at or now
    if abs(at - now) > _FURTHEST:
        raise Invalid("at", "choose a moment within a year of now")
    with reading(services.sessions) as session:
        brand = session.get(Brand, brand_id)
        if brand is None:
            raise NotFound("There is no such brand.")
        quiet = brand_hours(brand.quiet_from, brand.quiet_until, brand.quiet_days)
        zone, country = ZoneInfo(brand.zone), brand.country
    first = at.astimezone(zone).date()
    holidays = holidays_between(country, first, first + _NEAR)
    return QuietWeek(
        at=at,
        goes_at=next_allowed(at, quiet, [zone]),
        days=tuple(
            DaySeen(day=day, sends=_sends(quiet, day), holiday=dict(holidays).get(day))
            for day in (first + timedelta(days=number) for number in range(_WEEK))
        ),
        holidays=tuple(holidays),
    )


def _sends(quiet: QuietHours, day: date) -> tuple[Hours, ...]:
    """Return what of a date the quiet leaves."""
    found, opens = [], time.min
    for start, end in sorted(quiet.on(day)):
        if opens < start:
            found.append((opens, start))
        opens = max(opens, end)
    return (*found, (opens, time.max)) if opens < time.max else tuple(found)
