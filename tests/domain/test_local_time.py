"""Local times as instants, checked against every minute of the days on which clocks change."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.local_time import first_change, instant_of
from notifier.domain.quiet.hours import QuietHours

LONDON = ZoneInfo("Europe/London")

#: In each, days in 2026 and 2027 on which clocks change; one where they skip midnight.
PLACES = ["Europe/London", "America/New_York", "Africa/Cairo", "Australia/Lord_Howe", "UTC"]


@given(st.sampled_from(PLACES), st.integers(0, 730), st.integers(0, 1439))
def test_an_instant_is_the_first_at_which_the_clock_has_come_so_far(
    name: str, days: int, minute: int
) -> None:
    """A minute before it the clock shows less; at it, that time, or what follows a skip."""
    zone = ZoneInfo(name)
    day = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days)).date()
    clock = time(minute // 60, minute % 60)
    wanted = datetime.combine(day, clock)

    instant = instant_of(day, clock, zone)

    shown = instant.astimezone(zone).replace(tzinfo=None)
    before = (instant - timedelta(minutes=1)).astimezone(zone).replace(tzinfo=None)
    assert before < wanted <= shown
    assert shown == wanted or first_change(instant - timedelta(hours=1), instant, zone) == instant


def test_a_change_is_found_to_the_second() -> None:
    """On 25 October 2026 clocks in London go back at one, UTC."""
    change = datetime(2026, 10, 25, 1, tzinfo=UTC)
    assert first_change(change - timedelta(hours=9), change + timedelta(hours=9), LONDON) == change
    assert first_change(change, change + timedelta(hours=9), LONDON) is None
    assert first_change(change - timedelta(hours=9), change, LONDON) == change


@pytest.mark.parametrize("minutes", [30, 90])
def test_a_night_is_touched_wherever_it_lies(minutes: int) -> None:
    """Quiet from 1:15 to 1:45 is twice that night: once each time the clock shows it."""
    quiet = QuietHours(time(1, 15), time(1, 45))
    start = datetime(2026, 10, 25, 0, minutes % 60, tzinfo=UTC) + timedelta(hours=minutes // 60)
    assert quiet.covers(start, LONDON)
    assert not quiet.touch(start + timedelta(minutes=15), start + timedelta(minutes=40), LONDON)
    assert quiet.touch(start - timedelta(minutes=20), start, LONDON)
