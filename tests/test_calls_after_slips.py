"""Who is rung when a visit slips again and again: it is one call, by the sooner time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier import intake
from notifier.domain.facts import FactSource, FactType
from notifier.domain.owed import Duty
from notifier.domain.reasons import Party
from notifier.planner import look_again
from notifier.task_list import mark_done
from tests.desk import TOMORROW, Desk, make_desk
from tests.fakes.clock import FakeClock


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: FakeClock) -> Desk:
    """Return a desk whose messages arrive."""
    return make_desk(sessions, clock)


def _twice_late(desk: Desk) -> tuple[UUID, datetime]:
    """Return a visit that slipped twice, and by when somebody rings beside the second text."""
    job = desk.visit()
    for minutes in (30, 60):
        desk.late(job, minutes)
        desk.deliver()
    (beside,) = desk.tasks(job)
    assert beside.duty == Duty.BESIDE
    return job, beside.due_at


@pytest.mark.parametrize("more", [(90,), (90, 120)])
def test_each_further_slip_takes_the_place_of_the_call_before(
    desk: Desk, more: tuple[int, ...]
) -> None:
    """One card for one call, and it is not put off by what came later."""
    job, due_at = _twice_late(desk)

    for minutes in more:
        desk.clock.advance(minutes=5)
        desk.late(job, minutes)
        desk.deliver()

    (call,) = desk.tasks(job)
    assert (call.duty, call.due_at) == (Duty.NEEDS_CALL, due_at)
    look_again(desk.services)
    assert [task.id for task in desk.tasks(job)] == [call.id]


def test_a_further_slip_that_is_taken_back_leaves_the_call_before(desk: Desk) -> None:
    """Nobody rang yet, and the second slip still wants it."""
    job, due_at = _twice_late(desk)
    third = desk.late(job, 90)
    desk.deliver()

    intake.withdraw(
        desk.services, desk.brand, job, third.fact_id, source=FactSource.STAFF, actor="staff:1"
    )
    desk.deliver()

    (call,) = desk.tasks(job)
    assert (call.duty, call.due_at) == (Duty.BESIDE, due_at)


def test_nobody_is_rung_about_a_slip_that_was_a_mistake(desk: Desk) -> None:
    """The second one is taken back: it did not get later again. A true one asks anew."""
    job = desk.visit()
    desk.late(job, 30)
    desk.deliver()
    second = desk.late(job, 60)
    desk.deliver()
    (call,) = desk.tasks(job)
    assert call.duty == Duty.BESIDE

    intake.withdraw(
        desk.services, desk.brand, job, second.fact_id, source=FactSource.STAFF, actor="staff:1"
    )
    desk.deliver()
    assert desk.tasks(job) == []

    desk.late(job, 75)
    desk.deliver()
    assert [task.why for task in desk.tasks(job)] == [call.why]


def test_nobody_is_rung_to_apologise_for_a_visit_that_was_not_missed(desk: Desk) -> None:
    """They read that it was our mistake."""
    job = desk.visit()
    desk.clock.set(TOMORROW.start)
    missed = desk.say(job, FactType.MISSED, by=Party.US)
    desk.deliver()
    assert len(desk.tasks(job)) == 1

    intake.withdraw(
        desk.services, desk.brand, job, missed.fact_id, source=FactSource.STAFF, actor="staff:1"
    )
    desk.deliver()

    assert desk.tasks(job) == []


def test_who_was_rung_about_the_further_slip_is_not_rung_about_the_one_before(desk: Desk) -> None:
    """Ticked off, and whatever is believed afterwards, the earlier call is not asked for again."""
    job, _ = _twice_late(desk)
    desk.late(job, 90)
    desk.deliver()
    (call,) = desk.tasks(job)
    desk.clock.advance(minutes=5)
    mark_done(desk.services, desk.brand, call.id, actor="staff:1")
    assert desk.tasks(job) == []

    fourth = desk.late(job, 120)
    desk.deliver()
    (again,) = desk.tasks(job)
    assert again.duty == Duty.NEEDS_CALL
    intake.withdraw(
        desk.services, desk.brand, job, fourth.fact_id, source=FactSource.STAFF, actor="staff:1"
    )

    assert desk.tasks(job) == []
