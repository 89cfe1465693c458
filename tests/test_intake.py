"""Recording facts: one transaction, everything that follows from it, and clear refusals."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from notifier import intake
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import MessageStatus, WhyNot
from notifier.domain.reasons import Party
from notifier.domain.windows import OFF, from_json
from notifier.errors import Conflict
from notifier.store.tables import AuditLine, FactRow, Message, Promise
from tests.desk import TOMORROW, Desk, make_desk
from tests.fakes.clock import FakeClock


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
