"""The outbox is kept equal to what is owed: by facts, by claims, and by time alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from notifier.booking import NewPerson
from notifier.delivery import deliver_due
from notifier.domain.facts import FactType
from notifier.domain.messages import Channel, MessageStatus, Role, WhyNot
from notifier.domain.windows import UNKNOWN, Window
from notifier.planner import look_again
from notifier.providers.receipt import ReceiptEvent
from notifier.store.tables import MessageKey, Promise, Sender
from tests.desk import ADA, TOMORROW, WITH_EMAIL, Desk, make_desk
from tests.fakes.clock import FakeClock


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: FakeClock) -> Desk:
    """Return a desk on both databases in turn."""
    return make_desk(sessions, clock)


def test_unreached_is_skipped_with_a_task_before_tell_by(desk: Desk) -> None:
    """Nobody can write to them, so somebody must ring; the task stays until it is done."""
    job = desk.visit(people=(NewPerson(name="Ada"),))
    desk.late(job, 45)
    for _ in range(3):
        (late,) = desk.messages(job, "running_late")
        assert (late.status, late.reason) == (MessageStatus.SKIPPED, WhyNot.NO_CONTACT)
        tasks = [task for task in desk.tasks(job) if "running_late" in task.key]
        assert [(task.kind, task.why) for task in tasks] == [("call", WhyNot.NO_CONTACT)]
        assert tasks[0].due_at <= TOMORROW.start - timedelta(hours=1)
        desk.clock.advance(minutes=1)
        desk.late(job, 45)


def test_told_by_phone_the_task_is_dropped(desk: Desk) -> None:
    """And comes back when there is something new that they do not know."""
    job = desk.visit(people=(NewPerson(name="Ada"),))
    desk.late(job, 45)
    desk.say(job, FactType.TOLD)
    assert [task for task in desk.tasks(job) if "running_late" in task.key] == []
    desk.clock.advance(minutes=1)
    desk.late(job, 90)
    assert [task for task in desk.tasks(job) if "running_late" in task.key]


def test_the_call_about_a_cancelled_visit_outlasts_its_text(desk: Desk) -> None:
    """A day after it was called off its text is too late; the visit is still ahead, and she
    still does not know."""
    in_two_days = Window(TOMORROW.start + timedelta(days=1), TOMORROW.end + timedelta(days=1))
    job = desk.visit(people=(NewPerson(name="Ada"),), window=in_two_days)
    desk.say(job, FactType.CANCELLED)
    for hours in (0, 25):
        desk.clock.advance(hours=hours)
        desk.say(job, FactType.CONFIRMED)  # changes nothing, and has it planned once more
        assert [task.key.split(":")[4] for task in desk.tasks(job)] == ["cancelled"]


def test_an_undelivered_text_is_followed_by_the_email(desk: Desk) -> None:
    """And `told` moves with the email's receipt."""
    job = desk.visit(people=(WITH_EMAIL,))
    desk.late(job, 45)
    while deliver_due(desk.services):
        pass
    (text,) = desk.messages(job, "running_late")
    desk.receipt(text, ReceiptEvent.UNDELIVERED, "30003")
    assert desk.told(job) == TOMORROW
    desk.deliver()
    assert len(desk.email.sent) == 1
    assert desk.told(job) == TOMORROW.shifted(45)


def test_a_silent_text_is_followed_by_the_email_when_the_tick_looks(desk: Desk) -> None:
    """Time alone moved it: the job said when to look."""
    job = desk.visit(people=(WITH_EMAIL,))
    desk.late(job, 45)
    while deliver_due(desk.services):
        pass
    look_at = desk.job(job).look_at
    assert look_at == desk.clock() + timedelta(minutes=10)
    assert look_again(desk.services) == 0
    desk.clock.advance(minutes=10)
    assert look_again(desk.services) == 1
    assert look_again(desk.services) == 0
    desk.deliver()
    assert [mail.to for mail in desk.email.sent] == ["ada@example.com"]


def test_an_email_without_receipts_is_presumed_to_have_arrived(
    sessions: sessionmaker[Session], clock: FakeClock
) -> None:
    """Reports can tell; planning treats it as told; nobody is asked to ring."""
    desk = make_desk(sessions, clock, email_provider="smtp")
    with sessions.begin() as session:
        session.add(
            Sender(
                id=desk.services.ids(),
                brand_id=desk.brand,
                channel=Channel.EMAIL,
                provider="smtp",
                address="hello@example.com",
            )
        )
    job = desk.visit(people=(NewPerson(name="Ada", email="ada@example.com"),))
    desk.late(job, 45)
    while deliver_due(desk.services):
        pass
    assert desk.told(job) == TOMORROW
    look_at = desk.job(job).look_at
    assert look_at is not None
    desk.clock.set(look_at)
    assert look_again(desk.services) == 1
    assert desk.told(job) == TOMORROW.shifted(45)
    assert desk.person(job).told_strength == "presumed"
    assert desk.tasks(job) == []
    (late,) = desk.messages(job, "running_late")
    desk.receipt(late, ReceiptEvent.BOUNCED, "550")  # a later failure takes it back
    assert desk.told(job) == TOMORROW
    assert [task.kind for task in desk.tasks(job)] == ["call"]


def test_an_update_promised_where_no_receipts_come_from_is_kept_too(
    sessions: sessionmaker[Session], clock: FakeClock
) -> None:
    """ "We are checking, and write by …": an email that is presumed to have arrived promises."""
    desk = make_desk(sessions, clock, email_provider="smtp")
    with sessions.begin() as session:
        session.add(
            Sender(
                id=desk.services.ids(),
                brand_id=desk.brand,
                channel=Channel.EMAIL,
                provider="smtp",
                address="hello@example.com",
            )
        )
    job = desk.visit(people=(NewPerson(name="Ada", email="ada@example.com"),))
    desk.clock.set(TOMORROW.end - timedelta(minutes=15))
    while deliver_due(desk.services):
        pass
    (checking,) = desk.messages(job, "no_word_yet")
    assert checking.asserts is None
    assert checking.next_update_at is not None
    desk.clock.advance(minutes=10)
    for _ in range(2):
        look_again(desk.services)
    updates = [task.key for task in desk.tasks(job) if task.kind == "update"]
    assert len(updates) == 1
    with sessions() as session:
        query = select(Promise.strength).where(Promise.message_id == checking.id)
        assert list(session.scalars(query)) == ["presumed"]


def test_a_promised_update_goes_before_its_moment(desk: Desk) -> None:
    """Nobody knows; an hour later still nobody knows, and that is said in time."""
    job = desk.visit(window=Window(desk.clock() + timedelta(hours=1), TOMORROW.start))
    desk.say(job, FactType.DELAYED, expected=UNKNOWN)
    desk.deliver()
    (first,) = desk.messages(job, "no_time_yet")
    assert first.next_update_at is not None
    assert desk.told(job) is UNKNOWN
    assert desk.job(job).tell_by == first.next_update_at
    desk.clock.set(first.next_update_at - timedelta(minutes=10))
    desk.deliver()
    (second,) = desk.messages(job, "no_news_yet")
    assert second.handed_over_at is not None
    assert second.handed_over_at < first.next_update_at
    assert second.next_update_at is not None
    assert second.next_update_at > first.next_update_at


def test_a_delay_learnt_at_night_goes_at_its_tell_by(desk: Desk) -> None:
    """Ten in the evening, for a visit at 8:30: heard at 7:30, not before, not at eight."""
    half_past_eight = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
    job = desk.visit(window=Window(half_past_eight, TOMORROW.end))
    desk.clock.set(datetime(2026, 11, 24, 6, tzinfo=UTC))
    desk.deliver()
    desk.late(job, 60)
    desk.deliver()
    (late,) = desk.messages(job, "running_late")
    assert late.status == MessageStatus.PLANNED
    desk.clock.set(half_past_eight - timedelta(hours=1))
    desk.deliver()
    (late,) = desk.messages(job, "running_late")
    assert late.status == MessageStatus.DELIVERED


def test_two_people_are_two_messages_and_two_fates(desk: Desk) -> None:
    """One is delivered, the other fails: each on their own."""
    second = NewPerson(role=Role.SECOND_CONTACT, name="Bo", phone="+12065550101")
    job = desk.visit(people=(ADA, second))
    desk.late(job, 45)
    while deliver_due(desk.services):
        pass
    mine, theirs = desk.messages(job, "running_late")
    desk.receipt(mine, ReceiptEvent.DELIVERED)
    desk.receipt(theirs, ReceiptEvent.UNDELIVERED, "30003")
    assert desk.told(job) == TOMORROW.shifted(45)
    (task,) = [task for task in desk.tasks(job) if "running_late" in task.key]
    assert task.job_person_id == theirs.job_person_id


def test_receipts_in_reverse_leave_the_newer_told(desk: Desk) -> None:
    """The older message's receipt changes only the ledger."""
    job = desk.visit()
    for minutes in (45, 120):
        desk.late(job, minutes)
        while deliver_due(desk.services):
            pass
        desk.clock.advance(seconds=20)
    slips = [m for m in desk.messages(job) if m.family == "slip"]
    assert [m.rule for m in slips] == ["running_late", "running_late_again"]
    for message in reversed(slips):
        desk.receipt(message, ReceiptEvent.DELIVERED)
    assert desk.told(job) == TOMORROW.shifted(120)


def test_every_message_has_a_key_of_its_own(desk: Desk) -> None:
    """In a table of their own, so that nothing can be planned twice by anyone."""
    job = desk.visit(people=(WITH_EMAIL,))
    desk.late(job, 45)
    with desk.services.sessions() as session:
        keys = session.scalars(select(MessageKey.message_id)).all()
    assert sorted(keys) == sorted(message.id for message in desk.messages(job))
