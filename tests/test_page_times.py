"""Times on pages: never mistaken for others, and said whatever the reader's locale is called."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from notifier.domain.windows import Window
from notifier.page_times import say_day, say_window

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


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en-US", "Thu, Nov 26, 9:00–11:00 AM PT"),
        ("en_US", "Thu, Nov 26, 9:00–11:00 AM PT"),
        ("en-GB", "Thu 26 Nov, 9:00–11:00 am Pacific Time"),
        ("pt-BR", "Thu, Nov 26, 9:00–11:00 AM PT"),
        ("fr", "Thu, Nov 26, 9:00–11:00 AM PT"),
        ("zz", "Thu, Nov 26, 9:00–11:00 AM PT"),
        ("nonsense!", "Thu, Nov 26, 9:00–11:00 AM PT"),
    ],
)
def test_whatever_locale_a_shop_names_a_time_is_said(locale: str, text: str) -> None:
    """Shops write `en-US`; a language without words has its dates in English, as its words are."""
    day = datetime(2026, 11, 26, tzinfo=SEATTLE)
    window = Window(day.replace(hour=9), day.replace(hour=11))
    assert say_window(window, SEATTLE, now=NOW, locale=locale, name_zone=True) == text
