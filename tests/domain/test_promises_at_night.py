"""What staff promise in writing when nobody may be written to: told in the morning if that is in
time, else a person's at once."""

from __future__ import annotations

from datetime import time

import pytest

from notifier.domain.facts import FactType, PromiseKind
from notifier.domain.jobs import JobKind
from notifier.domain.messages import Channel
from notifier.domain.owed import TaskOwed
from notifier.domain.quiet.hours import ALL_DAY, QuietHours
from notifier.domain.reasons import Party
from tests.domain.stage import Stage, at, window

KINDS = pytest.mark.parametrize("kind", list(JobKind))
PROMISES = pytest.mark.parametrize("what", [PromiseKind.CALL_BACK, PromiseKind.UPDATE])
CHANNELS = pytest.mark.parametrize("channel", [Channel.SMS, Channel.EMAIL])


def _promised(
    kind: JobKind,
    what: PromiseKind,
    channel: Channel,
    *,
    by: tuple[int, int],
) -> Stage:
    """Return a job at 10 PM of the 23rd; staff have just promised `what` for the next morning."""
    stage = Stage(kind=kind, promised=window(14, 16), channels=(channel,))
    stage.now = at(22, day=23)
    _promise(stage, what, by)
    return stage


def _promise(stage: Stage, what: PromiseKind, by: tuple[int, int]) -> None:
    stage.say(
        FactType.PROMISED,
        what=what,
        moment=at(*by),
        person=stage.customer.id,
        by_phone=False,
    )


def _unsaid(stage: Stage) -> list[TaskOwed]:
    return [task for task in stage.plan().tasks if task.why == "promise_not_said"]


@KINDS
@PROMISES
@CHANNELS
def test_in_time_in_the_morning_it_goes_then(
    kind: JobKind, what: PromiseKind, channel: Channel
) -> None:
    """By half past nine: they hear at eight, and nobody need do more."""
    stage = _promised(kind, what, channel, by=(9, 30))

    assert stage.send_all() == []
    assert _unsaid(stage) == []
    stage.now = at(8)
    row = stage.send()

    assert row.rule.endswith("promise_made")
    assert row.next_update_at == at(9, 30)


@KINDS
@PROMISES
@CHANNELS
def test_too_late_by_the_morning_it_is_a_persons_at_once(
    kind: JobKind, what: PromiseKind, channel: Channel
) -> None:
    """By half past seven: no text can say so before, so somebody is asked now, and once."""
    stage = _promised(kind, what, channel, by=(7, 30))

    (task,) = _unsaid(stage)
    assert (task.kind, task.job_person) == ("call", stage.customer.id)
    assert task.due_at <= at(22, 15, day=23)
    stage.now = at(8)
    assert stage.send_all() == []
    assert [again.key for again in _unsaid(stage)] == [task.key]


@PROMISES
def test_what_nobody_could_send_until_its_moment_is_a_persons(what: PromiseKind) -> None:
    """We were down from before eight until after the moment."""
    stage = _promised(JobKind.APPOINTMENT, what, Channel.SMS, by=(9, 30))
    planned = stage.reconcile()
    assert planned.look_at is not None
    stage.now = at(9, 30)

    assert stage.send_all() == []
    assert len(_unsaid(stage)) == 1


def test_somebody_looks_when_the_moment_comes() -> None:
    """The plan says when time alone changes something, so the task waits for no other news."""
    stage = _promised(JobKind.APPOINTMENT, PromiseKind.CALL_BACK, Channel.SMS, by=(9, 30))

    looks = []
    while stage.now < at(9, 30):
        planned = stage.reconcile()
        assert planned.look_at is not None
        stage.now = planned.look_at
        looks.append(stage.now)

    assert at(9, 30) in looks


@PROMISES
def test_what_they_heard_is_no_persons_when_its_moment_has_passed(what: PromiseKind) -> None:
    """Told at eight, so the moment itself is watched, not the telling."""
    stage = _promised(JobKind.APPOINTMENT, what, Channel.SMS, by=(9, 30))
    stage.now = at(8)
    stage.sent_and_delivered()
    stage.now = at(10)

    assert _unsaid(stage) == []


@PROMISES
@pytest.mark.parametrize("by", [(9, 30), (7, 30)])
def test_who_was_rung_in_the_night_is_not_texted_of_it_in_the_morning(
    what: PromiseKind, by: tuple[int, int]
) -> None:
    """They were spoken to at half past ten: that kept it, so nothing waits and nobody rings."""
    stage = _promised(JobKind.APPOINTMENT, what, Channel.SMS, by=by)
    stage.reconcile()
    stage.now = at(22, 30, day=23)
    stage.say(FactType.SPOKEN_TO, person=stage.customer.id)

    assert stage.waiting() == []
    assert _unsaid(stage) == []
    stage.now = at(8)
    assert stage.send_all() == []


def test_what_was_a_mistake_asks_nobody() -> None:
    """Taken back in the night: no text, no call."""
    stage = _promised(JobKind.APPOINTMENT, PromiseKind.CALL_BACK, Channel.SMS, by=(7, 30))
    assert len(_unsaid(stage)) == 1

    stage.take_back(stage.facts[-1])

    assert _unsaid(stage) == []


def test_that_nobody_comes_is_a_persons_where_it_can_only_be_written_too_late() -> None:
    """Cancelled as a weekend begins in which nobody is written to: somebody rings, once."""
    closed = QuietHours(time(21), time(8), days=((1, ALL_DAY), (2, ALL_DAY)))  # 24, 25 November
    stage = Stage(kind=JobKind.ORDER, promised=None, quiet=closed)
    stage.now = at(22, day=23)
    stage.say(FactType.CANCELLED, by=Party.US)

    (task,) = stage.plan().tasks
    assert (task.kind, task.why) == ("call", "quiet_hours")
    assert stage.send_all() == []
    stage.now = at(22, day=25)
    assert "call" not in {again.kind for again in stage.plan().tasks}, "nobody is asked anew"
    assert (stage.customer.id, task.rule) in stage.plan().untold, "and what is open stays"
