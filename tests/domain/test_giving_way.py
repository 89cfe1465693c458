"""A channel that no provider serves gives way to the next one, while there is time for it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from notifier.domain.ledger.views import PastMessage
from notifier.domain.messages import Channel, MessageStatus, WhyNot
from tests.domain.stage import Stage, at

REACH = timedelta(minutes=10)
SMS_HALTED = frozenset({Channel.SMS})


def not_taken(stage: Stage, *, reason: str = "no_connection") -> PastMessage:
    """Let the message that is due be tried; no provider takes it."""
    row = stage.send(accepted=False)
    stage._update(row.id, status=MessageStatus.DEFERRED, reason=reason, due_at=stage.now)
    return row


def never_tried(stage: Stage, *, reason: str = WhyNot.WAITS_FOR_SENDER) -> PastMessage:
    """Let the message that is due wait for its sender, or for somebody to look, without a call."""
    stage.reconcile()
    (row,) = stage.customer.rows.values()
    stage._update(row.id, status=MessageStatus.DEFERRED, reason=reason)
    return row


def ways(stage: Stage) -> list[Channel]:
    """Return the channels by which something is to go."""
    return [owed.channel for owed in stage.plan().owed]


def calls(stage: Stage) -> list[str]:
    """Return why somebody is to be rung."""
    return [task.why for task in stage.plan().tasks if task.kind == "call"]


def standing(stage: Stage, row: PastMessage) -> tuple[MessageStatus, str | None]:
    """Return what became of a message."""
    now = stage.customer.rows[row.id]
    return now.status, now.reason


@pytest.mark.parametrize("fails", [not_taken, never_tried])
def test_what_is_not_taken_within_reach_goes_by_the_next_channel(fails: object) -> None:
    """A text that can't leave is an email after ten minutes, in the same episode; nobody rings."""
    stage = Stage()
    stage.late(30)
    text = fails(stage)  # type: ignore[operator]
    assert stage.plan().look_at == stage.now + REACH
    stage.advance(minutes=10, seconds=-1)
    assert (ways(stage), calls(stage)) == ([Channel.SMS], [])
    stage.advance(seconds=1)
    (owed,) = stage.plan().owed
    assert (owed.channel, owed.episode) == (Channel.EMAIL, text.episode)
    email = stage.send()
    assert email.channel is Channel.EMAIL
    assert standing(stage, text) == (MessageStatus.EXPIRED, WhyNot.GAVE_UP)
    assert calls(stage) == []


@pytest.mark.parametrize("fails", [not_taken, never_tried])
def test_a_channel_that_is_halted_gives_way_at_once(fails: object) -> None:
    """It takes a person at the provider to mend that, and hours."""
    stage = Stage()
    stage.late(30)
    text = fails(stage)  # type: ignore[operator]
    stage.halted = SMS_HALTED
    assert stage.send().channel is Channel.EMAIL
    assert standing(stage, text) == (MessageStatus.EXPIRED, WhyNot.GAVE_UP)


def test_what_had_no_try_yet_is_not_failing() -> None:
    """Somebody has to try if the sender is well again."""
    stage = Stage()
    stage.late(30)
    stage.halted = SMS_HALTED
    stage.reconcile()
    stage.advance(hours=1)
    assert ways(stage) == [Channel.SMS]


@pytest.mark.parametrize("fails", [not_taken, never_tried])
def test_a_channel_that_comes_back_too_late_says_it_no_more(fails: object) -> None:
    """Once the email carries it, it carries it: before it went, if it is believed anew, and where
    it fails; then a person rings."""
    stage = Stage()
    stage.late(30)
    fails(stage)  # type: ignore[operator]
    stage.halted = SMS_HALTED
    stage.reconcile()
    stage.halted = frozenset()
    assert ways(stage) == [Channel.EMAIL]
    stage.late(0)
    assert stage.waiting() == []
    stage.late(30)
    assert ways(stage) == [Channel.EMAIL]
    stage.fail(stage.send())
    stage.reconcile()
    assert (ways(stage), calls(stage)) == ([], ["30003"])


@pytest.mark.parametrize("status", [MessageStatus.CLAIMED, MessageStatus.UNKNOWN])
def test_what_may_have_been_taken_gives_way_to_nothing(status: MessageStatus) -> None:
    """Its reach counts from the claim; until then it would be a second message."""
    stage = Stage()
    stage.late(30)
    stage.reconcile()
    stage.halted = SMS_HALTED
    stage.advance(minutes=10)  # since it was due
    stage._update(stage.send(accepted=False).id, status=status)
    stage.advance(minutes=9)
    assert ways(stage) == []


def test_at_night_no_channel_fails_for_not_being_tried() -> None:
    """Refused two minutes before nine, it has the morning's ten minutes; but whoever must hear by
    eight is a call in time."""
    stage = Stage(now=at(20, 58, day=23))
    stage.late(30)
    not_taken(stage)
    for moment in (at(21, 30, day=23), at(7, 44)):
        stage.now = moment
        stage.reconcile()
        assert (ways(stage), calls(stage)) == ([Channel.SMS], [])
    stage.halted = SMS_HALTED
    assert ways(stage) == [Channel.SMS]
    stage.halted = frozenset()
    stage.now = at(7, 45)
    assert calls(stage) == ["no_connection"]
    for moment, way in ((at(8), Channel.SMS), (at(8, 9), Channel.SMS), (at(8, 10), Channel.EMAIL)):
        stage.now = moment
        stage.reconcile()
        assert ways(stage) == [way]


@pytest.mark.parametrize(
    ("known_at", "email_at", "rung_at"),
    [
        (at(7), at(7, 10), at(7, 45)),
        (at(7, 45), at(7, 50), at(7, 55)),
        (at(7, 56), at(7, 58), at(8)),
    ],
)
def test_where_no_channel_takes_it_a_person_rings_in_time(
    known_at: datetime, email_at: datetime, rung_at: datetime
) -> None:
    """By eight: the text gives way, the email is not taken either and goes on being tried."""
    stage = Stage()
    stage.now = known_at
    stage.late(30)
    not_taken(stage)
    stage.now = email_at - timedelta(seconds=1)
    assert ways(stage) == [Channel.SMS]
    stage.now = email_at
    not_taken(stage, reason="timeout")
    stage.now = rung_at - timedelta(seconds=1)
    assert calls(stage) == []
    stage.now = rung_at
    assert calls(stage) == ["timeout"]
    assert ways(stage) == [Channel.EMAIL]


def test_a_later_channel_that_is_of_no_use_is_none_to_give_way_to() -> None:
    """The email came back before the number was known: the text goes on being tried."""
    stage = Stage()
    sms, email = stage.customer.contacts
    stage.customer.contacts = (email,)
    stage.late(30)
    stage.fail(stage.send())
    stage.customer.contacts = (sms, email)
    text = not_taken(stage)
    stage.advance(hours=1)
    stage.reconcile()
    assert standing(stage, text) == (MessageStatus.DEFERRED, "no_connection")
    assert ways(stage) == [Channel.SMS]


def test_what_the_brake_holds_is_not_failing() -> None:
    """A person has it; an email would be held like the text."""
    stage = Stage()
    stage.late(30)
    never_tried(stage, reason=WhyNot.BRAKED)
    stage.advance(hours=1)
    assert ways(stage) == [Channel.SMS]


def test_what_staff_hold_is_not_failing() -> None:
    """Nothing goes while they ring; let go, it is late, and takes the way that works."""
    stage = Stage()
    stage.late(30)
    not_taken(stage)
    stage.held = True
    stage.advance(hours=1)
    assert ways(stage) == [Channel.SMS]
    stage.held = False
    assert ways(stage) == [Channel.EMAIL]


def test_pace_is_no_failure_while_it_ends_within_reach() -> None:
    """A sender that rests five minutes keeps its text."""
    stage = Stage()
    stage.late(30)
    text = never_tried(stage)
    stage._update(text.id, due_at=stage.now + timedelta(minutes=5))
    stage.advance(minutes=5)
    stage._update(text.id, status=MessageStatus.READY, reason=None)
    assert stage.send().channel is Channel.SMS
