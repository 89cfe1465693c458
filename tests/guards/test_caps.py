"""Caps per number, row of numbers and day, and the stop of money: counted as texts are claimed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from notifier.booking import NewAppointment, NewPerson, book
from notifier.domain.facts import FactSource, FactType
from notifier.domain.guards.limits import MILLIONTHS, Guards, Limits
from notifier.domain.messages import MessageStatus, Role, WhyNot
from notifier.domain.windows import OFF
from notifier.errors import NotFound
from notifier.explain import explain
from notifier.guards.lifting import lift
from notifier.planner import look_again
from notifier.providers.errors import SendDeferred
from notifier.sending.claiming import claim_due
from notifier.store.tables import AuditLine, Tally, Task
from tests.desk import ADA, TOMORROW, WITH_EMAIL, Desk, make_desk
from tests.fakes.clock import FakeClock

_SEGMENT = 8300  # millionths
_FIRST = 2 * _SEGMENT  # a first text says how to stop, and so is two


def guarded(desk: Desk, **limits: Any) -> Desk:
    """Return the desk with limits; a segment costs 0.0083."""
    guards = Guards(usual=Limits(**limits), prices={"US": _SEGMENT}, currency="USD")
    return replace(desk, services=replace(desk.services, guards=guards))


def somebody(number: int, *, email: bool = False) -> NewPerson:
    """Return a customer; each hundred of them has a row of numbers of its own."""
    row, place = divmod(number, 100)
    return NewPerson(
        role=Role.CUSTOMER,
        name=f"Ada Park {number}",
        phone=f"+1206555{row}{place:03d}",
        email=f"ada{number}@example.com" if email else None,
    )


def alerts(desk: Desk) -> list[Task]:
    """Return the open tasks that tell of a limit, oldest first."""
    with desk.services.sessions() as session:
        query = select(Task).where(Task.kind == "guard", Task.done_at.is_(None))
        return list(session.scalars(query.order_by(Task.created_at, Task.id)))


def fates(desk: Desk, job: UUID, rule: str = "booked") -> list[tuple[str, str | None]]:
    """Return channel and reason of each message of a rule; a reason says that it was stopped."""
    return [(row.channel, row.reason) for row in desk.messages(job, rule)]


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: FakeClock) -> Desk:
    """Return a desk without limits."""
    return make_desk(sessions, clock)


def test_beyond_the_cap_of_a_number_somebody_rings(desk: Desk) -> None:
    """The third text of the day says why it did not go; whoever must know is told once."""
    desk = guarded(desk, texts_per_number=2)
    jobs = [desk.visit(f"JOB-{number}") for number in range(4)]

    assert len(desk.sms.sent) == 2
    (third,) = desk.messages(jobs[2], "booked")
    assert (third.status, third.reason) == (MessageStatus.SKIPPED, WhyNot.NUMBER_CAP)
    assert [(task.kind, task.why) for task in desk.tasks(jobs[2])] == [
        ("guard", WhyNot.NUMBER_CAP),
        ("call", WhyNot.NUMBER_CAP),
    ]
    assert [task.kind for task in desk.tasks(jobs[3])] == ["call"]
    explained = explain(desk.services, desk.brand, jobs[2])
    (why,) = [one for one in explained if one.rule == "booked"]
    assert WhyNot.NUMBER_CAP in why.in_the_way


def test_another_number_has_room_of_its_own_and_so_has_the_next_day(desk: Desk) -> None:
    """A day is the brand's, midnight to midnight."""
    desk = guarded(desk, texts_per_number=1)
    desk.visit("JOB-1")
    desk.visit("JOB-2", people=(somebody(7),))
    assert len(desk.sms.sent) == 2

    desk.clock.advance(hours=23)
    desk.visit("JOB-3", window=None)
    assert len(desk.sms.sent) == 3


def test_email_carries_what_a_cap_stops(desk: Desk) -> None:
    """The next channel, at once; emails are not counted."""
    desk = guarded(desk, texts_per_number=1)
    desk.visit("JOB-1", people=(WITH_EMAIL,))
    job = desk.visit("JOB-2", people=(WITH_EMAIL,))

    assert fates(desk, job) == [("sms", WhyNot.NUMBER_CAP), ("email", None)]
    assert len(desk.email.sent) == 1
    assert [task.kind for task in desk.tasks(job)] == ["guard"]


def test_a_row_of_numbers_has_a_cap_together(desk: Desk) -> None:
    """Invented numbers come in a row; another row is not held to it."""
    desk = guarded(desk, texts_per_prefix=3)
    for number in range(5):
        desk.visit(f"JOB-{number}", people=(somebody(number),))
    assert len(desk.sms.sent) == 3
    assert [task.why for task in alerts(desk)] == [WhyNot.PREFIX_CAP]

    desk.visit("JOB-100", people=(somebody(100),))
    assert len(desk.sms.sent) == 4


def test_a_cap_never_drops_a_slip_or_a_cancellation(desk: Desk) -> None:
    """They go past every cap, and count."""
    desk = guarded(desk, texts_per_number=1, texts_per_prefix=1, texts_per_day=1)
    late, off, called_off = (desk.visit(f"JOB-{number}") for number in range(3))
    assert len(desk.sms.sent) == 1

    desk.late(late, 45)
    desk.say(off, FactType.DELAYED, expected=OFF)
    desk.say(called_off, FactType.CANCELLED)
    desk.deliver()

    assert len(desk.sms.sent) == 4
    with desk.services.sessions() as session:
        assert {row.amount for row in session.scalars(select(Tally))} >= {4}


def test_the_money_of_the_day_stops_texts_and_no_cancellation(desk: Desk) -> None:
    """Even a slip waits for a person then: an email, or a call. Only *nobody comes* goes."""
    desk = guarded(desk, spend_per_day=_FIRST + _SEGMENT)
    first = desk.visit("JOB-1")
    second = desk.visit("JOB-2", people=(WITH_EMAIL,))
    desk.late(first, 45)
    desk.late(second, 45)
    desk.deliver()

    assert len(desk.sms.sent) == 2
    assert fates(desk, first, "running_late") == [("sms", WhyNot.SPENT_TODAY)]
    assert [task.kind for task in desk.tasks(first)] == ["call"]
    assert fates(desk, second, "running_late") == [("sms", WhyNot.SPENT_TODAY), ("email", None)]
    (alert,) = alerts(desk)
    assert (alert.why, alert.job_id) == (WhyNot.SPENT_TODAY, None)

    desk.say(first, FactType.CANCELLED)
    desk.deliver()
    assert len(desk.sms.sent) == 3


def test_the_money_of_the_month_outlives_the_day(desk: Desk) -> None:
    """It is free again on the first of the next month, in the brand's zone."""
    desk = guarded(desk, spend_per_month=_FIRST)
    desk.visit("JOB-1")
    desk.clock.advance(days=7, hours=3)  # the 30th, noon
    desk.visit("JOB-2", window=None)
    assert len(desk.sms.sent) == 1
    assert [task.why for task in alerts(desk)] == [WhyNot.SPENT_THIS_MONTH]

    desk.clock.advance(days=1)
    desk.visit("JOB-3", window=None)
    assert len(desk.sms.sent) == 2


def test_a_long_text_costs_each_of_its_segments(desk: Desk) -> None:
    """By the price of the number's country."""
    desk = guarded(desk, spend_per_day=MILLIONTHS)
    job = desk.visit(service="Ελληνικά")  # no letters of GSM: seventy to a segment
    (message,) = desk.messages(job, "booked")
    assert (message.segments or 0) > 1
    with desk.services.sessions() as session:
        spent = session.scalars(select(Tally.amount).where(Tally.of == "spend_day")).one()
    assert spent == (message.segments or 0) * _SEGMENT


def test_what_a_person_lets_go_on_goes_at_once_and_is_on_record(desk: Desk) -> None:
    """As much again: what was stopped is sent if still true, calls in its place are dropped,
    and the next time that it is used up somebody is asked anew."""
    desk = guarded(desk, spend_per_day=_FIRST)
    desk.visit("JOB-1")
    stopped = desk.visit("JOB-2", people=(somebody(2),))
    ended = desk.visit("JOB-3", people=(somebody(3),))
    desk.say(ended, FactType.COMPLETED)
    by_email = desk.visit("JOB-4", people=(somebody(4, email=True),))
    (alert,) = alerts(desk)
    assert [task.kind for task in desk.tasks(stopped)] == ["call"]

    lift(desk.services, desk.brand, alert.id, actor="staff:1")
    lift(desk.services, desk.brand, alert.id, actor="staff:1")
    look_again(desk.services)
    desk.deliver()

    assert [sms.to for sms in desk.sms.sent] == [ADA.phone, somebody(2).phone]
    assert desk.tasks(stopped) == []
    assert [row.channel for row in desk.messages(by_email) if row.claimed_at] == ["email"]
    assert alerts(desk) == []
    with desk.services.sessions() as session:
        (line,) = session.scalars(select(AuditLine))
    assert (line.actor, line.did) == ("staff:1", "guard_lifted")
    assert line.body == {"guard": "spent_today", "so_far": _FIRST, "times": 1}

    desk.visit("JOB-5", people=(somebody(5),))
    assert len(desk.sms.sent) == 2
    assert len(alerts(desk)) == 1


def test_only_the_brand_itself_lifts_its_limits_and_no_number_has_one(desk: Desk) -> None:
    """Another brand's task is none of ours; a number that gets too much is looked into."""
    desk = guarded(desk, texts_per_number=1)
    desk.visit("JOB-1")
    desk.visit("JOB-2")
    (alert,) = alerts(desk)
    with pytest.raises(NotFound):
        lift(desk.services, desk.brand, alert.id, actor="staff:1")
    with pytest.raises(NotFound):
        lift(desk.services, alert.id, alert.id, actor="staff:1")


def test_what_is_tried_again_is_counted_once(desk: Desk) -> None:
    """A provider that says *later* twice has sent nothing; others of the same claim are judged."""
    desk = guarded(desk, texts_per_number=1)
    desk.sms.fail_next += [SendDeferred("20429"), SendDeferred("20429")]
    desk.visit("JOB-1")
    desk.clock.advance(hours=1)
    for number in range(2, 4):
        _book_only(desk, number)
    desk.deliver()
    desk.clock.advance(hours=1)
    desk.deliver()
    assert {sms.to for sms in desk.sms.sent} == {ADA.phone, somebody(2).phone, somebody(3).phone}
    assert len(desk.sms.sent) == 3
    assert alerts(desk) == []


def test_workers_do_not_pass_a_limit_together(desk: Desk) -> None:
    """Many claims at once take exactly what there is room for."""
    desk = guarded(desk, texts_per_day=5)
    for number in range(12):
        _book_only(desk, number)
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda _: claim_due(desk.services, limit=2), range(12)))
    assert sum(len(one.claims) for one in taken) == 5
    assert [task.why for task in alerts(desk)] == [WhyNot.DAY_CAP]


def test_without_limits_nothing_is_counted(desk: Desk) -> None:
    """And nothing is locked."""
    desk.visit()
    with desk.services.sessions() as session:
        assert session.scalars(select(Tally)).all() == []


def _book_only(desk: Desk, number: int) -> None:
    new = NewAppointment(
        reference=f"JOB-{number}",
        service="Boiler repair",
        window=TOMORROW,
        people=(somebody(number),),
    )
    book(desk.services, desk.brand, new, source=FactSource.API, actor="key:1")
