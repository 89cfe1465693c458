"""A brand's quiet hours, as its row keeps them and as people write them."""

from __future__ import annotations

from datetime import time

import pytest

from notifier.domain.quiet.hours import ALL_DAY, NO_HOURS, QuietHours
from notifier.domain.quiet.week import brand_hours, closed_weekdays, read_hours, say_quiet


def test_other_hours_on_a_weekday_are_read_from_the_row() -> None:
    """Sundays begin earlier and end later; Monday is closed, Tuesday knows no night."""
    days = {"sun": ["20:00", "10:00"], "mon": ["00:00", "24:00"], "tue": ["00:00", "00:00"]}
    quiet = brand_hours("21:00", "08:00", days)
    own = ((0, ALL_DAY), (1, NO_HOURS), (6, (time(20), time(10))))
    assert quiet == QuietHours(time(21), time(8), own)
    assert say_quiet(quiet) == "21:00-08:00, mon all-day, tue none, sun 20:00-10:00"
    assert closed_weekdays(quiet) == {0}
    assert brand_hours("21:00", "08:00", None) == QuietHours(time(21), time(8))


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("21:00-08:00", ["21:00", "08:00"]),
        ("20:30 - 24:00", ["20:30", "24:00"]),
        ("none", ["00:00", "00:00"]),
        ("all-day", ["00:00", "24:00"]),
    ],
)
def test_what_people_write_is_what_the_row_keeps(written: str, kept: list[str]) -> None:
    """And it is read back the same."""
    assert read_hours(written) == kept
    quiet = brand_hours(kept[0], kept[1], None)
    assert say_quiet(quiet) == written.replace(" ", "")


@pytest.mark.parametrize(
    "written",
    [
        "9 to 5",
        "21:00",
        "25:00-08:00",
        "",
        "21:00:30-08:00",
        "21:00-08:00:59",
        "21:00+02:00-08:00",
        "21:00-08:00Z",
        "21:00-02:00-08:00",
        "21-08",
        "2100-0800",
    ],
)
def test_what_is_no_hours_is_refused(written: str) -> None:
    """With a word on how to write them."""
    with pytest.raises(ValueError, match="21:00-08:00"):
        read_hours(written)


@pytest.mark.parametrize("written", ["08:00-08:00", "00:00-00:00"])
def test_hours_that_end_where_they_begin_are_none_or_the_whole_day(written: str) -> None:
    """Nobody can tell which was meant, so nothing is guessed."""
    with pytest.raises(ValueError, match=r"none.*all-day"):
        read_hours(written)


def test_a_day_that_is_none_is_refused() -> None:
    """In the row of a brand that somebody edited by hand."""
    with pytest.raises(ValueError, match="sunday"):
        brand_hours("21:00", "08:00", {"sunday": ["20:00", "10:00"]})
