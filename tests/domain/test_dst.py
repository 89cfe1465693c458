"""Every change of the clocks from 2026 to 2030 in twelve zones, as the reader's clock shows it.

What is expected is found by looking at the clock minute by minute, never by the arithmetic
under test.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from notifier.domain.facts import PromiseKind
from notifier.domain.ledger.views import PastMessage
from notifier.domain.quiet.hours import NO_HOURS, QuietHours
from notifier.domain.rules.rule import RuleSet
from notifier.domain.schedule import At, Edge
from notifier.domain.windows import Window
from notifier.rendering import Words
from notifier.wording import values_for
from tests.domain.stage import Stage

ZONES = (
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",
    "America/Havana",  # at midnight, back into the same date
    "America/Santiago",  # at midnight, back into the day before
    "Europe/London",
    "Europe/Berlin",
    "Africa/Cairo",  # a date without a midnight
    "Africa/Casablanca",  # with Ramadan, so that each year is different
    "Asia/Beirut",
    "Australia/Lord_Howe",  # half an hour
    "Pacific/Chatham",  # at a quarter to
)

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ALWAYS_AWAKE = QuietHours(*NO_HOURS)
WORDS = Words(Path(__file__).parents[2] / "templates" / "messages")


@dataclass(frozen=True)
class Change:
    """One change of the clocks: when, and by how much they go forward."""

    zone: ZoneInfo
    at: datetime
    forward: timedelta

    def shown(self, moment: datetime) -> datetime:
        """Return what the clock on the wall shows, without a zone."""
        return moment.astimezone(self.zone).replace(tzinfo=None, fold=0)

    @property
    def first_shown(self) -> datetime:
        """Where the skipped, or repeated, time begins on the wall."""
        after = self.shown(self.at)
        return after - self.forward if self.forward > timedelta(0) else after

    @property
    def middle(self) -> datetime:
        """A time on the wall that is skipped, or comes twice."""
        half = abs(self.forward) / 2
        return self.first_shown + half

    def first(self, since: datetime, holds: Callable[[datetime], bool]) -> datetime:
        """Return the first minute from `since` on at which the clock shows what `holds`."""
        moment = since
        while not holds(self.shown(moment)):
            moment += MINUTE
        return moment


def _changes() -> Iterator[Change]:
    for name in ZONES:
        zone = ZoneInfo(name)
        moment, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
        while moment < end:
            before, after = (one.astimezone(zone).utcoffset() for one in (moment, moment + HOUR))
            if before != after:
                at = moment
                while at.astimezone(zone).utcoffset() == before:
                    at += MINUTE
                shift = at.astimezone(zone).utcoffset() or timedelta()
                yield Change(zone, at, shift - (before or timedelta()))
            moment += HOUR


CHANGES = list(_changes())


def _id(change: Change) -> str:
    return f"{change.zone.key}-{change.at:%Y-%m-%d}"


each_change = pytest.mark.parametrize("change", CHANGES, ids=_id)


def test_there_are_twelve_zones_and_all_their_changes() -> None:
    """Two a year in each, and once more where Ramadan comes twice; forward and back."""
    assert len(ZONES) == 12
    for name in ZONES:
        found = [change for change in CHANGES if change.zone.key == name]
        assert len(found) in (10, 11)
        assert {change.forward > timedelta(0) for change in found} == {True, False}


# --- One message, at its time, with the right words -------------------------------------------


def one_message(stage: Stage, moment: datetime) -> PastMessage:
    """Run the job over days around `moment`: one message goes, then, and none after it."""
    owed = stage.plan().owed
    assert [one.send_at for one in owed] == [moment], [one.rule.id for one in owed]
    if stage.now < moment:
        stage.now = moment - MINUTE
        assert stage.send_all() == []
    stage.now = moment
    sent = stage.send()
    stage.deliver(sent)
    for later in (timedelta(seconds=1), HOUR, 2 * HOUR, timedelta(hours=10)):
        stage.now = moment + later
        assert stage.send_all() == []
    return sent


def text_of(stage: Stage, sent: PastMessage, *, now: datetime) -> str:
    """Return the text as it goes out at `now`, on one line."""
    values = values_for(
        brand_name="Northside",
        brand_phone="",
        service="boiler",
        items=(),
        reference="J-1",
        first_name="Ada",
        place_zone=stage.zone,
        reader_zone=None,
        locale="en",
        now=now,
        told_before=sent.told_before,
        asserts=sent.asserts,
        is_order=False,
        next_update_at=None,
        next_is=PromiseKind.UPDATE,
        reason=None,
        by=None,
        technician=None,
        link="https://go.example.com/s/AbCdEfGh",
        first_text=False,
        late_apology=False,
        asked=False,
        carrier=None,
        tracking_code=None,
    )
    return WORDS.render_sms(sent.rule, "en", values)


@cache
def _said(shown: datetime) -> str:
    """Return a time as people write it: "9 AM", "1:30 AM", "noon"."""
    if (shown.hour, shown.minute) == (12, 0):
        return "noon"
    return re.sub(":00", "", f"{(shown.hour + 11) % 12 + 1}:{shown:%M %p}")


def comes_twice(change: Change, moment: datetime) -> bool:
    """Whether the clock shows the same at another moment of that night."""
    shift = abs(change.forward)
    others = (moment - shift, moment + shift)
    return any(change.shown(moment) == change.shown(other) for other in others)


def says(change: Change, text: str, moment: datetime, *, ends: bool = False) -> bool:
    """Whether `text` names the time that the clock shows at `moment`, AM or PM said or shared."""
    shown = change.shown(moment)
    said = "midnight" if ends and shown.time() == time.min else _said(shown)
    return said in text or said.removesuffix(" AM").removesuffix(" PM") + "-" in text


# --- A window that lies in it ------------------------------------------------------------------


@each_change
@pytest.mark.parametrize("place", ["before", "first", "second", "after"])
def test_a_window_by_the_hour_that_is_skipped_or_comes_twice(change: Change, place: str) -> None:
    """A visit moved to start around the change is said as the clock will show it.

    One that starts in the first pass through the hour, and one an hour later by the same
    clock, read apart.
    """
    half = abs(change.forward) / 2
    start = {
        "before": change.at - 2 * HOUR,
        "first": change.at - half,
        "second": change.at + half,
        "after": change.at + 2 * HOUR,
    }[place]
    promised = Window(start - 5 * HOUR, start - 3 * HOUR)
    stage = Stage(promised=promised, now=start - 30 * HOUR, zone=change.zone, quiet=ALWAYS_AWAKE)
    stage.now = start - 24 * HOUR
    stage.expect(Window(start, start + 3 * HOUR))

    sent = one_message(stage, stage.now)

    text = text_of(stage, sent, now=start - 24 * HOUR)
    assert says(change, text, start), text
    assert says(change, text, start + 3 * HOUR, ends=True), text
    assert sent.asserts == Window(start, start + 3 * HOUR)
    if comes_twice(change, start):
        other = start + abs(change.forward) * (1 if place == "first" else -1)
        apart = replace(sent, asserts=Window(other, start + 3 * HOUR))
        assert text != text_of(stage, apart, now=start - 24 * HOUR), text


# --- Quiet hours whose edge lies in it ---------------------------------------------------------


def quiet_at(hours: QuietHours, shown: datetime) -> bool:
    """Whether the clock on the wall shows a quiet hour."""
    clock = shown.time()
    if hours.start <= hours.end:
        return hours.start <= clock < hours.end
    return clock >= hours.start or clock < hours.end


@each_change
@pytest.mark.parametrize("edge", ["ends", "begins", "holds", "surrounds", "night"])
@pytest.mark.parametrize("minutes", [-20, 10])
def test_quiet_hours_with_an_edge_in_it(change: Change, edge: str, minutes: int) -> None:
    """Quiet is what the clock on the wall says, however often it says so; the message goes at
    the first minute that is not."""
    middle, half = change.middle, abs(change.forward) / 2
    quiet = {
        "ends": QuietHours((middle - 4 * HOUR).time(), middle.time()),
        "begins": QuietHours(middle.time(), (middle + 4 * HOUR).time()),
        "holds": QuietHours((middle - half / 3).time(), (middle + half / 3).time()),
        "surrounds": QuietHours((middle - half).time(), (middle + half).time()),
        "night": QuietHours(time(21), time(8)),
    }[edge]
    owed_at = change.at + minutes * MINUTE
    expected = change.first(owed_at, lambda shown: not quiet_at(quiet, shown))
    start = change.at + 48 * HOUR
    stage = Stage(
        promised=Window(start, start + HOUR),
        now=change.at - 40 * HOUR,
        zone=change.zone,
        quiet=quiet,
    )
    stage.now = owed_at
    stage.late(90)

    sent = one_message(stage, expected)

    assert not quiet_at(quiet, change.shown(expected))
    text = text_of(stage, sent, now=expected)
    assert says(change, text, start + 90 * MINUTE), text


# --- Moments that lie in it --------------------------------------------------------------------


def reminding(stage: Stage, at: At) -> Stage:
    """Let the reminder be owed at a moment of its own."""
    stage.rules = RuleSet(
        replace(rule, at=at) if rule.id == "reminder" else rule for rule in stage.rules
    )
    return stage


@each_change
def test_an_evening_before_whose_hour_is_skipped_or_comes_twice(change: Change) -> None:
    """It goes when it is skipped, or the first time that the clock shows it."""
    evening = change.middle
    start = change.first(
        change.at + 20 * HOUR,
        lambda shown: shown.date() == evening.date() + timedelta(days=1) and shown.hour >= 15,
    )
    expected = change.first(change.at - 6 * HOUR, lambda shown: shown >= evening)
    stage = Stage(
        promised=Window(start, start + 2 * HOUR),
        now=change.at - 20 * HOUR,
        zone=change.zone,
        quiet=ALWAYS_AWAKE,
        speaking=["reminder"],
    )
    reminding(stage, At(edge=Edge.TOLD_START, days=-1, time=evening.time()))

    sent = one_message(stage, expected)

    assert says(change, text_of(stage, sent, now=expected), start)


@each_change
@pytest.mark.parametrize("hours", [1, 2])
def test_an_hour_before_is_an_hour_whatever_the_clock_does(change: Change, hours: int) -> None:
    """The moment lies in the change, or is parted from the window by it."""
    expected = change.at - 30 * MINUTE
    start = expected + hours * HOUR
    stage = Stage(
        promised=Window(start, start + 2 * HOUR),
        now=change.at - 20 * HOUR,
        zone=change.zone,
        quiet=ALWAYS_AWAKE,
        speaking=["reminder"],
    )
    reminding(stage, At(edge=Edge.TOLD_START, shift=-hours * HOUR))

    sent = one_message(stage, expected)

    assert says(change, text_of(stage, sent, now=expected), start)


@each_change
def test_six_in_the_evening_before_is_six_on_either_side(change: Change) -> None:
    """The default reminder of a visit in the morning after the clocks were changed."""
    start = change.first(change.at + HOUR, lambda shown: shown.hour >= 10 and shown.hour < 18)
    day_before = change.shown(start).date() - timedelta(days=1)
    six = datetime.combine(day_before, time(18))
    expected = change.first(start - 30 * HOUR, lambda shown: shown >= six)
    stage = Stage(
        promised=Window(start, start + 2 * HOUR),
        now=start - 50 * HOUR,
        zone=change.zone,
        speaking=["reminder"],
    )

    sent = one_message(stage, expected)

    assert change.shown(expected) == six
    assert says(change, text_of(stage, sent, now=expected), start)
