"""The brake: a rule that is about to send far more than it ever did waits until somebody looked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from notifier.booking import NewAppointment, NewOrder, book
from notifier.delivery import send_claimed
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import MessageStatus, WhyNot
from notifier.domain.windows import Window
from notifier.errors import Conflict, NotFound
from notifier.explain import explain
from notifier.guards.releasing import drop, let_go
from notifier.intake import withdraw
from notifier.planner import look_again
from notifier.providers.codes import Reaction
from notifier.providers.errors import SendRejected
from notifier.sending.claiming import claim_due
from notifier.store.tables import AuditLine, Message, Task
from notifier.task_list import mark_done
from tests.desk import TOMORROW, Desk, make_desk
from tests.fakes.clock import FakeClock
from tests.guards.test_caps import guarded, somebody

#: Tomorrow at two in the afternoon.
AFTERNOON = TOMORROW.shifted(300)


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: FakeClock) -> Desk:
    """Return a desk whose rules send three messages an hour unasked, or twice what they did."""
    return guarded(make_desk(sessions, clock), brake_from=3, brake_times=2)


def booked(
    desk: Desk, *numbers: int, window: Window | None = TOMORROW, email: bool = False
) -> list[UUID]:
    """Book visits without sending anything yet; each owes its confirmation."""
    return [
        book(
            desk.services,
            desk.brand,
            NewAppointment(
                reference=f"JOB-{number}",
                service="Boiler repair",
                window=window,
                people=(somebody(number, email=email),),
            ),
            source=FactSource.API,
            actor="key:1",
        ).job_id
        for number in numbers
    ]


def pages(desk: Desk) -> list[Task]:
    """Return the open tasks of the brake."""
    with desk.services.sessions() as session:
        query = select(Task).where(Task.kind == "brake", Task.done_at.is_(None))
        return list(session.scalars(query.order_by(Task.created_at, Task.id)))


def reasons(desk: Desk, jobs: list[UUID], rule: str = "booked") -> set[str | None]:
    """Return the reasons on the rows of a rule."""
    return {row.reason for job in jobs for row in desk.messages(job, rule)}


def test_a_flood_waits_and_one_person_is_paged(desk: Desk) -> None:
    """None of it goes: not even the first three."""
    jobs = booked(desk, *range(8))
    desk.deliver()

    assert desk.sms.sent == []
    assert reasons(desk, jobs) == {WhyNot.BRAKED}
    (page,) = pages(desk)
    assert (page.rule, page.why, page.job_id) == ("booked", WhyNot.BRAKED, None)
    explained = explain(desk.services, desk.brand, jobs[0])
    (why,) = [one for one in explained if one.rule == "booked"]
    assert WhyNot.BRAKED in why.in_the_way
    with desk.services.sessions() as session:
        (line,) = session.scalars(select(AuditLine))
    assert (line.did, line.subject) == ("rule_braked", "rule:booked")
    assert line.body == {"bearable": 3, "in_this_hour": 0, "most": 0}


def test_as_many_as_ever_go(desk: Desk) -> None:
    """The floor, and then twice the most of an hour before; the hour's own do not count twice."""
    booked(desk, 1, 2, 3)
    desk.deliver()
    assert len(desk.sms.sent) == 3
    desk.clock.advance(hours=1)
    booked(desk, *range(10, 16))
    desk.deliver()
    assert len(desk.sms.sent) == 9

    booked(desk, 20)
    desk.deliver()
    assert len(desk.sms.sent) == 9
    assert len(pages(desk)) == 1


def test_what_drips_in_is_counted_together(desk: Desk) -> None:
    """A feed gone mad tells of one visit at a time."""
    for number in range(5):
        booked(desk, number)
        desk.deliver()
    assert len(desk.sms.sent) == 3
    assert len(pages(desk)) == 1


def test_the_email_that_carries_a_text_on_is_no_second_message(desk: Desk) -> None:
    """A carrier takes no texts: emails are due instead, behind what is new."""
    desk = guarded(desk, brake_from=6, brake_times=2)
    desk.sms.fail_next += [SendRejected("30006", reaction=Reaction.OTHER_CHANNEL)] * 3
    booked(desk, 1, 2, 3, email=True)
    claimed = claim_due(desk.services, limit=3)
    booked(desk, 10, 11, 12)
    desk.clock.advance(seconds=1)
    for claim in claimed.claims:
        send_claimed(desk.services, claim)
    desk.deliver()
    assert (len(desk.sms.sent), len(desk.email.sent)) == (3, 3)
    assert pages(desk) == []

    booked(desk, 13)
    desk.deliver()
    assert len(pages(desk)) == 1, "six went in this hour"


def test_what_carried_others_on_is_no_measure_of_the_next_hour(desk: Desk) -> None:
    """Three were told, though by three texts and three emails."""
    desk.sms.fail_next += [SendRejected("30006", reaction=Reaction.OTHER_CHANNEL)] * 3
    booked(desk, 1, 2, 3, email=True)
    desk.deliver()
    assert len(desk.email.sent) == 3

    desk.clock.advance(hours=1)
    booked(desk, *range(10, 17))
    desk.deliver()
    assert len(pages(desk)) == 1, "more than twice three"


def test_another_rule_goes_on(desk: Desk) -> None:
    """Only the rule that sends so much is held."""
    jobs = booked(desk, 1, 2, 3)
    desk.deliver()
    booked(desk, *range(10, 20))
    desk.deliver()
    desk.late(jobs[0], 45, source=FactSource.API)
    desk.deliver()
    assert [row.status for row in desk.messages(jobs[0], "running_late")] == [
        MessageStatus.DELIVERED
    ]


def test_what_staff_said_goes_through_and_is_not_counted(desk: Desk) -> None:
    """Forty visits marked late by a person are forty that somebody saw."""
    jobs = booked(desk, 1, 2, 3)
    desk.deliver()
    desk.clock.advance(hours=1)
    jobs += booked(desk, *range(10, 16))
    desk.deliver()
    before = len(desk.sms.sent)
    for job in jobs:
        desk.late(job, 45)
    desk.deliver()
    assert len(desk.sms.sent) == before + 9
    assert pages(desk) == []


def test_what_concerns_the_next_two_hours_goes_through(desk: Desk) -> None:
    """Nobody is left to wait in vain because somebody has not looked yet."""
    soon = Window(desk.clock() + timedelta(hours=1), desk.clock() + timedelta(hours=3))
    urgent = booked(desk, 1, 2, window=soon)
    booked(desk, *range(10, 20))
    desk.deliver()
    assert len(desk.sms.sent) == 2
    assert reasons(desk, urgent) == {None}


def test_what_is_held_goes_by_itself_once_it_is_two_hours_ahead(desk: Desk) -> None:
    """If nobody looks: in time, and only what is still true."""
    half_past_ten = TOMORROW.shifted(90)
    jobs = booked(desk, *range(5), window=half_past_ten)
    desk.deliver()
    desk.say(jobs[0], FactType.CANCELLED)
    desk.deliver()
    sent = len(desk.sms.sent)
    desk.clock.set(half_past_ten.start - timedelta(hours=2, minutes=1))
    desk.deliver()
    assert [row.status for row in desk.messages(jobs[1], "booked")] == [MessageStatus.DEFERRED]
    desk.clock.set(half_past_ten.start - timedelta(hours=2))
    desk.deliver()
    assert [row.status for row in desk.messages(jobs[1], "booked")] == [MessageStatus.DELIVERED]
    assert len(desk.sms.sent) > sent
    assert desk.messages(jobs[0], "booked")[0].status == MessageStatus.SUPERSEDED


def test_what_is_let_go_goes_at_once_if_still_true(desk: Desk) -> None:
    """As many are nothing new from then on; pressed twice it is pressed once."""
    jobs = booked(desk, *range(8))
    desk.deliver()
    desk.say(jobs[0], FactType.COMPLETED)
    (page,) = pages(desk)

    assert let_go(desk.services, desk.brand, page.id, actor="staff:1") == 7
    assert let_go(desk.services, desk.brand, page.id, actor="staff:2") == 0
    desk.deliver()

    assert len(desk.sms.sent) == 7
    assert pages(desk) == []
    desk.clock.advance(hours=1)
    booked(desk, *range(20, 34))
    desk.deliver()
    assert len(desk.sms.sent) == 21
    booked(desk, 40)
    desk.deliver()
    assert len(desk.sms.sent) == 21
    with desk.services.sessions() as session:
        lines = session.scalars(select(AuditLine).where(AuditLine.did == "brake_let_go")).all()
    assert [(line.actor, line.body) for line in lines] == [("staff:1", {"messages": 7})]


def test_what_is_dropped_is_said_by_nothing_else(desk: Desk) -> None:
    """No email, no call; news that comes later is a message of its own."""
    jobs = booked(desk, *range(8), window=AFTERNOON)
    desk.deliver()
    (page,) = pages(desk)
    assert drop(desk.services, desk.brand, page.id, actor="staff:1") == 8
    desk.deliver()
    desk.clock.advance(hours=24)
    desk.deliver()

    assert reasons(desk, jobs) == {WhyNot.DROPPED_BY_STAFF}
    assert "booked" not in {task.rule for job in jobs for task in desk.tasks(job)}
    before = len(desk.sms.sent)
    desk.late(jobs[0], 45)
    desk.deliver()
    assert len(desk.sms.sent) == before + 1


def test_what_is_held_is_never_without_a_page(desk: Desk) -> None:
    """A tick is no decision; once nothing is held any more, it ends the task."""
    jobs = booked(desk, *range(8))
    desk.deliver()
    (page,) = pages(desk)
    with pytest.raises(Conflict, match="let them go, or drop them"):
        mark_done(desk.services, desk.brand, page.id, actor="staff:1")
    assert [one.id for one in pages(desk)] == [page.id]
    assert reasons(desk, jobs) == {WhyNot.BRAKED}

    drop(desk.services, desk.brand, page.id, actor="staff:1")
    mark_done(desk.services, desk.brand, page.id, actor="staff:2")  # pressed on an old page
    with desk.services.sessions() as session:
        assert session.get_one(Task, page.id).done_by == "staff:1"


def test_a_page_that_nothing_waits_for_is_ticked_off(desk: Desk) -> None:
    """All that was held has gone by itself, two hours before its visits."""
    booked(desk, *range(8))
    desk.deliver()
    (page,) = pages(desk)
    desk.clock.advance(hours=24)
    desk.deliver()

    mark_done(desk.services, desk.brand, page.id, actor="staff:1")

    assert pages(desk) == []


def test_a_flood_that_was_a_mistake_ends_without_anybody(desk: Desk) -> None:
    """What is taken back is not held any more, and never goes."""
    jobs = booked(desk, 1, 2, 3)
    desk.deliver()
    desk.clock.advance(hours=1)
    jobs += booked(desk, *range(10, 16))
    desk.deliver()
    sent = len(desk.sms.sent)
    facts = [desk.late(job, 60, source=FactSource.CARRIER) for job in jobs]
    desk.deliver()
    assert reasons(desk, jobs, "running_late") == {WhyNot.BRAKED}
    for job, fact in zip(jobs, facts, strict=True):
        withdraw(
            desk.services,
            desk.brand,
            job,
            fact.fact_id,
            source=FactSource.STAFF,
            actor="staff:1",
        )
    desk.deliver()
    assert len(desk.sms.sent) == sent
    assert reasons(desk, jobs, "running_late") == {WhyNot.NO_LONGER_OWED}


def held(desk: Desk, window: Window, moved: Window, rule: str) -> list[UUID]:
    """Return nine visits of which a feed said that they are `moved`: more than ever at once."""
    jobs = booked(desk, 1, 2, 3, window=window)
    desk.deliver()
    desk.clock.advance(hours=1)
    jobs += booked(desk, *range(10, 16), window=window)
    desk.deliver()
    for job in jobs:
        rescheduled(desk, job, moved)
    desk.deliver()
    assert reasons(desk, jobs, rule) == {WhyNot.BRAKED}
    return jobs


def rescheduled(desk: Desk, job: UUID, to: Window) -> None:
    """Let a feed say that a visit is at another time."""
    desk.say(job, FactType.RESCHEDULED, window=to, source=FactSource.API, actor="key:1")


def test_what_a_person_says_of_what_is_held_goes_at_once(desk: Desk) -> None:
    """Of this one visit somebody knows; the others wait on."""
    jobs = held(desk, AFTERNOON, AFTERNOON.shifted(60), "moved")
    sent = len(desk.sms.sent)

    desk.say(jobs[0], FactType.RESCHEDULED, window=AFTERNOON.shifted(75))
    desk.deliver()

    assert len(desk.sms.sent) == sent + 1
    assert [row.status for row in desk.messages(jobs[0], "moved")] == [MessageStatus.DELIVERED]
    assert reasons(desk, jobs[1:], "moved") == {WhyNot.BRAKED}


def test_what_is_held_goes_in_time_for_what_is_believed_by_then(desk: Desk) -> None:
    """Two hours before that, not before what was believed when it was stopped."""
    tonight = Window(desk.clock() + timedelta(hours=8), desk.clock() + timedelta(hours=10))
    jobs = held(desk, tonight, tonight.shifted(-60), "earlier_if_suits")
    sent, sooner = len(desk.sms.sent), tonight.shifted(-180)

    rescheduled(desk, jobs[0], sooner)
    desk.deliver()
    desk.clock.set(sooner.start - timedelta(hours=2, minutes=1))
    desk.deliver()
    assert len(desk.sms.sent) == sent
    desk.clock.set(sooner.start - timedelta(hours=2))
    desk.deliver()

    assert len(desk.sms.sent) == sent + 1
    assert reasons(desk, jobs[1:], "earlier_if_suits") == {WhyNot.BRAKED}


def test_no_cancellation_is_held_until_it_is_dropped(desk: Desk) -> None:
    """Of orders without a date, which concern no two hours: at last it goes, if nobody looks."""
    jobs = [
        book(
            desk.services,
            desk.brand,
            NewOrder(reference=f"ORD-{number}", window=None, people=(somebody(number),)),
            source=FactSource.API,
            actor="key:1",
        ).job_id
        for number in range(8)
    ]
    for job in jobs:
        desk.say(job, FactType.CANCELLED, source=FactSource.API, actor="key:1")
    desk.clock.advance(minutes=1)
    desk.deliver()
    assert reasons(desk, jobs, "order_cancelled") == {WhyNot.BRAKED}

    desk.clock.advance(hours=23)
    look_again(desk.services)
    desk.deliver()
    assert {desk.messages(job, "order_cancelled")[0].status for job in jobs} == {
        MessageStatus.DELIVERED
    }


@pytest.mark.parametrize("seen", ["today", "tomorrow"])
def test_news_that_must_be_heard_is_not_held_until_it_is_over(desk: Desk, seen: str) -> None:
    """A carrier moves parcels that are due today to tomorrow, and nobody looks at the page.

    It goes two hours before the night: that of today where they were to hear it today, or that
    of tomorrow, where today is over when the carrier says so.
    """
    today = Window(desk.clock() - timedelta(hours=9), desk.clock() + timedelta(hours=15))
    jobs = [
        book(
            desk.services,
            desk.brand,
            NewOrder(reference=f"ORD-{number}", window=today, people=(somebody(number),)),
            source=FactSource.API,
            actor="key:1",
        ).job_id
        for number in range(8)
    ]
    desk.clock.advance(hours=1 if seen == "today" else 16)
    for job in jobs:
        desk.say(
            job,
            FactType.DELAYED,
            expected=today.shifted(24 * 60),
            source=FactSource.API,
            actor="key:1",
        )
    before_the_night = today.start + timedelta(hours=18 if seen == "today" else 42, minutes=45)
    desk.clock.advance(minutes=2)
    desk.deliver()
    desk.clock.set(before_the_night - timedelta(minutes=1))
    look_again(desk.services)
    desk.deliver()
    assert reasons(desk, jobs, "order_delayed") == {WhyNot.BRAKED}

    desk.clock.set(before_the_night)
    look_again(desk.services)
    desk.deliver()
    assert {desk.messages(job, "order_delayed")[0].status for job in jobs} == {
        MessageStatus.DELIVERED
    }


@pytest.mark.parametrize("in_time", [True, False], ids=["a visit before dawn", "no window"])
def test_a_cancellation_that_nobody_looked_at_goes_before_the_night(
    desk: Desk, in_time: bool
) -> None:
    """The night would wake them, or last until it is too late to say so."""
    jobs = booked(desk, *range(8), window=TOMORROW.shifted(24 * 60 - 180) if in_time else None)
    desk.clock.advance(hours=14)
    for job in jobs:
        desk.say(job, FactType.CANCELLED, source=FactSource.API, actor="key:1")
    for hours in (9, 10.5):  # at eight in the morning, and half past six in the evening
        desk.clock.advance(hours=hours)
        look_again(desk.services)
        desk.deliver()
        assert reasons(desk, jobs, "cancelled") == {WhyNot.BRAKED}

    desk.clock.advance(minutes=20)
    look_again(desk.services)
    desk.deliver()

    assert {desk.messages(job, "cancelled")[0].status for job in jobs} == {MessageStatus.DELIVERED}


def test_workers_do_not_pass_the_brake_together(desk: Desk) -> None:
    """However the claims fall, a flood waits."""
    booked(desk, *range(12))
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda _: claim_due(desk.services, limit=2), range(12)))
    assert sum(len(one.claims) for one in taken) == 0
    assert len(pages(desk)) == 1


def test_only_the_brand_itself_decides(desk: Desk) -> None:
    """Another brand's task is none of ours, and no other task is decided here."""
    booked(desk, *range(8))
    desk.deliver()
    (page,) = pages(desk)
    for decide in (let_go, drop):
        with pytest.raises(NotFound):
            decide(desk.services, page.id, page.id, actor="staff:1")
    with desk.services.sessions.begin() as session:
        session.execute(update(Task).values(kind="call"))
    with pytest.raises(NotFound):
        let_go(desk.services, desk.brand, page.id, actor="staff:1")
    with desk.services.sessions() as session:
        held = session.scalars(select(Message.status).where(Message.rule == "booked"))
        assert set(held) == {MessageStatus.DEFERRED}
