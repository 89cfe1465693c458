"""How far belief is from what somebody was told: windows, unknown and off."""

import pytest

from notifier.domain.drift import DriftKind
from notifier.domain.facts import FactType
from notifier.domain.jobs import JobKind
from notifier.domain.messages import Role
from notifier.domain.windows import OFF, UNKNOWN, Window
from tests.domain.stage import NINE_TO_ELEVEN, Stage, at, window


@pytest.mark.parametrize(
    ("expected", "kind", "minutes"),
    [
        (window(9, (11, 10)), DriftKind.NONE, 0),
        (window(9, (11, 11)), DriftKind.LATER, 11),
        (window((9, 45), (11, 45)), DriftKind.LATER, 45),
        (window((8, 50), 11), DriftKind.NONE, 0),
        (window((8, 49), 11), DriftKind.EARLIER, -11),
        (window(7, 8), DriftKind.EARLIER, -120),
        (window((9, 30), 11), DriftKind.NONE, 0),
        (window(9, 10), DriftKind.NONE, 0),
        (window((10, 50), 11), DriftKind.NONE, 0),
    ],
)
def test_drift_is_the_end_when_later_and_the_start_when_earlier(
    expected: Window, kind: DriftKind, minutes: int
) -> None:
    """Ten minutes are tolerated either way; a narrower window breaks nothing that was said."""
    stage = Stage()
    stage.expect(expected)
    drift = stage.drift()
    assert (drift.kind, drift.minutes) == (kind, minutes)


@pytest.mark.parametrize(
    ("expected", "kind"),
    [
        (window(17, 21), DriftKind.NONE),
        (window(9, 11, day=25), DriftKind.LATER),
        (window(9, 11, day=23), DriftKind.NONE),
    ],
)
def test_an_order_drifts_to_another_local_date(expected: Window, kind: DriftKind) -> None:
    """The hour is nobody's promise; an earlier date owes nothing."""
    order = Stage(kind=JobKind.ORDER)
    order.expect(expected)
    assert order.drift().kind is kind


def test_the_date_of_an_order_is_read_at_the_place() -> None:
    """Eleven in the evening at the place is still the promised day, whatever UTC says."""
    order = Stage(kind=JobKind.ORDER)
    order.expect(window(20, 23))
    assert order.drift().kind is DriftKind.NONE


def test_where_nothing_was_told_drift_counts_from_agreed() -> None:
    """At booking only the customer is given the window; the second contact hears of lateness."""
    stage = Stage(roles=(Role.CUSTOMER, Role.SECOND_CONTACT))
    second = stage.people[1]
    assert second.told is None
    stage.late(45)
    drift = stage.drift(second)
    assert (drift.kind, drift.told) == (DriftKind.LATER, NINE_TO_ELEVEN)
    assert stage.owed(second) == ["running_late"]


def test_where_nothing_was_agreed_either_nothing_drifts() -> None:
    """A job without a window has nothing to be late for."""
    stage = Stage(promised=None)
    stage.expect(window(13, 15))
    assert stage.drift().kind is DriftKind.NONE
    assert stage.owed() == []


def test_no_minutes_late_is_no_news_when_nothing_was_told() -> None:
    """Late and on time again before anything went: nothing is owed."""
    stage = Stage()
    stage.late(45)
    stage.late(0)
    assert stage.owed() == []


def test_later_and_wider_at_once_is_lateness_only() -> None:
    """A start before what was told binds nobody, but the later end must be heard."""
    stage = Stage()
    stage.expect(window(8, 12))
    drift = stage.drift()
    assert drift.kind is DriftKind.LATER
    assert drift.asserts == window(9, 12)
    assert drift.moves_told


# --- Unknown and off ----------------------------------------------------------------------


def test_when_nobody_knows_they_are_told_so_and_when_they_hear_next() -> None:
    """Nothing is invented, and an update is promised."""
    stage = Stage(now=at(7, 30))
    stage.expect(UNKNOWN)
    planned = stage.plan().owed
    assert [owed.rule.id for owed in planned] == ["no_time_yet"]
    assert planned[0].asserts is UNKNOWN
    stage.now = at(8, 5)
    assert stage.plan().owed[0].next_update_at == at(9, 15)


def test_off_is_told_and_whom_it_does_not_reach_is_called() -> None:
    """*Not that day* goes out, and somebody rings whoever has no way to be reached."""
    stage = Stage(roles=(Role.CUSTOMER, Role.ON_SITE))
    unreachable = stage.people[1]
    unreachable.contacts = ()
    stage.expect(OFF)
    assert stage.owed() == ["not_coming_today"]
    planned = stage.plan()
    calls = {task.job_person for task in planned.tasks if task.kind == "call"}
    assert calls == {unreachable.id}
    assert all(task.due_at <= at(8) for task in planned.tasks)  # tell_by: an hour before nine


def test_told_can_be_unknown_or_off() -> None:
    """What arrived is what they were told, window or not; it drifts no more."""
    for word in (UNKNOWN, OFF):
        stage = Stage()
        stage.expect(word)
        stage.sent_and_delivered()
        assert stage.customer.told is word
        assert stage.drift().kind is DriftKind.NONE


@pytest.mark.parametrize(
    ("expected", "asks"),
    [(window(13, 15), False), (NINE_TO_ELEVEN, False), (window(8, 10), True)],
)
def test_from_unknown_any_window_is_told(expected: Window, asks: bool) -> None:
    """Even the one they had before; it is an offer only if it starts before the last told."""
    stage = Stage()
    stage.expect(UNKNOWN)
    stage.sent_and_delivered()
    stage.expect(expected)
    drift = stage.drift()
    assert drift.asserts == expected
    assert drift.moves_told is not asks
    stage.sent_and_delivered()
    assert (stage.customer.told == expected) is not asks


@pytest.mark.parametrize("expected", [NINE_TO_ELEVEN, window(13, 15)])
def test_from_off_the_customer_is_asked(expected: Window) -> None:
    """Who was told that nobody comes has made other plans."""
    stage = Stage()
    stage.expect(OFF)
    stage.sent_and_delivered()
    stage.expect(expected)
    assert stage.drift().kind is DriftKind.OTHER_DAY
    assert not stage.drift().moves_told


def test_to_another_local_date_the_customer_is_asked() -> None:
    """Tomorrow instead of today is a question, not news."""
    stage = Stage()
    stage.expect(window(9, 11, day=25))
    assert stage.drift().kind is DriftKind.OTHER_DAY
    stage.sent_and_delivered()
    assert stage.customer.told == NINE_TO_ELEVEN


def test_a_promised_update_comes_before_its_moment() -> None:
    """*We text by 9:30*: nothing new is said before then, and it is not worded as the first."""
    stage = Stage(now=at(8, 30))
    stage.expect(UNKNOWN)
    first = stage.send()
    stage.deliver(first)
    assert first.next_update_at == at(9, 30)
    planned = next(owed for owed in stage.plan().owed if owed.rule.id == "no_news_yet")
    assert (planned.send_at, planned.expires_at) == (at(9, 20), at(9, 30))
    stage.now = at(9, 19)
    assert stage.send_all() == []
    stage.now = at(9, 20)
    second = stage.send()
    assert (second.rule, second.asserts, second.moves_told) == ("no_news_yet", None, False)
    assert second.next_update_at == at(10, 30)
    assert stage.customer.told is UNKNOWN


def test_a_second_text_without_news_needs_a_person() -> None:
    """The first *no news yet* goes by itself; before the next moment somebody must act."""
    stage = Stage(now=at(8, 30))
    stage.expect(UNKNOWN)
    stage.sent_and_delivered()
    stage.now = at(9, 20)
    stage.sent_and_delivered()
    stage.now = at(10, 20)
    assert stage.send_all() == []
    task = next(task for task in stage.plan().tasks if task.kind == "update")
    assert (task.why, task.due_at) == ("update_promised", at(10, 20))
    assert stage.why("no_news_yet") == "condition_false"


def test_nobody_is_sorry_for_having_no_news_once_the_technician_is_there() -> None:
    """The doorbell was the news."""
    stage = Stage(now=at(8, 30))
    stage.expect(UNKNOWN)
    stage.sent_and_delivered()
    stage.say(FactType.ARRIVED)
    stage.now = at(9, 20)
    assert stage.send_all() == []
    assert stage.why("no_news_yet") == "condition_false"


def test_a_promised_update_that_fails_takes_the_next_channel() -> None:
    """And says it once on each."""
    stage = Stage(now=at(8, 30))
    stage.expect(UNKNOWN)
    stage.sent_and_delivered()
    stage.now = at(9, 20)
    text = stage.send()
    stage.fail(text)
    email = stage.send()
    assert (email.channel, email.episode) == ("email", text.episode)
    stage.deliver(email)
    assert stage.send_all() == []


def test_a_window_keeps_the_promise_of_an_update() -> None:
    """Once they have a time, no update is due."""
    stage = Stage(now=at(8, 30))
    stage.expect(UNKNOWN)
    stage.sent_and_delivered()
    stage.expect(window(13, 15))
    stage.sent_and_delivered()
    stage.now = at(9, 25)
    assert stage.owed() == []


def test_no_update_is_promised_for_the_night() -> None:
    """An update due at night is promised for eight."""
    stage = Stage(now=at(20, 30))
    stage.expect(UNKNOWN)
    assert stage.send().next_update_at == at(8, day=25)


def test_nobody_is_told_of_lateness_once_the_technician_is_there() -> None:
    """A text about the time after the doorbell helps nobody."""
    stage = Stage()
    stage.late(45)
    assert stage.owed() == ["running_late"]
    stage.say(FactType.ARRIVED)
    assert stage.owed() == []
