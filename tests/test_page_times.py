"""Times on pages: a day that is far off is never read as a near one."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from notifier.page_times import say_day

SEATTLE = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 11, 23, 8, tzinfo=SEATTLE)


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2026, 11, 24), "tomorrow"),
        (date(2027, 1, 1), "Fri, Jan 1"),
        (date(2027, 11, 23), "Tue, Nov 23, 2027"),
        (date(2025, 11, 24), "Mon, Nov 24, 2025"),
    ],
)
def test_a_day_that_is_far_off_has_its_year(day: date, text: str) -> None:
    """A year from today is not today's date."""
    assert say_day(day, SEATTLE, now=NOW, locale="en") == text
