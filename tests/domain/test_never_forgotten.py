"""Whom no message reaches in time a person rings, about what is believed now."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from notifier.domain.duties import promised_moments
from notifier.domain.facts import FactType, PromiseKind
from notifier.domain.ledger.views import OpenMoment
from notifier.domain.messages import Channel, MessageStatus, Strength, WhyNot
from notifier.domain.plan_input import BrandManners, PlanInput
from notifier.domain.windows import OFF, UNKNOWN, Special
from tests.domain.stage import PLACE, QUIET, Stage, at, window


def calls(stage: Stage) -> list[str]:
    """Return the keys of the calls that are owed, after their job and person."""
    tasks = [task for task in stage.plan().tasks if task.kind == "call"]
    return [task.key.split(":", 3)[3] for task in tasks]


def held_up(stage: Stage, until: datetime) -> None:
    """A provider does not take the message, again and again."""
    row = stage.send(accepted=False)
    stage._update(row.id, status=MessageStatus.DEFERRED, reason="20429", due_at=until)


def test_what_no_provider_takes_is_rung_about_while_there_is_time_to() -> None:
    """It goes on being tried; but a person knows of it before `tell_by`, once it had its time."""
    stage = Stage(now=at(7, 55), channels=[Channel.SMS])
    stage.expect(window(13, 15))
    held_up(stage, at(8, 20))
    assert calls(stage) == []
    halfway = stage.now + timedelta(minutes=7, seconds=30)  # to 8:10
    assert stage.plan().look_at == halfway
    stage.now = halfway
    (call,) = calls(stage)
    assert call.startswith("unreached:running_late:")
    assert stage.owed() == ["running_late"]


def test_long_before_tell_by_a_provider_may_take_its_time() -> None:
    """A day before the visit nobody need ring yet."""
    stage = Stage(now=at(10, day=23))
    stage.late(45)
    held_up(stage, at(12, day=23))
    stage.advance(hours=1)
    assert calls(stage) == []


def test_what_was_given_up_is_carried_on_by_the_next_channel() -> None:
    """It was certainly not taken, like what was refused."""
    stage = Stage()
    stage.late(45)
    row = stage.send(accepted=False)
    stage._update(row.id, status=MessageStatus.EXPIRED, reason=WhyNot.GAVE_UP)
    (next_one,) = [owed for owed in stage.plan().owed if owed.rule.id == "running_late"]
    assert next_one.channel is Channel.EMAIL


def test_newer_news_is_a_call_of_its_own() -> None:
    """Who was rung about a late visit, and ticked it off, does not know that nobody comes; nor
    does one who was rung about a time that has moved since."""
    stage = Stage(channels=())
    keys = []
    for expected in (window(13, 15), window(15, 17), OFF):
        stage.expect(expected)
        stage.reconcile()
        keys += calls(stage)
        stage.advance(minutes=1)
    assert len(keys) == len(set(keys)) == 3


def test_a_third_slip_that_moves_on_is_rung_about_again() -> None:
    """Nothing was texted, so the episode is the same; the news is not."""
    stage = Stage()
    for minutes in (45, 90):
        stage.late(minutes)
        stage.sent_and_delivered()
    stage.late(150)
    stage.reconcile()
    first = set(calls(stage))
    stage.late(240)
    stage.reconcile()
    assert first
    assert set(calls(stage)).isdisjoint(first)


@pytest.mark.parametrize(
    ("what", "promised_at", "owed"),
    [
        (PromiseKind.CALL_BACK, at(8), ["call"]),
        (PromiseKind.CALL_BACK, at(12), ["call"]),
        (PromiseKind.UPDATE, at(8), []),
        (PromiseKind.UPDATE, at(10), []),  # before it was on record
        (PromiseKind.UPDATE, at(12), ["update"]),
    ],
)
def test_a_call_back_outlasts_the_job(
    what: PromiseKind, promised_at: datetime, owed: list[str]
) -> None:
    """ "We ring you within the day" is said of what went wrong; only news of the visit ends
    with the visit, missed at half past nine and on record at eleven."""
    stage = Stage(now=at(11))
    stage.say(FactType.MISSED, occurred_at=at(9, 30))
    promised = OpenMoment(what=what, due=at(17), given_at=promised_at)
    person = replace(stage.customer.view(), moments=(promised,))
    job = PlanInput(
        job=stage.job,
        state=stage.state,
        zone=PLACE,
        booked_at=stage.now,
        held=False,
        people=(person,),
        manners=BrandManners(quiet=QUIET, live_at=None),
    )
    assert [task.kind for task in promised_moments(job, person)] == owed


def test_what_is_believed_again_after_a_mistake_is_rung_about_however_old_it_is() -> None:
    """Nobody knew when; for days there seemed to be a time; nobody knows, after all."""
    stage = Stage(channels=())
    stage.expect(UNKNOWN)
    stage.advance(hours=1)
    moved = stage.say(FactType.RESCHEDULED, window=window(9, 11, day=28), agreed=False)
    stage.advance(days=3)
    assert [call.split(":")[1] for call in calls(stage)] == ["moved"]
    stage.take_back(moved)
    assert [call.split(":")[1] for call in calls(stage)] == ["no_time_yet"]


@pytest.mark.parametrize(("expected", "rule"), [(UNKNOWN, "no_time_yet"), (OFF, "cancelled")])
def test_who_was_not_rung_after_all_is_to_be_rung_however_old_the_news_is(
    expected: Special, rule: str
) -> None:
    """Somebody ticked the wrong name, and noticed days later."""
    stage = Stage(channels=())
    if expected is OFF:
        stage.say(FactType.CANCELLED)
    else:
        stage.expect(expected)
    stage.advance(hours=1)
    told = stage.say(FactType.TOLD, person=stage.customer.id, expected=expected)
    stage.give(expected, fact=told)
    stage.advance(days=3)
    assert calls(stage) == []
    stage.take_back(told)
    stage.customer.given[-1] = replace(stage.customer.given[-1], strength=Strength.NONE)
    assert [call.split(":")[1] for call in calls(stage)] == [rule]


def test_that_nobody_comes_is_worth_saying_for_as_long_as_they_wait() -> None:
    """Nothing went out for longer than a day, and the visit is on the next."""
    stage = Stage(promised=window(9, 11, day=27))
    stage.say(FactType.CANCELLED)
    stage.advance(days=2)
    assert stage.owed() == ["cancelled"]
    stage.now = at(11, day=27)
    assert stage.owed() == []


def test_whom_no_reminder_reaches_is_rung_when_it_would_have_gone() -> None:
    """Not a day early: what the card asks for is not due yet."""
    stage = Stage(now=at(10, day=22), channels=(), speaking=("reminder",))
    (task,) = [task for task in stage.plan().tasks if task.kind == "call"]
    assert task.due_at == at(18, 15, day=23)
