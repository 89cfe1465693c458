"""Days become windows once the place is known."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from notifier.domain.windows import UNKNOWN, Window, local_date
from notifier.sources.parts.estimates import DayOf, LocalDay, resolve

LA = ZoneInfo("America/Los_Angeles")


@pytest.mark.parametrize("day", [date(2026, 11, 26), date(2026, 3, 8), date(2026, 11, 1)])
def test_a_local_day_has_that_date_at_both_ends(day: date) -> None:
    """Also on the days on which the clocks change."""
    window = resolve(LocalDay(day), LA)
    assert isinstance(window, Window)
    assert local_date(window.start, LA) == local_date(window.end, LA) == day
    assert window.end.astimezone(LA).strftime("%H:%M") == "23:59"


def test_a_moment_is_the_day_that_it_has_at_the_place() -> None:
    """3:00 UTC is still the day before in Los Angeles."""
    moment = datetime(2026, 11, 26, 3, tzinfo=UTC)
    assert resolve(DayOf(moment), LA) == resolve(LocalDay(date(2026, 11, 25)), LA)
    assert resolve(DayOf(moment), ZoneInfo("UTC")) == resolve(
        LocalDay(date(2026, 11, 26)), ZoneInfo("UTC")
    )


def test_what_is_an_expectation_already_stays_one() -> None:
    """Unknown has no zone."""
    assert resolve(UNKNOWN, LA) is UNKNOWN
