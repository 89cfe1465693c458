"""Local times are read where the place is; one that is not there, or there twice, is said."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from notifier.importing.times import window_in

SEATTLE = ZoneInfo("America/Los_Angeles")
NINE, ELEVEN = "2026-11-24T17:00:00Z", "2026-11-24T19:00:00Z"


@pytest.mark.parametrize(
    "cells",
    [
        {"date": "2026-11-24", "start": "09:00", "end": "11:00"},
        {"date": "2026-11-24", "start": "9:00", "end": "11:00:00"},
        {"date": "2026-11-24", "start": "9:00 AM", "end": "11:00 a.m."},
        {"date": "2026-11-24", "start": "9 AM", "end": "11am"},
        {"date": "2026-11-24", "start": "9.00 am", "end": "11 a.m."},
        {"start": "2026-11-24 09:00", "end": "2026-11-24T11:00"},
        {"start": "2026-11-24 9 AM", "end": "2026-11-24 11:00am"},
    ],
)
def test_local_times_are_those_of_the_place(cells: dict[str, str]) -> None:
    """Never UTC, in whichever way they are written."""
    assert window_in(cells, SEATTLE, whole_days=False) == ({"start": NINE, "end": ELEVEN}, {})


def test_noon_and_midnight_by_a_twelve_hour_clock() -> None:
    """12 AM is the night, 12 PM is lunch."""
    cells = {"date": "2026-11-24", "start": "12:00 AM", "end": "12:30 PM"}
    window, faults = window_in(cells, ZoneInfo("UTC"), whole_days=False)
    assert window == {"start": "2026-11-24T00:00:00Z", "end": "2026-11-24T12:30:00Z"}
    assert not faults


@pytest.mark.parametrize("text", ["3:30pm", "3.30 pm", "03:30 PM", "3:30 p.m.", "15:30"])
def test_an_afternoon_is_written_as_a_dispatcher_writes_it(text: str) -> None:
    """With or without a blank, with a colon or a dot."""
    window, faults = window_in({"date": "2026-11-24", "end": text}, SEATTLE, whole_days=False)
    assert (window, faults) == ({"end": "2026-11-24T23:30:00Z"}, {})


def test_a_time_with_its_offset_is_taken_as_it_is() -> None:
    """The zone has no say."""
    cells = {"start": "2026-11-24T09:00:00-05:00", "end": "2026-11-24T16:00Z"}
    assert window_in(cells, SEATTLE, whole_days=False) == (cells, {})


def test_a_date_alone_is_the_day_of_an_order() -> None:
    """From its first minute to its last, also when it has 23 hours."""
    window, _ = window_in({"date": "2026-03-08"}, SEATTLE, whole_days=True)
    assert window == {"start": "2026-03-08T08:00:00Z", "end": "2026-03-09T06:59:00Z"}


def test_nothing_said_is_no_window() -> None:
    """A visit whose time is agreed later."""
    assert window_in({}, SEATTLE, whole_days=False) == (None, {})


def test_a_date_alone_is_no_time_of_a_visit() -> None:
    """Both edges are missing then: the shape says so."""
    assert window_in({"date": "2026-11-24"}, SEATTLE, whole_days=False) == ({}, {})


@pytest.mark.parametrize(
    ("cells", "column", "sentence"),
    [
        ({"date": "2026-03-08", "start": "02:30"}, "start", "does not exist on 2026-03-08"),
        ({"date": "2026-11-01", "start": "01:30"}, "start", "2026-11-01T01:30-07:00"),
        ({"date": "11/12/2026", "start": "09:00"}, "date", "two ways"),
        ({"date": "2026-02-30", "start": "09:00"}, "date", "not a day that exists"),
        ({"date": "9999-12-31"}, "date", "between 2000 and 2099"),
        ({"start": "0001-01-01 09:00"}, "start", "between 2000 and 2099"),
        ({"start": "09:00"}, "start", "needs its day"),
        ({"date": "2026-11-24", "end": "2026-11-24 09:00"}, "end", "a day of its own"),
        ({"date": "2026-11-24", "end": "2026-11-24T09:00Z"}, "end", "a day of its own"),
        ({"date": "2026-11-24", "start": "25:00"}, "start", "not a time that exists"),
        ({"date": "2026-11-24", "start": "13:00 PM"}, "start", "not a time that exists"),
        ({"date": "2026-11-24", "start": "15 PM"}, "start", "not a time that exists"),
        ({"date": "2026-11-24", "start": "3"}, "start", "must be a time such as"),
        ({"date": "2026-11-24", "start": "3.30"}, "start", "must be a time such as"),
        ({"date": "2026-11-24", "start": "3.5 pm"}, "start", "must be a time such as"),
        ({"date": "2026-11-24", "start": "noon"}, "start", "must be a time such as"),
        ({"date": "2026-11-24", "start": "９:00"}, "start", "must be a time such as"),
    ],
)
def test_a_time_that_is_none_says_why(cells: dict[str, str], column: str, sentence: str) -> None:
    """By its column; no window is guessed beside it."""
    window, faults = window_in(cells, SEATTLE, whole_days=True)
    assert window is None
    assert list(faults) == [column]
    assert sentence in faults[column]
