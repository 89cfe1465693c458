"""Nobody is woken: when something may be sent to a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from notifier.domain.local_time import first_change

#: News of a visit that starts within this is worth hearing at any hour.
SOON = timedelta(hours=3)

#: Quiet from, until. From 21:00 until 8:00 is before 8:00 and from 21:00 on; equal: none.
Hours = tuple[time, time]

NO_HOURS: Hours = (time.min, time.min)
ALL_DAY: Hours = (time.min, time.max)  # the end counts as midnight

#: No quiet lasts longer; beyond, a mistake in the hours must not keep a message for ever.
_LONGEST = timedelta(days=14)

#: Hours that are the same each day have shown within one whether they leave any.
_DAY = timedelta(hours=26)

_QUARTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local hours in which nothing is sent, e.g. 21:00 to 8:00.

    They are read off the clock on the wall: an hour that it shows twice is quiet twice, one
    that it skips is nowhere. Each weekday's hours are those of that date, midnight to midnight.
    """

    start: time
    end: time
    days: tuple[tuple[int, Hours], ...] = ()  # other hours on a weekday; Monday is 0
    closed: Callable[[date], bool] | None = None  # dates that are quiet as a whole
    binding: bool = False  # law: no urgency overrides it
    also: tuple[QuietHours, ...] = ()  # these must allow it too
    _week: tuple[tuple[Hours, ...], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work the week out once: planning looks at it again and again."""
        week = tuple(tuple(self._spans_on(weekday)) for weekday in range(7))
        object.__setattr__(self, "_week", week)

    @classmethod
    def strictest(cls, *hours: QuietHours) -> QuietHours:
        """Return hours that are quiet whenever any of `hours` are.

        :raises ValueError: if there are none.
        """
        parts = tuple(dict.fromkeys(part for one in hours for part in one.parts()))
        if not parts:
            raise ValueError("the strictest of no hours can't be told")
        return replace(parts[0], also=parts[1:])

    def parts(self) -> Iterator[QuietHours]:
        """Return the hours of which these are the strictest, each by itself."""
        yield replace(self, also=()) if self.also else self
        yield from self.also

    def law(self) -> QuietHours | None:
        """Return what of these hours no urgency overrides, if anything."""
        if not self.binding and not self.also:
            return None
        parts = [part for part in self.parts() if part.binding]
        return QuietHours.strictest(*parts) if parts else None

    def covers(self, moment: datetime, zone: ZoneInfo) -> bool:
        """Return whether it is quiet at `moment` in `zone`."""
        return self._until(moment.astimezone(zone)) is not None

    def end_after(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """Return the first moment from `moment` on at which it is not quiet in `zone`."""
        at = moment.astimezone(UTC)
        while at - moment < _LONGEST:
            until = self._until(at.astimezone(zone))
            if until is None:
                break
            at = _comes_to(until, at, zone)
        return at.astimezone(moment.tzinfo)

    def touch(self, start: datetime, end: datetime, zone: ZoneInfo) -> bool:
        """Return whether it is quiet in `zone` at any moment from `start` to `end`."""
        at = start.astimezone(UTC)
        while at <= end:
            local = at.astimezone(zone)
            if self._until(local) is not None:
                return True
            starts = [start for start, _ in self.on(local.date()) if start > local.time()]
            at = _comes_to(min(starts, default=time.max), at, zone)
        return False

    def _until(self, local: datetime) -> time | None:
        """Return until when of its date it is quiet at `local`; None if it is not."""
        clock = local.time()
        ends = [
            end
            for start, end in self.on(local.date())
            if start <= clock and (clock < end or end == time.max)
        ]
        return max(ends, default=None)

    def on(self, day: date) -> tuple[Hours, ...]:
        """Return the quiet of one date, each from an earlier to a later hour of it."""
        if any(part.closed is not None and part.closed(day) for part in (self, *self.also)):
            return (ALL_DAY,)
        return self._week[day.weekday()]

    def _spans_on(self, weekday: int) -> Iterator[Hours]:
        for part in (self, *self.also):
            start, end = dict(part.days).get(weekday, (part.start, part.end))
            if start < end:
                yield start, end
            elif start > end:
                yield from ((time.min, end), (start, time.max))


def _comes_to(clock: time, at: datetime, zone: ZoneInfo) -> datetime:
    """Return when the clock, running on from `at` (UTC), shows `clock`; time.max is midnight.

    If clocks are changed before that: the moment of the change.
    """
    local = at.astimezone(zone).replace(tzinfo=None)
    day = local.date() + timedelta(days=1) if clock == time.max else local.date()
    then = at + (datetime.combine(day, time.min if clock == time.max else clock) - local)
    return first_change(at, then, zone) or then


def next_allowed(moment: datetime, quiet: QuietHours, zones: Sequence[ZoneInfo]) -> datetime:
    """Return the first moment from `moment` on at which it is quiet in none of `zones`.

    Several zones are the ones a number may be in: the strictest reading is all of them.
    Where together they leave no hour of the day, the end of the last zone's night counts.
    """
    daily = not quiet.days and quiet.closed is None and not quiet.also
    at, last_night = moment, None
    while at - moment <= (_DAY if daily else _LONGEST):
        quiet_in = [zone for zone in zones if quiet.covers(at, zone)]
        if not quiet_in:
            return at
        at = max(quiet.end_after(at, zone) for zone in quiet_in)
        if last_night is None and at - moment > _DAY:
            last_night = at
    return last_night or at


def last_allowed(
    until: datetime, *, since: datetime, quiet: QuietHours, zones: Sequence[ZoneInfo]
) -> datetime:
    """Return the last moment from `since` to `until` at which it is quiet in none of `zones`, to
    a quarter of an hour; `since` if there is none.
    """
    at = until
    while at > since and any(quiet.covers(at, zone) for zone in zones):
        at -= _QUARTER
    return max(at, since)


def send_moment(
    owed_at: datetime,
    *,
    now: datetime,
    quiet: QuietHours,
    zones: Sequence[ZoneInfo],
    tell_by: datetime | None,
    starts: Sequence[datetime],
    drop: bool = False,
    send_anyway_within: timedelta = SOON,
) -> datetime | None:
    """Return when a message owed since `owed_at` may go, at `now` or later; None if never.

    In quiet hours it waits for their end or for `tell_by`, whichever is sooner; it goes at
    once only if one of `starts` (of the window told, of the one expected) was within
    `send_anyway_within` of the moment when it became owed. Hours that are law hold even then.

    :param drop: once quiet hours touched the time since it is owed, it never goes.
    """
    at = max(owed_at, now)
    lawful = _lawful(at, quiet, zones)
    if _near(starts, owed_at, send_anyway_within):
        return lawful if not drop or lawful == at else None
    if drop:
        return None if any(quiet.touch(owed_at, at, zone) for zone in zones) else at
    allowed = next_allowed(at, quiet, zones)
    if allowed == at or tell_by is None or not owed_at < tell_by < allowed:
        return allowed
    tonight = next_allowed(tell_by, quiet, zones) == allowed
    return _lawful(max(at, tell_by), quiet, zones) if tonight else allowed


def _lawful(moment: datetime, quiet: QuietHours, zones: Sequence[ZoneInfo]) -> datetime:
    """Return the first moment from `moment` on that the law allows."""
    law = quiet.law()
    return moment if law is None else next_allowed(moment, law, zones)


def _near(starts: Iterable[datetime], owed_at: datetime, within: timedelta) -> bool:
    """Whether it concerns a window so near that it is worth hearing at any hour."""
    return bool(within) and any(abs(start - owed_at) <= within for start in starts)
