"""Nobody is woken: nine in the evening to eight in the morning, by the reader's own clock."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.facts import FactType
from notifier.domain.jobs import JobKind
from notifier.domain.messages import MessageKind, WhyNot
from notifier.domain.quiet.hours import (
    ALL_DAY,
    NO_HOURS,
    SOON,
    QuietHours,
    last_allowed,
    next_allowed,
    send_moment,
)
from notifier.domain.rules.rule import InQuietHours, RuleSet
from tests.domain.stage import PLACE, QUIET, Stage, at, window

NEW_YORK, TOKYO = ZoneInfo("America/New_York"), ZoneInfo("Asia/Tokyo")


def goes(
    owed_at: datetime,
    *,
    now: datetime | None = None,
    tell_by: datetime | None = None,
    starts: tuple[datetime, ...] = (),
    zones: tuple[ZoneInfo, ...] = (PLACE,),
    quiet: QuietHours = QUIET,
    within: timedelta = SOON,
) -> datetime:
    """Return when a message owed at `owed_at` may go."""
    at = send_moment(
        owed_at,
        now=now or owed_at,
        quiet=quiet,
        zones=zones,
        tell_by=tell_by,
        starts=starts,
        send_anyway_within=within,
    )
    assert at is not None
    return at


@pytest.mark.parametrize(
    ("owed_at", "moment"),
    [
        (at(20, 59), at(20, 59)),
        (at(21), at(8, day=25)),
        (at(23, 30), at(8, day=25)),
        (at(0, 15), at(8)),
        (at(7, 59), at(8)),
        (at(8), at(8)),
        (at(12), at(12)),
    ],
)
def test_nothing_goes_between_nine_and_eight(owed_at: datetime, moment: datetime) -> None:
    """What waits goes at eight."""
    assert goes(owed_at) == moment


def test_what_waits_goes_at_tell_by_if_that_is_sooner() -> None:
    """A visit at 8:30 that is late must be heard of by 7:30."""
    assert goes(at(22, day=23), tell_by=at(7, 30), starts=(at(8, 30),)) == at(7, 30)


@pytest.mark.parametrize("after", [0, 1, 20])
def test_when_tell_by_comes_it_goes(after: int) -> None:
    """The claim looks again at 7:30, or a little later: it goes then, not at eight."""
    now = at(7, 30) + timedelta(minutes=after)
    assert goes(at(22, day=23), now=now, tell_by=at(7, 30)) == now


def test_a_worker_that_was_down_all_day_does_not_send_at_night() -> None:
    """Its `tell_by` was at noon; at eleven in the evening it can only apologise, at eight."""
    assert goes(at(10), now=at(23), tell_by=at(12)) == at(8, day=25)


def test_news_from_after_tell_by_waits_for_the_morning() -> None:
    """The promise is broken already; waking them mends nothing."""
    assert goes(at(22), tell_by=at(20)) == at(8, day=25)


@pytest.mark.parametrize(
    ("start", "at_once"),
    [(at(1, day=25), True), (at(1, 1, day=25), False), (at(20), True), (at(8), False)],
)
def test_at_once_only_within_three_hours_of_the_start(start: datetime, at_once: bool) -> None:
    """Owed at ten in the evening. A delivery day that began in the morning is no reason."""
    assert (goes(at(22), starts=(start,)) == at(22)) is at_once


def test_within_three_hours_counts_from_when_it_became_owed() -> None:
    """It does not become urgent by waiting."""
    assert goes(at(22, day=23), now=at(5), starts=(at(7),)) == at(8)


def test_of_several_zones_the_strictest_counts() -> None:
    """A number that may be in New York or Los Angeles is woken in neither."""
    both = (PLACE, NEW_YORK)
    assert goes(at(19), zones=both) == at(8, day=25)  # ten in the evening in New York
    assert goes(at(6), zones=both) == at(8)
    assert goes(at(12), zones=both) == at(12)


def test_zones_that_leave_no_hour_still_come_to_an_end() -> None:
    """Half a world apart it is always night somewhere; the message is not lost for it."""
    moment = goes(at(12), zones=(PLACE, TOKYO, ZoneInfo("Europe/London")))
    assert at(12) <= moment <= at(12, day=27)


@pytest.mark.parametrize(
    ("evening", "eight"),
    [
        # clocks go back in the night to 1 November 2026, forward in that to 8 March
        (datetime(2026, 10, 31, 22, tzinfo=PLACE), datetime(2026, 11, 1, 16, tzinfo=UTC)),
        (datetime(2026, 3, 7, 22, tzinfo=PLACE), datetime(2026, 3, 8, 15, tzinfo=UTC)),
        (datetime(2026, 11, 1, 1, 30, tzinfo=PLACE), datetime(2026, 11, 1, 16, tzinfo=UTC)),
        (datetime(2026, 11, 1, 1, 30, tzinfo=PLACE, fold=1), datetime(2026, 11, 1, 16, tzinfo=UTC)),
    ],
)
def test_eight_is_eight_on_the_days_of_summer_time(evening: datetime, eight: datetime) -> None:
    """An hour more or less of night, and the hour that comes twice, end at eight all the same."""
    assert goes(evening.astimezone(UTC)) == eight


@given(
    st.integers(0, 366 * 24 * 60),
    st.sampled_from(["America/Los_Angeles", "Europe/London", "Australia/Lord_Howe", "UTC"]),
)
def test_the_next_allowed_moment_is_never_at_night_and_never_before(minute: int, name: str) -> None:
    """In every minute of a year, summer time and half-hour changes included."""
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    zone = ZoneInfo(name)
    allowed = next_allowed(moment, QUIET, [zone])
    assert moment <= allowed <= moment + timedelta(hours=12)
    assert not QUIET.covers(allowed, zone)
    assert next_allowed(allowed, QUIET, [zone]) == allowed


@pytest.mark.parametrize(
    ("until", "last"),
    [
        (at(20), at(20)),
        (at(23), at(20, 45)),
        (at(6, day=25), at(20, 45)),
        (at(8, day=25), at(8, day=25)),
    ],
)
def test_the_last_allowed_moment_is_before_the_night(until: datetime, last: datetime) -> None:
    """Whoever must hear something by six hears it in the evening, if nobody is to be woken."""
    assert last_allowed(until, since=at(12), quiet=QUIET, zones=[PLACE]) == last
    night = at(22)
    assert last_allowed(until, since=night, quiet=QUIET, zones=[PLACE]) == max(last, night)


def test_a_delay_learnt_at_night_goes_at_its_tell_by() -> None:
    """The whole plan keeps it: planned at ten in the evening, sent at 7:30 for 8:30."""
    stage = Stage(promised=window((8, 30), 10), now=at(10, day=23))
    stage.now = at(22, day=23)
    stage.late(60)
    assert stage.plan().owed[0].send_at == at(7, 30)
    assert stage.send_all() == []
    stage.now = at(7, 30)
    assert stage.send().rule == "running_late"


def test_an_order_delayed_in_the_evening_waits_for_the_morning() -> None:
    """Its day began twelve hours ago; that is no reason to wake anybody."""
    order = Stage(kind=JobKind.ORDER, promised=window(8, 20))
    order.now = at(22)
    order.expect(window(8, 20, day=25))
    assert order.plan().owed[0].send_at == at(8, day=25)


def test_a_technician_on_the_way_at_night_is_announced_at_once() -> None:
    """The visit is about to start: this is worth hearing at any hour."""
    stage = Stage(promised=window(22, 23), now=at(10))
    stage.say(FactType.REASSIGNED, technician=stage.ids())
    stage.now = at(21, 30)
    stage.say(FactType.EN_ROUTE)
    assert stage.send().rule == "on_the_way"


def test_the_readers_clock_counts_not_the_places() -> None:
    """Seven in the evening at the visit is ten in the evening for who reads in New York."""
    stage = Stage(promised=window(9, 11, day=26), now=at(10))
    stage.customer.zones = (NEW_YORK,)
    stage.now = at(19)
    stage.late(120)
    assert stage.plan().owed[0].send_at == at(5, day=25)  # eight in New York


# --- By weekday -------------------------------------------------------------------------------

SUNDAYS = QuietHours(time(21), time(8), days=((6, (time(20), time(10))),))


def on(day: int, hour: int, minute: int = 0) -> datetime:
    """Return a moment of November 2026 at the place; the 28th is a Saturday."""
    return at(hour, minute, day=day)


@pytest.mark.parametrize(
    ("moment", "allowed"),
    [
        (on(28, 20, 30), on(28, 20, 30)),  # Saturday's own hours
        (on(28, 22), on(29, 10)),  # the night ends as Sunday's hours say
        (on(29, 9), on(29, 10)),
        (on(29, 20), on(30, 8)),  # and Sunday's evening begins earlier
    ],
)
def test_a_weekday_may_have_hours_of_its_own(moment: datetime, allowed: datetime) -> None:
    """Sundays are quiet until ten and from eight in the evening on."""
    assert next_allowed(moment, SUNDAYS, [PLACE]) == allowed


def test_a_day_may_be_quiet_as_a_whole_and_another_not_at_all() -> None:
    """Saturday and Sunday are; on Monday nobody minds."""
    hours = QuietHours(time(21), time(8), days=((5, ALL_DAY), (6, ALL_DAY), (0, NO_HOURS)))
    assert next_allowed(on(27, 21), hours, [PLACE]) == on(30, 0)
    assert next_allowed(on(30, 3), hours, [PLACE]) == on(30, 3)


def test_dates_may_be_quiet_as_a_whole() -> None:
    """Thanksgiving, the 26th: what waits from the evening before goes on the 27th."""
    hours = QuietHours(time(21), time(8), closed=lambda day: day == date(2026, 11, 26))
    assert next_allowed(on(25, 22), hours, [PLACE]) == on(27, 8)
    assert next_allowed(on(26, 12), hours, [PLACE]) == on(27, 8)


def test_the_strictest_of_several_is_quiet_whenever_one_is() -> None:
    """A lunch break, a night and a Sunday, joined: each hour of a week is checked."""
    lunch, sunday = QuietHours(time(13), time(14)), QuietHours(time(9), time(9), ((6, ALL_DAY),))
    joined = QuietHours.strictest(QUIET, lunch, sunday, QUIET)
    assert len(list(joined.parts())) == 3
    for hour in range(7 * 24):
        moment = on(23, 0) + timedelta(hours=hour)
        each = [hours.covers(moment, PLACE) for hours in (QUIET, lunch, sunday)]
        assert joined.covers(moment, PLACE) is any(each)
    assert next_allowed(on(23, 13, 10), joined, [PLACE]) == on(23, 14)
    assert next_allowed(on(28, 21), joined, [PLACE]) == on(30, 8)
    with pytest.raises(ValueError, match="no hours"):
        QuietHours.strictest()


def test_hours_of_several_zones_by_weekday_find_the_day_that_has_one() -> None:
    """From Monday to Friday the two nights leave no hour; on Saturday they do."""
    hours = QuietHours(time(12), time(10), days=((5, (time(21), time(8))),))
    both = [PLACE, NEW_YORK]  # three hours apart, and two hours a day
    assert next_allowed(on(23, 12), hours, both) == on(28, 8)


def test_quiet_without_end_does_not_keep_a_message_for_ever() -> None:
    """Somebody wrote that it is always quiet: a mistake ends after two weeks."""
    always = QuietHours(time.min, time.max)
    assert on(24, 12) < always.end_after(on(24, 12), PLACE) <= on(24, 12) + timedelta(days=15)


# --- Drop, send anyway, law -------------------------------------------------------------------


def drops(
    owed_at: datetime,
    *,
    now: datetime | None = None,
    starts: tuple[datetime, ...] = (),
    quiet: QuietHours = QUIET,
    within: timedelta = SOON,
) -> datetime | None:
    """Return when a message that may not wait goes, if it does."""
    return send_moment(
        owed_at,
        now=now or owed_at,
        quiet=quiet,
        zones=[PLACE],
        tell_by=None,
        starts=starts,
        drop=True,
        send_anyway_within=within,
    )


def test_what_may_not_wait_is_dropped_at_night_and_goes_by_day() -> None:
    """A thank-you at eleven in the evening is better not said at eight."""
    assert drops(at(23)) is None
    assert drops(at(15)) == at(15)


@pytest.mark.parametrize("now", [at(22), at(8, day=25), at(12, day=25)])
def test_what_was_dropped_stays_dropped(now: datetime) -> None:
    """Planned again in the morning it is not owed after all, whether the night came or went."""
    assert drops(at(20, 59), now=now) is None
    assert drops(at(20, 59)) == at(20, 59)


def test_what_concerns_the_next_hours_is_not_dropped() -> None:
    """The rule says how near: an hour here, three unless it says."""
    soon = (at(0, 30, day=25),)
    assert drops(at(22), starts=soon) == at(22)
    assert drops(at(22), starts=soon, within=timedelta(hours=1)) is None


def test_a_rule_says_how_near_is_worth_waking_for() -> None:
    """Six hours before a visit at four; or never."""
    four = (at(4, day=25),)
    assert goes(at(22), starts=four, within=timedelta(hours=6)) == at(22)
    assert goes(at(22), starts=four) == at(8, day=25)
    assert goes(at(22), starts=(at(22),), within=timedelta(0)) == at(8, day=25)


def test_no_urgency_overrides_what_is_law() -> None:
    """Neither a window that is near nor a `tell_by` at night, as they do the brand's own."""
    law = QuietHours.strictest(QUIET, QuietHours(time(20), time(9), binding=True))
    assert goes(at(22), quiet=law, starts=(at(23),)) == at(9, day=25)
    assert drops(at(22), quiet=law, starts=(at(23),)) is None
    assert goes(at(22, day=23), quiet=law, tell_by=at(7)) == at(9)
    looser = QuietHours.strictest(QUIET, QuietHours(time(23), time(6), binding=True))
    assert goes(at(22), quiet=looser, starts=(at(23),)) == at(22)
    assert goes(at(22, day=23), quiet=looser, tell_by=at(7)) == at(7)


# --- What rules say of it ---------------------------------------------------------------------


def evening_stage(**says: Any) -> Stage:
    """Return a visit of tomorrow afternoon that turns out late; its rule says so much."""
    stage = Stage(promised=window(14, 16, day=25), now=at(10))
    stage.rules = RuleSet(
        replace(rule, **says) if rule.id == "running_late" else rule for rule in stage.rules
    )
    return stage


def test_a_rule_that_drops_says_nothing_at_night_and_why() -> None:
    """By day it speaks; at night it is not owed, in the morning neither."""
    stage = evening_stage(quiet=InQuietHours.DROP)
    stage.now = at(22)
    stage.late(60)
    assert stage.owed() == []
    assert stage.why("running_late") == WhyNot.QUIET_HOURS
    stage.now = at(9, day=25)
    assert stage.owed() == []


def test_a_rule_says_how_near_its_window_must_be() -> None:
    """Twenty hours ahead is near enough for this one."""
    stage = evening_stage(send_anyway_within=timedelta(hours=20))
    stage.now = at(22)
    stage.late(60)
    assert stage.send().rule == "running_late"


def test_a_message_that_gathers_others_does_not_gather_into_the_night() -> None:
    """Owed at five to nine, it waits ten minutes for their other jobs: until eight, then."""
    stage = evening_stage(digest=timedelta(minutes=10))
    stage.customer.has_other_jobs = True
    stage.now = at(20, 30)
    stage.late(60)
    assert stage.plan().owed[0].send_at == at(20, 40)
    stage = evening_stage(digest=timedelta(minutes=10))
    stage.customer.has_other_jobs = True
    stage.now = at(20, 55)
    stage.late(60)
    assert stage.plan().owed[0].send_at == at(8, day=25)


def test_a_kind_that_a_region_restricts_waits_for_it() -> None:
    """Their number's law lets marketing go until six; word of their visit goes later."""
    six = QuietHours.strictest(QUIET, QuietHours(time(18), time(9), binding=True))
    stage = evening_stage(kind=MessageKind.MARKETING)
    stage.customer.quiet = {MessageKind.MARKETING: six}
    stage.now = at(19)
    stage.late(60)
    assert stage.plan().owed[0].send_at == at(9, day=25)
    stage = evening_stage()
    stage.customer.quiet = {MessageKind.MARKETING: six}
    stage.now = at(19)
    stage.late(60)
    assert stage.plan().owed[0].send_at == at(19)
