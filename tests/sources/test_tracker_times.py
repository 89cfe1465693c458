"""Times that name no zone, and some that name a wrong one."""

from datetime import UTC, date, datetime

import pytest

from notifier.sources.parts.estimates import DayOf, LocalDay
from notifier.sources.parts.tracker_times import estimated_day, moment_or_utc, scanned_at

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "learnt", "at"),
    [
        ("2026-11-23T12:00:00Z", None, NOON),
        ("2026-11-23T12:00:00", None, NOON),
        ("2026-11-23T04:00:00-08:00", "2026-11-23T13:00:00Z", NOON),
        ("2026-11-23T23:00:00", "2026-11-23T12:00:00+00:00", NOON),
        ("2026-11-23T12:00:00", "nonsense", NOON),
        (None, "2026-11-23T12:00:00Z", None),
        ("yesterday", "2026-11-23T12:00:00Z", None),
    ],
)
def test_a_scan_is_never_later_than_the_tracker_learnt_of_it(
    said: object, learnt: object, at: datetime | None
) -> None:
    """A local time east of Greenwich, read as UTC, would lie in the future."""
    assert scanned_at(said, learnt) == at


@pytest.mark.parametrize("said", [None, 7, "", "0001-01-01T00:00:00Z", "2026-13-01", "x" * 300])
def test_what_is_no_time_of_this_century_is_none(said: object) -> None:
    """Odd values make nothing crash."""
    assert moment_or_utc(said) is None
    assert estimated_day(said, NOON) is None


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2026-11-26", LocalDay(date(2026, 11, 26))),
        ("2026-11-26T00:00:00Z", LocalDay(date(2026, 11, 26))),
        ("2026-11-26T20:00:00", LocalDay(date(2026, 11, 26))),
        ("2026-11-26T20:00:00-08:00", LocalDay(date(2026, 11, 26))),
        ("2026-11-26T20:00:00Z", DayOf(datetime(2026, 11, 26, 20, tzinfo=UTC))),
        ("2026-11-22", LocalDay(date(2026, 11, 22))),
        ("2026-11-21", None),
    ],
)
def test_an_estimate_is_a_day(said: str, day: object) -> None:
    """Local times are the date as written, UTC is the day at the place, old dates are none."""
    assert estimated_day(said, NOON) == day
