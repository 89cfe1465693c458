"""Nobody is woken: when something may be sent to a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

#: News of a visit that starts within this is worth hearing at any hour.
SOON = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local hours in which nothing is sent, e.g. 21:00 to 8:00."""

    start: time
    end: time

    def covers(self, moment: datetime, zone: ZoneInfo) -> bool:
        """Return whether it is quiet at `moment` in `zone`."""
        local = moment.astimezone(zone).time()
        if self.start <= self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end

    def end_after(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """Return the next moment at which the quiet hours that cover `moment` end."""
        local = moment.astimezone(zone)
        day = local.date() if local.time() < self.end else local.date() + timedelta(days=1)
        end = datetime.combine(day, self.end, zone)
        return end.astimezone(moment.tzinfo)


def next_allowed(moment: datetime, quiet: QuietHours, zones: Sequence[ZoneInfo]) -> datetime:
    """Return the first moment from `moment` on at which it is quiet in none of `zones`.

    Several zones are the ones a number may be in: the strictest reading is all of them.
    Where together they leave no hour of the day, the end of the last zone's night counts.
    """
    at = moment
    for _ in range(len(zones) + 1):
        quiet_in = [zone for zone in zones if quiet.covers(at, zone)]
        if not quiet_in:
            return at
        at = max(quiet.end_after(at, zone) for zone in quiet_in)
    return at


def send_moment(
    owed_at: datetime,
    *,
    now: datetime,
    quiet: QuietHours,
    zones: Sequence[ZoneInfo],
    tell_by: datetime | None,
    starts: Sequence[datetime],
) -> datetime:
    """Return when a message owed since `owed_at` may go, at `now` or later.

    In quiet hours it waits for their end or for `tell_by`, whichever is sooner; it goes at
    once only if one of `starts` (of the window told, of the one expected) was within three
    hours of the moment when it became owed.
    """
    at = max(owed_at, now)
    allowed = next_allowed(at, quiet, zones)
    if allowed == at or any(abs(start - owed_at) <= SOON for start in starts):
        return at
    if tell_by is None or not owed_at < tell_by < allowed:
        return allowed
    tonight = next_allowed(tell_by, quiet, zones) == allowed
    return max(at, tell_by) if tonight else allowed
