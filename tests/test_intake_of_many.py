"""One fact about many jobs: each by itself, in steps that stand."""

from __future__ import annotations

from itertools import count
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from notifier import intake
from notifier.clock import new_id
from notifier.domain.facts import FactType
from notifier.domain.messages import MessageStatus
from notifier.errors import Invalid, NotFound
from notifier.intake import Recorded
from notifier.planner import plan_snapshots
from notifier.store.snapshots import Snapshot
from notifier.store.tables import FactRow
from tests.desk import TOMORROW, Desk, make_desk, staff_fact
from tests.fakes.clock import FakeClock
from tests.services import given_brand


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: FakeClock) -> Desk:
    """Return a desk on both databases in turn."""
    return make_desk(sessions, clock)


def test_one_fact_about_many_jobs_is_recorded_of_each(desk: Desk) -> None:
    """Each has its fact, its state and its text, as if it had been said of it alone."""
    jobs = [desk.visit(f"JOB-{number}") for number in range(3)]
    new = staff_fact(FactType.DELAYED, minutes=45)
    outcomes = intake.record_many(desk.services, desk.brand, jobs, new)
    assert set(outcomes) == set(jobs)
    for job in jobs:
        recorded = outcomes[job]
        assert isinstance(recorded, Recorded)
        assert (recorded.applied, recorded.version) == (True, desk.job(job).version)
        (message,) = desk.messages(job, "running_late")
        assert (message.status, message.rests_on) == (MessageStatus.READY, recorded.fact_id)


def test_a_job_that_refuses_loses_no_other(desk: Desk) -> None:
    """No window to shift, no such job: each says so, and the others are recorded."""
    sound, windowless = desk.visit("JOB-1"), desk.visit("JOB-2", window=None)
    stranger = new_id()
    before = desk.job(windowless).version
    new = staff_fact(FactType.DELAYED, minutes=45)
    outcomes = intake.record_many(desk.services, desk.brand, [windowless, stranger, sound], new)
    assert isinstance(outcomes[sound], Recorded)
    assert isinstance(outcomes[windowless], Invalid)
    assert isinstance(outcomes[stranger], NotFound)
    assert desk.messages(sound, "running_late")
    assert desk.job(windowless).version == before
    assert [fact.type for fact in facts_of(desk, windowless)] == [FactType.BOOKED]


def test_a_fact_is_never_recorded_of_another_brand_s_job(desk: Desk) -> None:
    """Whoever names a job of somebody else finds none."""
    job = desk.visit()
    stranger = given_brand(desk.services, slug="elsewhere").id
    new = staff_fact(FactType.DELAYED, minutes=45)
    outcomes = intake.record_many(desk.services, stranger, [job], new)
    assert isinstance(outcomes[job], NotFound)
    assert len(facts_of(desk, job)) == 1


def test_what_was_given_to_many_is_in_each_ledger(desk: Desk) -> None:
    """Told by phone, each of them knows."""
    jobs = [desk.visit(f"JOB-{number}") for number in range(2)]
    later = TOMORROW.shifted(120)
    new = staff_fact(FactType.TOLD, window=later)
    outcomes = intake.record_many(desk.services, desk.brand, jobs, new)
    assert all(isinstance(outcome, Recorded) for outcome in outcomes.values())
    assert [desk.told(job) for job in jobs] == [later, later]


def test_the_steps_before_the_one_that_fails_stand(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step is recorded whole or not at all, and saying it all again is saying it once."""
    monkeypatch.setattr(intake, "STEP", 2)
    jobs = sorted(desk.visit(f"JOB-{number}") for number in range(5))
    new = staff_fact(FactType.DELAYED, minutes=45)
    steps = count(1)

    def plan_or_fail(*arguments: Any, **named: Any) -> dict[UUID, Snapshot]:
        if next(steps) == 2:
            raise RuntimeError("the power went")
        return plan_snapshots(*arguments, **named)

    monkeypatch.setattr(intake, "plan_snapshots", plan_or_fail)
    with pytest.raises(RuntimeError, match="the power went"):
        intake.record_many(desk.services, desk.brand, jobs, new)
    assert [len(facts_of(desk, job)) for job in jobs] == [2, 2, 1, 1, 1]

    outcomes = intake.record_many(desk.services, desk.brand, jobs, new)
    assert len(outcomes) == 5
    assert [len(desk.messages(job, "running_late")) for job in jobs] == [1] * 5


def facts_of(desk: Desk, job: UUID) -> list[FactRow]:
    """Return the facts of a job in the order of their arrival."""
    with desk.services.sessions() as session:
        query = select(FactRow).where(FactRow.job_id == job).order_by(FactRow.seq)
        return list(session.scalars(query))
