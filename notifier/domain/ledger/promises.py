"""Promises: by when a change must be heard, and when it is a change at all."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from notifier.domain.folding import JobState
from notifier.domain.jobs import JobKind
from notifier.domain.windows import Expectation, Window, local_date

#: A visit that moves by no more than this is still the visit that was told.
TOLERANCE = timedelta(minutes=10)

_APPOINTMENT_NOTICE = timedelta(minutes=60)
_ORDER_HOUR = time(9)
_BREATH = timedelta(minutes=15)  # a promise just given leaves at least so long to correct it


def tell_by(
    kind: JobKind,
    window: Window,
    *,
    given_at: datetime,
    zone: ZoneInfo,
    notice: timedelta | None = None,
) -> datetime:
    """Return the moment by which a change of `window` must have been heard.

    An hour before a visit; 9:00 at the place on the day of a delivery; never sooner than
    15 minutes after the promise was given, never after its start.

    :param notice: so long before the window's start, instead of that.
    """
    if notice is not None:
        moment, starts = window.start - notice, window.start
    elif kind is JobKind.APPOINTMENT:
        moment, starts = window.start - _APPOINTMENT_NOTICE, window.start
    else:
        day = local_date(window.end, zone)
        moment = datetime.combine(day, _ORDER_HOUR, zone).astimezone(UTC)
        starts = hour_of(kind, window, zone) or window.end
    return min(max(moment, given_at + _BREATH), starts)


def promise_text(agreed: Window | None) -> str:
    """Return a window as part of a key: UTC, to the minute."""
    if agreed is None:
        return "open"
    return f"{agreed.start:%Y%m%dT%H%M}-{agreed.end:%Y%m%dT%H%M}"


def promise_key(state: JobState) -> str:
    """Return what the episodes of the promise in force are counted under.

    A job that came without a window keeps one name for its first promise: what was said
    while there was none yet is not said again when the first receipt makes it one.
    """
    came_open = state.booked is None or state.booked.window is None
    first = came_open and state.agreed == state.promised
    return promise_text(None if first else state.agreed)


def hour_of(kind: JobKind, window: Window, zone: ZoneInfo) -> datetime | None:
    """Return when `window` begins; None of a delivery that is promised for a date.

    A window that opens before the day on which it ends, or with it, has no hour.
    """
    if kind is JobKind.APPOINTMENT:
        return window.start
    midnight = datetime.combine(local_date(window.end, zone), time.min, zone)
    return window.start if window.start > midnight else None


def drifted(
    kind: JobKind, expected: Expectation | None, told: Expectation | None, zone: ZoneInfo
) -> bool:
    """Return whether `expected` has left `told` by more than the tolerance.

    Appointments: it ends, or starts, more than ten minutes beyond it. A narrower window is
    still the one that was told. Orders: another local date.
    """
    if not (isinstance(expected, Window) and isinstance(told, Window)):
        return expected != told
    if kind is JobKind.ORDER:
        return local_date(expected.end, zone) != local_date(told.end, zone)
    return expected.end - told.end > TOLERANCE or told.start - expected.start > TOLERANCE


def same_promise(
    kind: JobKind, one: Expectation | None, other: Expectation | None, zone: ZoneInfo
) -> bool:
    """Return whether `one` is within the tolerance of `other`.

    Appointments: both edges within ten minutes. Orders: the same local date.
    """
    if not (isinstance(one, Window) and isinstance(other, Window)):
        return one == other
    if kind is JobKind.ORDER:
        return local_date(one.end, zone) == local_date(other.end, zone)
    return abs(one.end - other.end) <= TOLERANCE and abs(one.start - other.start) <= TOLERANCE
