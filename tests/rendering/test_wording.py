"""Times as one reader reads them: short, in the zone of the place, never to be mistaken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.reasons import Reason
from notifier.domain.windows import OFF, UNKNOWN, Window
from notifier.domain.words.phrases import phrases_for
from notifier.domain.words.segments import offending_characters
from tests.rendering.readers import LINK, NOW, SEATTLE, at, order, reader, window

NEW_YORK = ZoneInfo("America/New_York")
PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("asserts", "text"),
    [
        (window(23, 9), "today 9-11 AM"),
        (window(23, 9, 45), "today 9:45-11:45 AM"),
        (window(23, 10, 45), "today 10:45 AM-12:45 PM"),
        (window(23, 10), "today 10 AM-noon"),
        (window(23, 12), "today noon-2 PM"),
        (window(23, 13, 30, minutes=30), "today 1:30-2 PM"),
        (window(24, 9), "Tue 24 Nov 9-11 AM"),
        (window(23, 22), "today 10 PM-midnight"),
        (window(23, 23), "today 11 PM-1 AM"),
        (window(24, 0), "Tue 24 Nov 12-2 AM"),
        (window(23, 9, minutes=24 * 60 + 30), "today 9 AM-Tue 24 Nov 9:30 AM"),
    ],
)
def test_a_window_reads_short_and_with_its_day(asserts: Window, text: str) -> None:
    """Another day than today has its date: tomorrow is another day once it is read."""
    assert reader(asserts=asserts).new == text


@pytest.mark.parametrize(
    ("asserts", "text"),
    [
        (window(23, 8), "by 10 AM"),
        (window(23, 8, minutes=16 * 60), "by midnight"),
        (window(23, 8, minutes=17 * 60), "by Tue 24 Nov 1 AM"),
    ],
)
def test_a_start_that_has_passed_leaves_the_end(asserts: Window, text: str) -> None:
    """At 8:40 a window from 8 is worded by its end."""
    values = reader(asserts=asserts)

    assert values.new == text
    assert values.new_is_by
    assert " by " in (values.new_in_full or "")


def test_an_email_says_times_in_full() -> None:
    """It may be read days later, when "today" is another day."""
    values = reader(asserts=window(24, 10, 45), next_update_at=at(23, 11, 15))

    assert values.new_in_full == "Tuesday 24 November, 10:45 AM to 12:45 PM"
    assert values.old_in_full == "Monday 23 November, 9 AM to 11 AM"
    assert values.next == "11:15 AM"
    assert values.next_in_full == "Monday 23 November, 11:15 AM"


def test_the_old_time_has_its_day_only_where_the_new_one_has_another() -> None:
    """Saying the day twice costs characters and says nothing."""
    assert reader().old == "9-11 AM"
    assert reader(asserts=window(24, 9)).old == "today 9-11 AM"
    assert reader(asserts=UNKNOWN).old == "today 9-11 AM"
    assert reader().old_in_full == "9 AM to 11 AM"


def test_a_date_that_is_far_off_has_its_year() -> None:
    """ "Wed 4 Nov", eleven years ahead, would be read as this month's."""
    far = datetime(2037, 11, 4, 9, tzinfo=SEATTLE)
    values = reader(
        asserts=Window(far, far + timedelta(hours=2)),
        told_before=window(24, 9),
        next_update_at=far,
    )

    assert values.new == "Wed 4 Nov 2037 9-11 AM"
    assert values.new_in_full == "Wednesday 4 November 2037, 9 AM to 11 AM"
    assert (values.old, values.old_in_full) == (
        "Tue 24 Nov 9-11 AM",
        "Tuesday 24 November, 9 AM to 11 AM",
    )
    assert values.next == "Wed 4 Nov 2037 9 AM"
    assert values.next_in_full == "Wednesday 4 November 2037, 9 AM"
    assert order(asserts=Window(far, far + timedelta(hours=2))).date == "Wed 4 Nov 2037"


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (-301, "Mon 26 Jan 2026 8-10 AM"),
        (-300, "Tue 27 Jan 8-10 AM"),
        (39, "Fri 1 Jan 8-10 AM"),
        (300, "Sun 19 Sep 8-10 AM"),
        (301, "Mon 20 Sep 2027 8-10 AM"),
    ],
)
def test_a_day_that_can_only_be_the_nearest_of_its_date_has_no_year(days: int, text: str) -> None:
    """New Year's Day, read in November, is the next one: naming it would only cost."""
    start = at(23, 8) + timedelta(days=days)

    assert reader(told_before=Window(start, start + timedelta(hours=2)), asserts=OFF).old == text


def test_unknown_and_off_have_no_time() -> None:
    """Nothing is invented."""
    for nothing in (UNKNOWN, OFF, None):
        assert reader(asserts=nothing).new is None
        assert reader(told_before=nothing).old is None


def test_the_zone_is_named_when_the_readers_clock_shows_something_else() -> None:
    """A visit reads in the zone of its place; a reader elsewhere is told which that is."""
    assert reader(reader_zone=NEW_YORK).new == "today 9:45-11:45 AM PT"
    assert reader(reader_zone=NEW_YORK, asserts=UNKNOWN).old == "today 9-11 AM PT"
    assert reader(reader_zone=ZoneInfo("America/Vancouver")).new == "today 9:45-11:45 AM"
    assert reader(reader_zone=NEW_YORK, next_update_at=at(23, 11)).next == "11 AM PT"


def test_the_zone_is_named_once_beside_two_times() -> None:
    """ "9:45-11:45 AM PT, not 9-11 AM PT" says it twice; the new time, always there, has it."""
    values = reader(reader_zone=NEW_YORK)

    assert (values.new, values.old) == ("today 9:45-11:45 AM PT", "9-11 AM")
    assert values.new_in_full == "Monday 23 November, 9:45 AM to 11:45 AM PT"
    assert values.old_in_full == "9 AM to 11 AM"


def test_a_zone_without_a_short_name_is_named_by_its_city() -> None:
    """Customers know Paris; few know +0100."""
    visit = Window(at(23, 14, zone=PARIS), at(23, 16, zone=PARIS))
    values = reader(
        place_zone=PARIS, reader_zone=SEATTLE, asserts=visit, now=at(23, 10, zone=PARIS)
    )

    assert values.new == "today 2-4 PM Paris time"


def test_arizona_and_los_angeles_agree_in_summer_only() -> None:
    """Whether the zones differ is asked of that very day."""
    phoenix = ZoneInfo("America/Phoenix")
    summer = datetime(2026, 7, 6, 16, tzinfo=UTC)

    def said(start: datetime) -> str | None:
        visit = Window(start, start + timedelta(hours=2))
        return reader(
            place_zone=phoenix, reader_zone=SEATTLE, asserts=visit, now=start - timedelta(hours=9)
        ).new

    assert not (said(summer) or "").endswith("MT")
    assert (said(at(23, 9)) or "").endswith("MT")


def test_today_is_said_only_if_it_is_today_for_both() -> None:
    """In Tokyo it is Tuesday already."""
    assert reader(reader_zone=ZoneInfo("Asia/Tokyo")).new == "Mon 23 Nov 9:45-11:45 AM PT"


def test_the_hour_that_comes_twice_says_which() -> None:
    """On 1 November 2026 clocks in Seattle go from 2:00 PDT back to 1:00 PST."""
    first = datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
    night = first - timedelta(hours=6)

    def said(start: datetime, minutes: int) -> str | None:
        visit = Window(start, start + timedelta(minutes=minutes))
        return reader(asserts=visit, told_before=None, now=night).new

    assert said(first, 60) == "Sun 1 Nov 1:30 AM PDT-1:30 AM PST"
    assert said(first, 120) == "Sun 1 Nov 1:30 AM PDT-2:30 AM"
    assert said(first + timedelta(hours=2), 60) == "Sun 1 Nov 2:30-3:30 AM"


def test_a_locale_that_counts_to_24_gets_its_clock() -> None:
    """British readers get 09:45, in the same English words."""
    assert reader(locale="en-GB").new == "today 09:45-11:45"
    assert reader(locale="en-GB", asserts=window(23, 10)).new == "today 10:00-12:00"


def test_a_language_without_templates_gets_english_times() -> None:
    """Spanish dates in an English sentence would be worse than either."""
    assert reader(locale="es-MX", asserts=window(24, 9)).new == "Tue 24 Nov 9-11 AM"
    assert reader(locale="nonsense!", asserts=window(24, 9)).new == "Tue 24 Nov 9-11 AM"


def test_an_order_has_a_day_not_hours() -> None:
    """The day on which its window ends; "by" it where the window spans days."""
    values = order(told_before=Window(at(23, 0), at(24, 0)), asserts=Window(at(24, 9), at(26, 18)))

    assert values.old_date == "today"
    assert values.date == "by Thu 26 Nov"
    assert values.new is None
    assert values.new_in_full == "by Thursday 26 November"
    assert values.items == "Kettle and 1 more"


def test_long_names_are_cut_between_words() -> None:
    """A brand is still to be recognised, and a text still fits."""
    values = reader(
        brand_name="Northside Heating, Cooling and Plumbing",
        service="Thermostatreplacementwithinstallation",
    )

    assert values.brand == "Northside Heating..."
    assert values.service == "Thermostatreplacement..."
    assert reader(brand_name="Northside Home Services").brand == "Northside Home Services"


def test_a_brand_without_a_phone_offers_the_link_alone() -> None:
    """No dangling "or"."""
    assert reader(brand_phone="").phone_or_link == LINK


def test_every_reason_has_words_for_customers_but_the_one_that_says_nothing() -> None:
    """A closed table; "other" names no cause, since none is known to the reader."""
    reasons = phrases_for("en").reasons

    assert set(Reason) - set(reasons) == {Reason.OTHER}
    assert reader(reason=Reason.OTHER).reason is None
    assert all(len(short) <= 22 for short, _ in reasons.values())


@given(
    start=st.datetimes(
        datetime(2026, 1, 1),  # noqa: DTZ001 - hypothesis wants them naive and adds the zone
        datetime(2027, 12, 1),  # noqa: DTZ001
        timezones=st.sampled_from([UTC]),
    ),
    minutes=st.integers(1, 3 * 24 * 60),
    ahead=st.integers(-1000, 5000),
    place=st.sampled_from(["America/Los_Angeles", "Europe/Paris", "Asia/Kolkata", "America/Belem"]),
    reader_zone=st.sampled_from([None, "Asia/Tokyo", "America/Sao_Paulo", "Australia/Lord_Howe"]),
    locale=st.sampled_from(["en", "en-US", "en-GB", "en-IN", "en-AU", "en-CA"]),
)
def test_whatever_the_place_the_reader_and_the_day_times_are_gsm7(
    start: datetime,
    minutes: int,
    ahead: int,
    place: str,
    reader_zone: str | None,
    locale: str,
) -> None:
    """Babel's thin spaces and dashes never reach a text."""
    start = start.replace(second=0, microsecond=0)
    visit = Window(start, start + timedelta(minutes=minutes))
    values = reader(
        asserts=visit,
        told_before=visit.shifted(60),
        now=start - timedelta(minutes=ahead),
        place_zone=ZoneInfo(place),
        reader_zone=ZoneInfo(reader_zone) if reader_zone else None,
        locale=locale,
        next_update_at=start,
    )

    for said in (values.new, values.old, values.next, values.new_in_full, values.old_in_full):
        assert said is not None
        assert not offending_characters(said)
        assert "  " not in said


def test_now_is_a_monday_in_seattle() -> None:
    """What the tests above call today."""
    assert NOW.astimezone(SEATTLE).strftime("%A %H:%M") == "Monday 08:40"
