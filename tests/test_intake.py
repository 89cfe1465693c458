"""Recording facts: one transaction, everything that follows from it, and clear refusals."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from notifier import intake
from notifier.clock import new_id
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import MessageStatus, WhyNot
from notifier.domain.reasons import Party
from notifier.domain.windows import OFF, UNKNOWN, from_json
from notifier.errors import Conflict, Invalid, NotFound
from notifier.intake import Recorded
from notifier.planner import plan_snapshots
from notifier.store.snapshots import Snapshot
from notifier.store.tables import AuditLine, FactRow, Message, Promise
from tests.desk import TOMORROW, Desk, make_desk, staff_fact
from tests.fakes.clock import FakeClock
from tests.services import given_brand


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: FakeClock) -> Desk:
    """Return a desk on both databases in turn."""
    return make_desk(sessions, clock)


def test_a_delay_plans_its_message_in_the_same_transaction(desk: Desk) -> None:
    """The fact, the job's new state and what is owed are there together."""
    job = desk.visit()
    recorded = desk.late(job, 45)
    row = desk.job(job)
    assert recorded.applied
    assert recorded.version == row.version
    assert from_json(row.expected) == TOMORROW.shifted(45)
    assert row.late
    (message,) = desk.messages(job, "running_late")
    assert (message.status, message.rests_on) == (MessageStatus.READY, recorded.fact_id)


def test_twenty_threads_that_say_the_same_are_one_text(desk: Desk) -> None:
    """Twenty facts on record, one message, in whatever order they came."""
    job = desk.visit()
    sent = len(desk.sms.sent)
    with ThreadPoolExecutor(20) as threads:
        recorded = list(threads.map(lambda _: desk.late(job, 45), range(20)))
    assert len({one.fact_id for one in recorded}) == 20
    with desk.services.sessions() as session:
        seqs = session.scalars(select(FactRow.seq).where(FactRow.job_id == job)).all()
    assert sorted(seqs) == list(range(1, 22))
    desk.deliver()
    assert len(desk.sms.sent) == sent + 1


def test_corrections_after_it_went_are_no_further_text(desk: Desk) -> None:
    """50, 55 and 45 are within ten minutes of what was said."""
    job = desk.visit()
    desk.late(job, 45)
    desk.deliver()
    sent = len(desk.sms.sent)
    for minutes in (50, 55, 45):
        desk.late(job, minutes)
        desk.deliver()
    assert len(desk.sms.sent) == sent


def test_told_by_phone_moves_told_and_withdraws_the_planned_text(desk: Desk) -> None:
    """Somebody rang before it went."""
    job = desk.visit()
    desk.late(job, 45)
    desk.say(job, FactType.TOLD)
    assert desk.told(job) == TOMORROW.shifted(45)
    assert desk.person(job).told_strength == "given"
    (message,) = desk.messages(job, "running_late")
    assert (message.status, message.reason) == (
        MessageStatus.SUPERSEDED,
        WhyNot.NO_LONGER_OWED,
    )


def test_a_call_taken_back_was_never_made(desk: Desk) -> None:
    """Told is what it was before, and the text is owed again."""
    job = desk.visit()
    desk.late(job, 45)
    call = desk.say(job, FactType.TOLD)
    for _ in range(2):  # twice is once
        intake.withdraw(
            desk.services, desk.brand, job, call.fact_id, source=FactSource.STAFF, actor="staff:1"
        )
    assert desk.told(job) == TOMORROW
    (message,) = desk.messages(job, "running_late")
    assert message.status == MessageStatus.READY


def test_a_delay_taken_back_before_it_went_sends_nothing(desk: Desk) -> None:
    """And after it went, one *please ignore*."""
    job = desk.visit()
    before = len(desk.sms.sent)
    for _ in range(2):
        late = desk.late(job, 45)
        intake.withdraw(
            desk.services, desk.brand, job, late.fact_id, source=FactSource.STAFF, actor="staff:1"
        )
        desk.deliver()
    assert len(desk.sms.sent) == before
    late = desk.late(job, 45)
    desk.deliver()
    intake.withdraw(
        desk.services, desk.brand, job, late.fact_id, source=FactSource.STAFF, actor="staff:1"
    )
    desk.deliver()
    assert len(desk.sms.sent) == before + 2
    assert "ignore our last text" in desk.texts()[-1]
    assert desk.told(job) == TOMORROW


def test_an_offer_is_taken_once_and_a_lapsed_one_never(desk: Desk) -> None:
    """Back on time is asked; once expected has left it, taking it is a conflict."""
    job = desk.visit()
    desk.late(job, 60)
    desk.deliver()
    desk.late(job, 0)
    desk.deliver()
    assert desk.told(job) == TOMORROW.shifted(60)
    desk.late(job, 120)
    with pytest.raises(Conflict, match="no longer on offer"):
        desk.say(job, FactType.ACCEPTED, window=TOMORROW, source=FactSource.CUSTOMER)
    desk.late(job, 0)
    desk.say(job, FactType.ACCEPTED, window=TOMORROW, source=FactSource.CUSTOMER)
    assert desk.told(job) == TOMORROW
    assert desk.messages(job, "offer_lapsed") == []


def test_a_late_time_that_suits_is_given_and_leaves_agreed(desk: Desk) -> None:
    """Lateness counts from what was agreed, however kind they are about it."""
    job = desk.visit()
    desk.late(job, 60)
    desk.say(job, FactType.ACCEPTED, window=TOMORROW.shifted(60), source=FactSource.CUSTOMER)
    row = desk.job(job)
    assert (from_json(row.agreed), row.late) == (TOMORROW, True)
    assert desk.told(job) == TOMORROW.shifted(60)
    desk.deliver()
    assert desk.messages(job, "running_late")[0].status == MessageStatus.SUPERSEDED


def test_an_agreed_move_sets_agreed_expected_and_told(desk: Desk) -> None:
    """And owes the customer nothing."""
    job = desk.visit()
    moved = TOMORROW.shifted(3 * 24 * 60)
    desk.say(job, FactType.RESCHEDULED, window=moved, agreed=True)
    row = desk.job(job)
    assert from_json(row.agreed) == from_json(row.expected) == desk.told(job) == moved
    assert from_json(row.promised) == TOMORROW
    assert [m.rule for m in desk.messages(job) if m.status == MessageStatus.READY] == []


def test_held_nothing_goes_until_it_is_released(desk: Desk) -> None:
    """*Hold, I'll call*: the row says so; released, what is still true goes."""
    job = desk.visit()
    desk.late(job, 45)
    sent = len(desk.sms.sent)
    intake.hold(desk.services, desk.brand, job, actor="staff:1")
    desk.deliver()
    (message,) = desk.messages(job, "running_late")
    assert (message.status, message.reason) == (MessageStatus.HELD, WhyNot.HELD_BY_STAFF)
    intake.release(desk.services, desk.brand, job, actor="staff:1")
    desk.deliver()
    assert len(desk.sms.sent) == sent + 1


def test_a_call_made_while_held_withdraws_it(desk: Desk) -> None:
    """They rang, as they said they would."""
    job = desk.visit()
    desk.late(job, 45)
    intake.hold(desk.services, desk.brand, job, actor="staff:1")
    desk.say(job, FactType.TOLD)
    intake.release(desk.services, desk.brand, job, actor="staff:1")
    sent = len(desk.sms.sent)
    desk.deliver()
    assert len(desk.sms.sent) == sent


def test_what_was_said_of_an_older_version_is_refused(desk: Desk) -> None:
    """The preview that they saw is no longer what would happen."""
    job = desk.visit()
    seen = desk.job(job).version
    desk.late(job, 15)
    with pytest.raises(Conflict, match="changed"):
        desk.late(job, 45, expecting_version=seen)
    assert from_json(desk.job(job).expected) == TOMORROW.shifted(15)
    desk.late(job, 45, expecting_version=desk.job(job).version)


def test_an_older_fact_that_comes_late_is_kept_and_changes_nothing(desk: Desk) -> None:
    """It is recorded, and says that it did not apply."""
    job = desk.visit()
    earlier = desk.clock()
    desk.clock.advance(minutes=30)
    desk.say(job, FactType.COMPLETED)
    recorded = desk.say(
        job, FactType.EN_ROUTE, source=FactSource.TECHNICIAN, occurred_at=desk.clock()
    )
    assert not recorded.applied
    desk.say(job, FactType.EN_ROUTE, occurred_at=earlier)
    assert desk.job(job).status == "completed"


@pytest.mark.parametrize(
    ("type", "fields", "field"),
    [
        (FactType.DELAYED, {}, "minutes"),
        (FactType.DELAYED, {"minutes": 5, "expected": UNKNOWN}, "minutes"),
        (FactType.RESCHEDULED, {}, "window"),
        (FactType.ACCEPTED, {}, "window"),
        (FactType.DECLINED, {}, "window"),
        (FactType.REASSIGNED, {}, "technician"),
        (FactType.SHIPPED, {}, "type"),
        (FactType.WITHDRAWN, {}, "type"),
        (FactType.BOOKED, {}, "type"),
        (FactType.EN_ROUTE, {"parcel": "1Z"}, "parcel"),
        (FactType.TOLD, {"person": new_id()}, "person"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_field(
    desk: Desk, type: FactType, fields: dict[str, object], field: str
) -> None:
    """And nothing of it is recorded."""
    job = desk.visit()
    version = desk.job(job).version
    with pytest.raises(Invalid) as refused:
        desk.say(job, type, **fields)
    assert refused.value.field == field
    assert desk.job(job).version == version


def test_another_brand_has_no_such_job(desk: Desk) -> None:
    """Not even its existence is told."""
    job = desk.visit()
    stranger: UUID = new_id()
    for attempt in (
        lambda: intake.record(desk.services, stranger, job, staff_fact(FactType.CONFIRMED)),
        lambda: intake.hold(desk.services, stranger, job, actor="staff:1"),
        lambda: desk.say(stranger, FactType.CONFIRMED),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_what_can_not_be_taken_back(desk: Desk) -> None:
    """A booking, a withdrawal, and what was never said."""
    job = desk.visit()
    with desk.services.sessions() as session:
        booked = session.scalars(select(FactRow.id).where(FactRow.job_id == job)).one()
    late = desk.late(job, 45)
    back = intake.withdraw(
        desk.services, desk.brand, job, late.fact_id, source=FactSource.STAFF, actor="staff:1"
    )
    for fact, error in ((booked, Invalid), (back.fact_id, Invalid), (new_id(), NotFound)):
        with pytest.raises(error):
            intake.withdraw(
                desk.services, desk.brand, job, fact, source=FactSource.STAFF, actor="staff:1"
            )


def test_whose_fault_it_was_is_never_assumed(desk: Desk) -> None:
    """Missed without a word about whose: unknown, and no apology in our name."""
    job = desk.visit()
    desk.say(job, FactType.MISSED)
    assert desk.job(job).by == Party.UNKNOWN
    assert desk.messages(job, "missed_by_us") == []


def test_a_note_is_sealed_and_reaches_no_customer(desk: Desk) -> None:
    """It is for staff."""
    job = desk.visit()
    desk.late(job, 45, note="dog bites")
    desk.deliver()
    with desk.services.sessions() as session:
        note = session.scalars(select(FactRow.note).where(FactRow.note.is_not(None))).one()
    assert note is not None
    assert b"dog" not in note
    assert not any("dog" in text for text in desk.texts())


def test_a_cancellation_takes_the_late_text_with_it(desk: Desk) -> None:
    """Cancel with a late text pending: one text, that it is off."""
    job = desk.visit()
    desk.late(job, 45)
    desk.say(job, FactType.CANCELLED, by=Party.US)
    sent = len(desk.sms.sent)
    desk.deliver()
    assert len(desk.sms.sent) == sent + 1
    assert desk.told(job) == OFF
    (late,) = desk.messages(job, "running_late")
    assert (late.status, late.reason) == (MessageStatus.SUPERSEDED, WhyNot.JOB_ENDED)


def test_the_ledger_is_only_ever_added_to(desk: Desk) -> None:
    """A call and its withdrawal are two rows; nothing is overwritten."""
    job = desk.visit()
    with desk.services.sessions() as session:
        before = session.scalar(select(func.count()).select_from(Promise))
    desk.late(job, 45)
    call = desk.say(job, FactType.TOLD)
    intake.withdraw(
        desk.services, desk.brand, job, call.fact_id, source=FactSource.STAFF, actor="staff:1"
    )
    with desk.services.sessions() as session:
        rows = session.scalars(select(Promise).where(Promise.fact_id == call.fact_id)).all()
        assert {row.strength for row in rows} == {"given", "none"}
        after = session.scalar(select(func.count()).select_from(Promise))
        assert session.scalar(select(func.count()).select_from(Message)) is not None
    assert (before, after) == (before, (before or 0) + 2)


def test_who_held_a_job_and_who_released_it_is_on_record(desk: Desk) -> None:
    """Silence that somebody asked for has a name behind it, as an id."""
    job = desk.visit()

    intake.hold(desk.services, desk.brand, job, actor="staff:1")
    intake.release(desk.services, desk.brand, job, actor="staff:2")

    with desk.services.sessions() as session:
        lines = session.scalars(
            select(AuditLine).where(AuditLine.subject == f"job:{job}").order_by(AuditLine.id)
        )
        assert [(line.did, line.actor) for line in lines] == [
            ("job_held", "staff:1"),
            ("job_released", "staff:2"),
        ]


# --- One fact about many jobs ---------------------------------------------------------------


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
