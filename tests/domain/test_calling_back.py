"""By when somebody who asks for a call is rung."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from notifier.domain.calling_back import call_by
from notifier.domain.quiet.hours import ALL_DAY, QuietHours

SEATTLE, NEW_YORK = ZoneInfo("America/Los_Angeles"), ZoneInfo("America/New_York")
NIGHT = QuietHours(time(21), time(8))


def at(clock: str, day: int = 23) -> datetime:
    """Return a time in Seattle in November 2026; the 23rd is a Monday."""
    return datetime.fromisoformat(f"2026-11-{day:02}T{clock}").replace(tzinfo=SEATTLE)


@pytest.mark.parametrize(
    ("asked", "rung"),
    [
        ("09:00", at("10:00")),
        ("09:01", at("10:15")),
        ("19:45", at("20:45")),
        ("20:30", at("09:00", 24)),  # no hour of the evening is left
        ("23:10", at("09:00", 24)),
        ("07:59", at("09:00")),
    ],
)
def test_within_an_hour_that_is_not_quiet(asked: str, rung: datetime) -> None:
    """On a quarter of an hour, so that it can be said; never sooner than promised."""
    assert call_by(at(asked), NIGHT, [SEATTLE]) == rung


def test_a_day_on_which_nobody_works_is_passed_over() -> None:
    """Asked for on Saturday evening, where Sunday is quiet as a whole: on Monday."""
    quiet = QuietHours(time(21), time(8), days=((6, ALL_DAY),))
    assert call_by(at("22:00", 28), quiet, [SEATTLE]) == at("09:00", 30)


def test_it_is_quiet_where_the_person_is_too() -> None:
    """Seven in the evening in Seattle is ten in New York; eight there is five here."""
    assert call_by(at("19:00"), NIGHT, [SEATTLE, NEW_YORK]) == at("09:00", 24)
