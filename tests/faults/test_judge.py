"""The judge itself: each thing that can go wrong is counted as what it is, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from notifier.domain.messages import MessageStatus
from tests.faults.judge import Admitted, Night, Owed, Sent, Verdict, judge

JOB, OTHER_JOB = UUID(int=1), UUID(int=2)
MESSAGE, AGAIN, UNHEARD_OF = UUID(int=11), UUID(int=12), UUID(int=13)
NEWS = Owed(job=JOB, rule="running_late", says="11:45 AM")
AT = datetime(2026, 10, 12, 16, 0, tzinfo=UTC)
TEXT = Sent(message=MESSAGE, body="now due 9:45-11:45 AM", at=AT)


def _admitted(status: MessageStatus, *, reason: bool = False, task: bool = False) -> Admitted:
    return Admitted(
        job=JOB,
        rule="running_late",
        status=status,
        expires_at=AT + timedelta(minutes=5),
        has_reason=reason,
        has_task=task,
    )


def _counts(verdict: Verdict) -> dict[str, int]:
    names = ("lost", "doubled", "phantom", "stale", "held")
    return {name: count for name in names if (count := getattr(verdict, name))}


ACCEPTED = {MESSAGE: _admitted(MessageStatus.ACCEPTED)}


def test_one_true_text_for_what_is_owed_is_clean() -> None:
    """Nothing is counted where nothing is wrong."""
    verdict = judge([NEWS], [TEXT], ACCEPTED)

    assert verdict.clean
    assert verdict.owed == 1
    assert _counts(verdict) == {}


def test_what_only_the_product_believes_to_be_sent_is_lost() -> None:
    """The providers' journal is believed, not our own status."""
    assert _counts(judge([NEWS], [], ACCEPTED)) == {"lost": 1}


def test_without_any_message_it_is_lost() -> None:
    """A fact that was acknowledged and never planned."""
    assert _counts(judge([NEWS], [], {})) == {"lost": 1}


@pytest.mark.parametrize(
    ("status", "reason", "task", "counts"),
    [
        (MessageStatus.EXPIRED, True, False, {}),
        (MessageStatus.EXPIRED, False, False, {"lost": 1}),
        (MessageStatus.SUPPRESSED, True, False, {}),
        (MessageStatus.REJECTED, True, True, {}),
        (MessageStatus.REJECTED, True, False, {"lost": 1}),
        (MessageStatus.HELD, True, True, {"held": 1}),
        (MessageStatus.HELD, True, False, {"lost": 1, "held": 1}),
        (MessageStatus.UNKNOWN, True, True, {"lost": 1, "held": 1}),
        (MessageStatus.CLAIMED, True, True, {"lost": 1, "held": 1}),
        (MessageStatus.READY, True, True, {"lost": 1}),
    ],
)
def test_what_was_not_sent_must_be_accounted_for(
    status: MessageStatus, reason: bool, task: bool, counts: dict[str, int]
) -> None:
    """By a reason where nobody need act, else by a task; still moving is no end."""
    admitted = {MESSAGE: _admitted(status, reason=reason, task=task)}

    assert _counts(judge([NEWS], [], admitted)) == counts


LATER = Owed(job=JOB, rule="running_late_again", says="12:30 PM")
LATER_TEXT = Sent(message=AGAIN, body="now due 10:30 AM-12:30 PM", at=AT)
SUPERSEDED = {MESSAGE: _admitted(MessageStatus.SUPERSEDED, reason=True)}


def _of_later(status: MessageStatus, *, reason: bool = False) -> Admitted:
    return replace(_admitted(status, reason=reason), rule=LATER.rule)


_LATER_TAKEN = {AGAIN: _of_later(MessageStatus.ACCEPTED)}


def test_superseded_is_lost_where_nobody_said_anything_later() -> None:
    """The product's word that it was no longer true is not enough."""
    assert _counts(judge([NEWS], [], SUPERSEDED)) == {"lost": 1}
    assert _counts(judge([LATER, NEWS], [LATER_TEXT], SUPERSEDED | _LATER_TAKEN)) == {"lost": 1}


def test_superseded_is_excused_by_later_news_that_was_heard() -> None:
    """A later time replaces the older one."""
    assert judge([NEWS, LATER], [LATER_TEXT], SUPERSEDED | _LATER_TAKEN).clean
    unexplained = {MESSAGE: _admitted(MessageStatus.SUPERSEDED)} | _LATER_TAKEN
    assert _counts(judge([NEWS, LATER], [LATER_TEXT], unexplained)) == {"lost": 1}


def test_later_news_excuses_nothing_unless_it_is_accounted_for_itself() -> None:
    """Else both are lost; nor does the news of another job."""
    lost_too = SUPERSEDED | {AGAIN: _of_later(MessageStatus.READY)}
    assert _counts(judge([NEWS, LATER], [], lost_too)) == {"lost": 2}
    expired = SUPERSEDED | {AGAIN: _of_later(MessageStatus.EXPIRED, reason=True)}
    assert judge([NEWS, LATER], [], expired).clean
    elsewhere = replace(LATER, job=OTHER_JOB)
    of_other_job = SUPERSEDED | {AGAIN: replace(_LATER_TAKEN[AGAIN], job=OTHER_JOB)}
    assert _counts(judge([NEWS, elsewhere], [LATER_TEXT], of_other_job)) == {"lost": 1}


@pytest.mark.parametrize("status", [MessageStatus.READY, MessageStatus.ACCEPTED])
def test_a_text_that_gave_way_does_not_excuse_the_email(status: MessageStatus) -> None:
    """The email waits, or only the product believes that it went."""
    admitted = {MESSAGE: _admitted(MessageStatus.EXPIRED, reason=True), AGAIN: _admitted(status)}

    assert _counts(judge([NEWS], [], admitted)) == {"lost": 1}


@pytest.mark.parametrize("sent", [[TEXT, TEXT], [TEXT, replace(TEXT, message=AGAIN)]])
def test_the_same_news_twice_is_doubled(sent: Sequence[Sent]) -> None:
    """By one message or by two: the customer reads it twice."""
    admitted = {**ACCEPTED, AGAIN: _admitted(MessageStatus.ACCEPTED)}

    assert _counts(judge([NEWS], sent, admitted)) == {"doubled": 1}


def test_a_text_of_no_message_or_that_nobody_was_owed_is_a_phantom() -> None:
    """Whatever the product says of it."""
    stray = Sent(message=UNHEARD_OF, body="hello", at=AT)
    assert _counts(judge([NEWS], [TEXT, stray], ACCEPTED)) == {"phantom": 1}
    assert _counts(judge([], [TEXT], ACCEPTED)) == {"phantom": 1}


def test_a_text_that_says_another_time_is_stale() -> None:
    """It was true once."""
    old = replace(TEXT, body="now due 9:15-11:15 AM")
    assert _counts(judge([NEWS], [old], ACCEPTED)) == {"stale": 1}


def test_a_text_that_came_too_late_to_be_of_use_is_stale() -> None:
    """What it says is true, and it is over."""
    late = replace(TEXT, at=AT + timedelta(minutes=5, seconds=1))
    assert _counts(judge([NEWS], [late], ACCEPTED)) == {"stale": 1}


def test_a_text_at_night_is_a_phantom() -> None:
    """Whoever is woken was not owed it then; before and after the night they were."""
    night = Night(starts=AT + timedelta(minutes=1), ends=AT + timedelta(minutes=2))
    for minute, counts in enumerate(({}, {"phantom": 1}, {})):
        text = replace(TEXT, at=AT + timedelta(minutes=minute))
        assert _counts(judge([NEWS], [text], ACCEPTED, night)) == counts


@pytest.mark.parametrize(
    "status", [MessageStatus.HELD, MessageStatus.CLAIMED, MessageStatus.UNKNOWN]
)
def test_what_nobody_found_out_is_held_and_lost_without_anybody_asked(
    status: MessageStatus,
) -> None:
    """Even if it was taken: the next of that kind would leave a customer without anything."""
    asked = {MESSAGE: _admitted(status, reason=True, task=True)}
    assert _counts(judge([NEWS], [TEXT], asked)) == {"held": 1}
    nobody_asked = {MESSAGE: _admitted(status, reason=True)}
    assert _counts(judge([NEWS], [TEXT], nobody_asked)) == {"lost": 1, "held": 1}


@pytest.mark.parametrize(
    "status",
    [
        MessageStatus.PLANNED,
        MessageStatus.READY,
        MessageStatus.DEFERRED,
        MessageStatus.EXPIRED,
        MessageStatus.SUPERSEDED,
        MessageStatus.SUPPRESSED,
        MessageStatus.REJECTED,
        MessageStatus.SKIPPED,
    ],
)
def test_what_was_taken_and_is_on_record_as_not_sent_is_a_phantom(status: MessageStatus) -> None:
    """It is about to go once more, or the record denies what the customer has read."""
    denied = {MESSAGE: _admitted(status, reason=True, task=True)}
    verdict = judge([NEWS], [TEXT], denied)

    assert _counts(verdict) == {"phantom": 1}
    assert verdict.untold == [f"phantom: running_late of {JOB} is {status}, and was taken"]


@pytest.mark.parametrize(
    "status",
    [
        MessageStatus.ACCEPTED,
        MessageStatus.SENT,
        MessageStatus.DELIVERED,
        MessageStatus.UNDELIVERED,
    ],
)
def test_what_was_taken_and_is_on_record_as_taken_is_clean(status: MessageStatus) -> None:
    """Whatever came of it afterwards."""
    assert judge([NEWS], [TEXT], {MESSAGE: _admitted(status, reason=True)}).clean


def _held(how_many: int) -> Verdict:
    owed = [replace(NEWS, job=UUID(int=1000 + number)) for number in range(1000)]
    row = _admitted(MessageStatus.HELD, reason=True, task=True)
    held = {one.job: replace(row, job=one.job) for one in owed[:how_many]}
    taken = {one.job: replace(ACCEPTED[MESSAGE], job=one.job) for one in owed[how_many:]}
    return judge(owed, [replace(TEXT, message=one) for one in taken], held | taken)


def test_one_in_a_thousand_may_be_held_and_no_more() -> None:
    """Unless the case says so, since in it nobody can find out."""
    assert _held(1).clean
    too_many = _held(2)
    assert _counts(too_many) == {"held": 2}
    assert not too_many.clean
    too_many.may_be_held = 2
    assert too_many.clean


def test_a_caller_who_is_told_something_else_than_to_come_back_is_misled() -> None:
    """Also where everything arrived: they may have given up."""
    verdict = Verdict(owed=1)
    verdict.add(Verdict(owed=1, misled=1))

    assert not verdict.clean


def test_a_case_that_never_comes_to_rest_is_not_clean() -> None:
    """What still moves may go wrong yet."""
    verdict = Verdict(owed=1)
    verdict.add(Verdict(owed=1, restless=1))

    assert not verdict.clean
