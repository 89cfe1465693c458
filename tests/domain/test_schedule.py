"""Moments that rules name: from an edge, by the hour or by the calendar of the place."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from notifier.domain.schedule import At, Edge, moment_of
from tests.domain.stage import PLACE, at

HOLIDAY = date(2026, 11, 26)  # a Thursday


def works(day: date) -> bool:
    """Monday to Friday, and not on Thanksgiving."""
    return day.weekday() < 5 and day != HOLIDAY


def moment(
    edge: datetime,
    *,
    zone: ZoneInfo = PLACE,
    shift: timedelta = timedelta(0),
    days: int = 0,
    working_days: int = 0,
    clock: time | None = None,
) -> datetime:
    """Return the moment that these words name for `edge`."""
    named = At(edge=Edge.TOLD_END, shift=shift, days=days, working_days=working_days, time=clock)
    return moment_of(named, edge, zone=zone, works=works)


def test_before_and_after_an_edge() -> None:
    """45 minutes before, two hours after."""
    assert moment(at(11), shift=-timedelta(minutes=45)) == at(10, 15)
    assert moment(at(11), shift=timedelta(hours=2)) == at(13)
    assert moment(at(11)) == at(11)


def test_the_evening_before_is_that_of_the_place() -> None:
    """Eleven in the evening in Los Angeles is another date in Tokyo, and six is six there."""
    tokyo = ZoneInfo("Asia/Tokyo")
    assert moment(at(23), days=-1, clock=time(18)) == at(18, day=23)
    in_tokyo = moment(at(23), zone=tokyo, days=-1, clock=time(18))
    assert in_tokyo == datetime(2026, 11, 24, 18, tzinfo=tokyo)  # there it is the 25th


@pytest.mark.parametrize(
    ("count", "day"),
    [(1, 25), (2, 27), (3, 30), (0, 24), (-1, 23), (-2, 20)],
)
def test_working_days_pass_over_weekends_and_holidays(count: int, day: int) -> None:
    """Counted from Tuesday the 24th: the 26th is a holiday, the 28th a Saturday."""
    assert moment(at(11), working_days=count, clock=time(9)) == at(9, day=day)
    assert moment(at(11), working_days=count) == at(11, day=day)


def test_a_working_day_after_a_weekend_is_the_monday() -> None:
    """The weekend itself counts for nothing."""
    assert moment(at(11, day=28), working_days=1, clock=time(9)) == at(9, day=30)
    assert moment(at(11, day=28), working_days=-1, clock=time(9)) == at(9, day=27)


def test_a_business_that_never_works_does_not_keep_us_counting() -> None:
    """Then every day counts."""
    named = At(edge=Edge.TOLD_END, working_days=2, time=time(9))
    assert moment_of(named, at(11), zone=PLACE, works=lambda _: False) == at(9, day=26)


def test_days_keep_the_hour_across_a_change_of_the_clocks() -> None:
    """A day after three in the afternoon on Saturday is three on Sunday, 25 hours later."""
    saturday = datetime(2026, 10, 31, 15, tzinfo=PLACE).astimezone(UTC)
    assert moment(saturday, days=1) == saturday + timedelta(hours=25)


def test_a_time_that_is_skipped_is_when_it_was_skipped() -> None:
    """On 8 March 2026 the clock goes from two to three."""
    edge = datetime(2026, 3, 9, 10, tzinfo=PLACE)
    skipped = moment(edge, days=-1, clock=time(2, 40))
    assert skipped == datetime(2026, 3, 8, 3, tzinfo=PLACE)


def test_a_time_that_comes_twice_is_the_first() -> None:
    """On 1 November 2026 half past one comes at 8:30 and at 9:30 UTC."""
    edge = datetime(2026, 11, 2, 10, tzinfo=PLACE)
    assert moment(edge, days=-1, clock=time(1, 30)) == datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
