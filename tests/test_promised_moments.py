"""A moment that is promised enters the ledger once they know of it, and leaves it if it was a
mistake."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from notifier import intake
from notifier.delivery import deliver_due
from notifier.domain.facts import FactSource, FactType, PromiseKind
from notifier.domain.ledger.endings import Ending, PromiseView
from notifier.domain.messages import MessageStatus, Strength
from notifier.domain.windows import Window
from notifier.ledgers import read_ledgers
from notifier.planner import look_again
from notifier.providers.receipt import ReceiptEvent
from notifier.store.snapshots import load_snapshots
from notifier.store.tables import Promise
from tests.desk import TOMORROW, WITH_EMAIL, Desk, make_desk
from tests.fakes.clock import FakeClock

CALL_BACK, UPDATE = PromiseKind.CALL_BACK, PromiseKind.UPDATE


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: FakeClock) -> Desk:
    """Return a brand at nine in the morning."""
    return make_desk(sessions, clock)


def moments(desk: Desk, job: object) -> list[PromiseView]:
    """Return the promised moments of the job's customer."""
    with desk.services.sessions() as session:
        (ledger,) = read_ledgers(session, [job], now=desk.clock())  # type: ignore[list-item]
    return [view for view in ledger.people[0].promises if view.entry.moment is not None]


def waiting(desk: Desk, job: object) -> list[PromiseKind]:
    """Return what planning sees the customer wait for."""
    with desk.services.sessions() as session:
        snapshot = load_snapshots(session, [job])[job]  # type: ignore[list-item,index]
    return [moment.what for moment in snapshot.plan_input.people[0].moments]


def test_by_phone_it_is_given_at_once_and_what_was_told_stays(desk: Desk) -> None:
    """The row is a moment, given; the window that she holds is another matter."""
    job = desk.visit()
    told, status = desk.told(job), desk.job(job).status
    due = desk.clock() + timedelta(hours=2)
    desk.say(job, FactType.PROMISED, what=CALL_BACK, moment=due, by_phone=True)
    (view,) = moments(desk, job)
    assert (view.entry.what, view.due, view.tell_by) == (CALL_BACK, due, due)
    assert (view.entry.strength, view.ending) == (Strength.GIVEN, Ending.OPEN)
    assert waiting(desk, job) == [CALL_BACK]
    assert (desk.told(job), desk.job(job).status) == (told, status)


def test_in_writing_it_is_given_when_the_message_arrived(desk: Desk) -> None:
    """Until then nobody was promised anything; then just what staff said."""
    job = desk.visit()
    due = desk.clock() + timedelta(hours=2)
    desk.say(job, FactType.PROMISED, what=CALL_BACK, moment=due)
    assert moments(desk, job) == []
    desk.deliver()
    (view,) = moments(desk, job)
    assert (view.entry.what, view.due, view.entry.strength) == (
        CALL_BACK,
        due,
        Strength.DELIVERED,
    )
    assert view.entry.rule == "promise_made"
    assert waiting(desk, job) == [CALL_BACK]


@pytest.mark.parametrize(
    ("what", "says"),
    [(CALL_BACK, "we ring you about Boiler repair by 11 AM"), (UPDATE, "you hear from us about")],
)
def test_the_text_says_whether_a_person_rings_or_news_comes(
    desk: Desk, what: PromiseKind, says: str
) -> None:
    """Who waits for a call must not take a text for the promise kept."""
    job = desk.visit()
    desk.say(job, FactType.PROMISED, what=what, moment=desk.clock() + timedelta(hours=2))
    desk.deliver()
    assert says in desk.texts()[-1]


def test_a_failure_after_all_takes_the_moment_out_again(desk: Desk) -> None:
    """The row that takes it back says the same moment, so that nothing is left over."""
    job = desk.visit()
    desk.say(job, FactType.PROMISED, what=CALL_BACK, moment=desk.clock() + timedelta(hours=2))
    desk.deliver()
    (message,) = desk.messages(job, "promise_made")
    desk.receipt(message, ReceiptEvent.UNDELIVERED)
    with desk.services.sessions() as session:
        query = select(Promise).where(Promise.message_id == message.id).order_by(Promise.id)
        rows = [(row.what, row.moment, row.strength) for row in session.scalars(query)]
    if len(rows) > 1:  # a receipt that comes after *delivered* may count for nothing
        assert rows[0][:2] == rows[1][:2]
        assert moments(desk, job)[0].ending is Ending.WITHDRAWN


def test_taking_the_fact_back_withdraws_the_promise(desk: Desk) -> None:
    """The row stays, with another that takes it back; nobody waits for it."""
    job = desk.visit()
    due = desk.clock() + timedelta(hours=2)
    fact = desk.say(job, FactType.PROMISED, what=UPDATE, moment=due, by_phone=True).fact_id
    intake.withdraw(desk.services, desk.brand, job, fact, source=FactSource.STAFF, actor="staff:1")
    (view,) = moments(desk, job)
    assert (view.ending, view.due) == (Ending.WITHDRAWN, due)
    assert waiting(desk, job) == []
    with desk.services.sessions() as session:
        rows = session.scalars(select(Promise).where(Promise.fact_id == fact)).all()
    assert {(row.what, row.moment) for row in rows} == {("update", due)}
    assert {row.strength for row in rows} == {"given", "none"}


def test_being_spoken_to_is_seen_by_the_same_planning_that_records_it(desk: Desk) -> None:
    """The task for the call is done with the fact, not a tick later."""
    job = desk.visit()
    due = desk.clock() + timedelta(minutes=30)
    desk.say(job, FactType.PROMISED, what=CALL_BACK, moment=due, by_phone=True)
    assert [task.job_person_id for task in desk.tasks(job)] == [desk.person(job).id]
    desk.clock.advance(minutes=1)
    desk.say(job, FactType.SPOKEN_TO)
    assert waiting(desk, job) == []
    assert desk.tasks(job) == []
    assert moments(desk, job)[0].ending is Ending.KEPT


def test_two_promises_made_at_once_are_told_and_watched_each_by_itself(desk: Desk) -> None:
    """A call by noon and news by one, said within the minute: two texts, two tasks."""
    job = desk.visit()
    noon, one = (desk.clock() + timedelta(hours=hours) for hours in (3, 4))
    desk.say(job, FactType.PROMISED, what=CALL_BACK, moment=noon)
    desk.say(job, FactType.PROMISED, what=UPDATE, moment=one)
    desk.deliver()
    assert [view.due for view in moments(desk, job)] == [noon, one]
    assert waiting(desk, job) == [CALL_BACK, UPDATE]
    told = [text for text in desk.texts() if "Rather talk now?" in text]
    assert ["we ring you" in text for text in told] == [True, False]
    assert {task.due_at for task in desk.tasks(job)} == {
        due - timedelta(minutes=10) for due in (noon, one)
    }


def test_saying_a_promise_again_is_saying_it_once(desk: Desk) -> None:
    """Pressed twice: one text. Promised otherwise and back again: that is news each time."""
    job = desk.visit()
    noon, one = (desk.clock() + timedelta(hours=hours) for hours in (3, 4))
    for moment, texts in ((noon, 1), (noon, 1), (one, 2), (noon, 3)):
        desk.say(job, FactType.PROMISED, what=CALL_BACK, moment=moment)
        desk.deliver()
        assert len(desk.messages(job, "promise_made")) == texts


def test_a_promise_that_nothing_reached_goes_on_beside_another(desk: Desk) -> None:
    """The first text fails and goes by email, though another promise was made meanwhile."""
    job = desk.visit(people=(WITH_EMAIL,))
    noon, one = (desk.clock() + timedelta(hours=hours) for hours in (3, 4))
    desk.say(job, FactType.PROMISED, what=CALL_BACK, moment=noon)
    while deliver_due(desk.services):
        pass
    desk.say(job, FactType.PROMISED, what=UPDATE, moment=one)
    (first,) = [m for m in desk.messages(job, "promise_made") if m.claimed_at is not None]
    desk.receipt(first, ReceiptEvent.UNDELIVERED)
    desk.deliver()
    arrived = [m for m in desk.messages(job, "promise_made") if m.status == "delivered"]
    assert sorted(m.channel for m in arrived) == ["email", "sms"]
    assert waiting(desk, job) == [CALL_BACK, UPDATE]


def test_what_is_promised_at_night_is_told_in_time_or_handed_to_a_person(desk: Desk) -> None:
    """At ten in the evening, for half past nine and for half past seven: the one goes at eight
    and is watched from then on, of the other a person is asked at once, until they have rung."""
    job = desk.visit()
    desk.clock.advance(hours=13)
    early, later = (desk.clock() + timedelta(hours=hours) for hours in (9.5, 11.5))
    desk.say(job, FactType.PROMISED, what=CALL_BACK, moment=early)
    desk.say(job, FactType.PROMISED, what=UPDATE, moment=later)
    desk.deliver()
    assert [task.why for task in desk.tasks(job)] == ["promise_not_said"]
    assert moments(desk, job) == []

    desk.clock.advance(hours=10)
    look_again(desk.services)
    desk.deliver()

    assert [view.due for view in moments(desk, job)] == [later]
    assert waiting(desk, job) == [UPDATE]
    assert [task.why for task in desk.tasks(job)] == ["promise_not_said", "update_promised"]


def test_a_call_that_was_not_made_is_owned_up_to_in_time_and_once(desk: Desk) -> None:
    """By ten; at ten to ten nobody has rung: they read so, and by when. The ledger counts it as
    moved in time, and whatever else was promised, the next such text needs a person."""
    job = desk.visit()
    ten = desk.clock() + timedelta(hours=1)
    desk.say(job, FactType.PROMISED, what=CALL_BACK, moment=ten, by_phone=True)
    desk.say(job, FactType.PROMISED, what=UPDATE, moment=ten + timedelta(minutes=30))
    desk.deliver()
    desk.clock.set(ten - timedelta(minutes=10))
    desk.deliver()
    (sorry,) = desk.messages(job, "no_call_yet")
    first, news, second = moments(desk, job)
    assert (first.ending, first.changed_to) == (Ending.MOVED_IN_TIME, sorry.next_update_at)
    assert (second.entry.what, second.due) == (CALL_BACK, sorry.next_update_at)
    desk.clock.set(news.due - timedelta(minutes=10))
    desk.deliver()
    desk.clock.set(second.due - timedelta(minutes=10))
    desk.deliver()
    assert desk.messages(job, "no_news_yet") == []
    assert len(desk.messages(job, "no_call_yet")) == 1
    assert {task.why for task in desk.tasks(job)} == {"update_promised", "call_back_promised"}


@pytest.mark.parametrize(("what", "text"), [(CALL_BACK, "no_call_yet"), (UPDATE, "no_news_yet")])
def test_what_is_promised_for_the_next_minutes_is_given_half_of_them(
    desk: Desk, what: PromiseKind, text: str
) -> None:
    """By phone: within six minutes. Nobody can have tried at once; at three it is owned up to,
    before its moment, and a person was asked by then."""
    job = desk.visit()
    soon = desk.clock() + timedelta(minutes=6)
    desk.say(job, FactType.PROMISED, what=what, moment=soon, by_phone=True)
    desk.deliver()
    desk.clock.set(soon - timedelta(minutes=3, seconds=1))
    look_again(desk.services)
    desk.deliver()
    assert desk.messages(job, text)[0].status == MessageStatus.PLANNED
    (task,) = desk.tasks(job)
    assert task.due_at == soon - timedelta(minutes=3)
    desk.clock.set(soon - timedelta(minutes=3))
    desk.deliver()
    (sorry,) = desk.messages(job, text)
    assert sorry.status == MessageStatus.DELIVERED
    assert moments(desk, job)[0].ending is Ending.MOVED_IN_TIME


@pytest.mark.parametrize("what", [CALL_BACK, UPDATE])
def test_what_staff_promise_anew_in_writing_puts_off_nothing(desk: Desk, what: PromiseKind) -> None:
    """They were spoken to: if that is not kept either, they read so before its moment."""
    job = desk.visit()
    first, second = (desk.clock() + timedelta(hours=hours) for hours in (2, 3))
    desk.say(job, FactType.PROMISED, what=what, moment=first, by_phone=True)
    desk.clock.advance(minutes=30)
    desk.say(job, FactType.PROMISED, what=what, moment=second)
    desk.deliver()
    desk.clock.set(second - timedelta(minutes=10))
    look_again(desk.services)
    desk.deliver()
    sorry = [m for m in desk.messages(job) if m.rule in ("no_call_yet", "no_news_yet")]
    assert [m.status for m in sorry if m.claimed_at] == [MessageStatus.DELIVERED]


def nothing(desk: Desk, job: UUID) -> None:
    """Nobody says anything."""


def there(desk: Desk, job: UUID) -> None:
    desk.say(job, FactType.ARRIVED)


def done(desk: Desk, job: UUID) -> None:
    desk.say(job, FactType.COMPLETED)


def late(desk: Desk, job: UUID) -> None:
    desk.say(job, FactType.DELAYED, expected=TOMORROW.shifted(45))
    desk.deliver()


def called(desk: Desk, job: UUID) -> None:
    desk.say(job, FactType.SPOKEN_TO)


def promised_anew(desk: Desk, job: UUID) -> None:
    desk.say(job, FactType.PROMISED, what=CALL_BACK, moment=desk.clock() + timedelta(hours=2))


def taken_back(desk: Desk, job: UUID, fact: UUID) -> None:
    intake.withdraw(desk.services, desk.brand, job, fact, source=FactSource.STAFF, actor="staff:1")


@pytest.mark.parametrize("window", [TOMORROW, None], ids=["a visit with a time", "without"])
@pytest.mark.parametrize("before", [nothing, there, done, late])
def test_who_read_a_promise_that_was_a_mistake_reads_so_once(
    desk: Desk, window: Window | None, before: Callable[[Desk, UUID], None]
) -> None:
    """Whatever becomes of the visit: please ignore the call, and nothing about the time."""
    job = desk.visit(window=window)
    before(desk, job)
    moment = desk.clock() + timedelta(hours=3)
    fact = desk.say(job, FactType.PROMISED, what=CALL_BACK, moment=moment).fact_id
    desk.deliver()
    taken_back(desk, job, fact)
    for _ in range(2):
        desk.deliver()
    assert "please ignore that we ring you about Boiler repair" in desk.texts()[-1]
    assert len(desk.messages(job, "promise_taken_back")) == 1
    assert desk.messages(job, "please_ignore") == []
    assert waiting(desk, job) == []


@pytest.mark.parametrize("since", [called, promised_anew])
def test_who_heard_from_a_person_since_is_not_told_to_ignore_it(
    desk: Desk, since: Callable[[Desk, UUID], None]
) -> None:
    """At night nothing goes; by the morning somebody rang, or promised another time."""
    job = desk.visit()
    moment = desk.clock() + timedelta(hours=24)
    fact = desk.say(job, FactType.PROMISED, what=CALL_BACK, moment=moment).fact_id
    desk.deliver()
    desk.clock.advance(hours=13)
    taken_back(desk, job, fact)
    since(desk, job)
    desk.clock.advance(hours=11)
    desk.deliver()
    assert [m for m in desk.messages(job, "promise_taken_back") if m.claimed_at is not None] == []


def test_a_promise_that_reached_nobody_is_taken_back_in_silence(desk: Desk) -> None:
    """Taken back before it went; and once it went, and failed."""
    job = desk.visit()
    moment = desk.clock() + timedelta(hours=3)
    fact = desk.say(job, FactType.PROMISED, what=CALL_BACK, moment=moment).fact_id
    taken_back(desk, job, fact)
    fact = desk.say(job, FactType.PROMISED, what=UPDATE, moment=moment).fact_id
    while deliver_due(desk.services):
        pass
    (message,) = [m for m in desk.messages(job, "promise_made") if m.claimed_at is not None]
    taken_back(desk, job, fact)
    desk.receipt(message, ReceiptEvent.UNDELIVERED)
    desk.deliver()
    assert [m for m in desk.messages(job, "promise_taken_back") if m.claimed_at is not None] == []
