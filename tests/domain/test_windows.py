"""Windows: aware, forward, shifted, and written as JSON."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.windows import (
    OFF,
    UNKNOWN,
    Expectation,
    Window,
    from_json,
    local_date,
    to_json,
    utc_text,
)

NINE = datetime(2026, 11, 23, 17, tzinfo=UTC)
moments = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds and adds the zones
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.timezones(),
)


def test_times_are_utc_inside() -> None:
    """Whatever offset a window is given in, it is kept in UTC."""
    there = timezone(timedelta(hours=-8))
    window = Window(
        datetime(2026, 11, 23, 9, tzinfo=there), datetime(2026, 11, 23, 11, tzinfo=there)
    )
    assert window.start == NINE
    assert window.start.tzinfo is UTC


@pytest.mark.parametrize("end", [NINE, NINE - timedelta(minutes=1)])
def test_a_window_ends_after_it_starts(end: datetime) -> None:
    """No window of no length, and none backwards."""
    with pytest.raises(ValueError, match="end after"):
        Window(NINE, end)


def test_a_naive_time_is_refused() -> None:
    """A time without an offset is nobody's time."""
    with pytest.raises(ValueError, match="offset"):
        Window(NINE.replace(tzinfo=None), NINE)


@given(moments, st.integers(1, 10_000), st.integers(-1000, 1000))
def test_a_shift_keeps_the_length(start: datetime, length: int, minutes: int) -> None:
    """Later or earlier, it is as long as before; back again, it is the same."""
    window = Window(start, start.astimezone(UTC) + timedelta(minutes=length))
    shifted = window.shifted(minutes)
    assert shifted.end - shifted.start == window.end - window.start
    assert shifted.shifted(-minutes) == window


@given(
    st.one_of(
        st.none(),
        st.sampled_from([UNKNOWN, OFF]),
        st.builds(
            lambda start, length: Window(start, start.astimezone(UTC) + timedelta(minutes=length)),
            moments,
            st.integers(1, 10_000),
        ),
    )
)
def test_json_brings_back_what_it_was_given(expectation: Expectation | None) -> None:
    """A window, unknown, off and nothing survive the database."""
    assert from_json(to_json(expectation)) == expectation


def test_json_writes_utc_with_a_z() -> None:
    """As the API shows it."""
    assert to_json(Window(NINE, NINE + timedelta(hours=2))) == {
        "start": "2026-11-23T17:00:00Z",
        "end": "2026-11-23T19:00:00Z",
    }
    assert utc_text(NINE) == "2026-11-23T17:00:00Z"


def test_a_word_that_is_no_expectation_is_refused() -> None:
    """Only unknown and off are words for a time."""
    with pytest.raises(ValueError, match="soon"):
        from_json("soon")


def test_the_date_is_that_of_the_place() -> None:
    """At eleven in the evening in Los Angeles it is tomorrow in UTC."""
    moment = datetime(2026, 11, 24, 7, tzinfo=UTC)
    assert local_date(moment, ZoneInfo("America/Los_Angeles")).day == 23
    assert local_date(moment, ZoneInfo("UTC")).day == 24
