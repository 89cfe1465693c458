"""How many messages are enough for one human, counted over all their jobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier.booking import NewPerson
from notifier.delivery import deliver_due
from notifier.domain.caps import Cap, CapPer
from notifier.domain.facts import FactType
from notifier.domain.messages import MessageStatus, Priority, Role, WhyNot
from notifier.domain.rules.rule import RuleSet
from notifier.explain import explain
from notifier.planner import look_again
from notifier.providers.errors import SendDeferred
from notifier.rulebook import rulebook_of
from tests.desk import ADA, Desk, make_desk
from tests.fakes.clock import FakeClock
from tests.services import ROOT, shipped_rulebook

HOURS_24 = timedelta(hours=24)
BO = NewPerson(role=Role.CUSTOMER, name="Bo Park", phone=ADA.phone)

GivenDesk = Callable[..., Desk]


@pytest.fixture
def given_desk(sessions: sessionmaker[Session], clock: FakeClock) -> GivenDesk:
    """Return what makes a desk whose rules have caps, on both databases in turn."""

    def make(*caps: Cap) -> Desk:
        desk = make_desk(sessions, clock)
        book = shipped_rulebook()
        capped = replace(book, rules=RuleSet(book.rules, caps=caps))
        return replace(desk, services=replace(desk.services, rulebook=capped))

    return make


def test_who_has_had_enough_hears_no_more_of_what_can_wait(given_desk: GivenDesk) -> None:
    """Two bookings, two confirmations; the third gives way and says why."""
    desk = given_desk(Cap(period=HOURS_24, at_most=2))
    for number in (1, 2):
        desk.visit(f"JOB-{number}")
    job = desk.visit("JOB-3")
    assert len(desk.texts()) == 2
    (third,) = [m for m in desk.messages(job, "booked") if m.status == MessageStatus.SKIPPED]
    assert (third.rule, third.reason) == ("booked", WhyNot.CAP_REACHED)
    assert third.claimed_at is None


def test_the_reason_is_explained(given_desk: GivenDesk) -> None:
    """And is what stood in the way."""
    desk = given_desk(Cap(period=HOURS_24, at_most=1))
    desk.visit("JOB-1")
    job = desk.visit("JOB-2")
    said = {one.rule: one for one in explain(desk.services, desk.brand, job)}
    assert said["booked"].reason == WhyNot.CAP_REACHED
    assert WhyNot.CAP_REACHED in said["booked"].in_the_way


def test_bad_news_never_gives_way(given_desk: GivenDesk) -> None:
    """However much was said before: late, and then called off."""
    desk = given_desk(Cap(period=HOURS_24, at_most=1))
    job = desk.visit()
    desk.late(job, 60)
    desk.deliver()
    desk.say(job, FactType.CANCELLED)
    desk.deliver()
    assert [m.rule for m in desk.everything() if m.status == MessageStatus.DELIVERED] == [
        "booked",
        "running_late",
        "cancelled",
    ]


def test_bad_news_is_high_whatever_its_rule_says(given_desk: GivenDesk) -> None:
    """A business that forgets `priority: high` leaves nobody waiting at home."""
    desk = given_desk(Cap(period=HOURS_24, at_most=1))
    rules = desk.services.rulebook.rules
    low = RuleSet((replace(rule, priority=Priority.LOW) for rule in rules), caps=rules.caps)
    desk = replace(
        desk,
        services=replace(desk.services, rulebook=replace(desk.services.rulebook, rules=low)),
    )
    job = desk.visit()
    desk.late(job, 60)
    desk.deliver()
    assert desk.messages(job, "running_late")[-1].status == MessageStatus.DELIVERED


def test_it_goes_once_there_is_room_again_if_it_still_helps(given_desk: GivenDesk) -> None:
    """The engine looks again by itself when the oldest has left the period."""
    desk = given_desk(Cap(period=timedelta(hours=1), at_most=1))
    desk.visit("JOB-1")
    job = desk.visit("JOB-2")
    assert len(desk.texts()) == 1
    looks_at = desk.job(job).look_at
    assert looks_at is not None
    assert looks_at <= desk.clock() + timedelta(hours=1)

    desk.clock.set(looks_at)
    look_again(desk.services)
    desk.deliver()
    assert len(desk.texts()) == 2
    assert desk.messages(job, "booked")[-1].status == MessageStatus.DELIVERED


def test_what_was_tried_before_the_cap_was_reached_goes_when_there_is_room(
    given_desk: GivenDesk,
) -> None:
    """It was certainly not taken, and while it waited another message was the last of the cap."""
    desk = given_desk(Cap(period=timedelta(hours=1), at_most=1))
    desk.sms.fail_next.append(SendDeferred("no_connection"))
    job = desk.visit("JOB-1")
    desk.visit("JOB-2")
    desk.clock.advance(seconds=10)
    desk.deliver()
    (row,) = desk.messages(job, "booked")
    assert (row.status, row.reason, row.attempts) == (
        MessageStatus.SKIPPED,
        WhyNot.CAP_REACHED,
        1,
    )

    desk.clock.advance(hours=1)
    look_again(desk.services)
    desk.deliver()
    assert [row.status for row in desk.messages(job, "booked")] == [MessageStatus.DELIVERED]


def test_others_on_the_same_phone_are_counted_apart(given_desk: GivenDesk) -> None:
    """A cap per person is theirs alone."""
    desk = given_desk(Cap(period=HOURS_24, at_most=1))
    desk.visit("JOB-1")
    desk.visit("JOB-2", people=(BO,))
    assert len(desk.texts()) == 2


def test_a_number_can_have_had_enough_whoever_shares_it(given_desk: GivenDesk) -> None:
    """A cap per contact counts what goes there."""
    desk = given_desk(Cap(per=CapPer.CONTACT, period=HOURS_24, at_most=1))
    desk.visit("JOB-1")
    desk.visit("JOB-2", people=(BO,))
    assert len(desk.texts()) == 1


def test_another_number_of_theirs_counts_too(given_desk: GivenDesk) -> None:
    """They are the same human by their reference, whatever number a booking gave."""
    desk = given_desk(Cap(period=HOURS_24, at_most=1))
    desk.visit("JOB-1", people=(replace(ADA, reference="C-7"),))
    desk.visit("JOB-2", people=(replace(ADA, reference="C-7", phone="+12065550177"),))
    assert len(desk.texts()) == 1


def test_several_due_at_the_same_moment_do_not_slip_past_the_cap(given_desk: GivenDesk) -> None:
    """Planned while there was room for each, they are counted again as they are claimed."""
    desk = given_desk(Cap(period=HOURS_24, at_most=3))
    jobs = [desk.visit(f"JOB-{number}", technician="Sam") for number in (1, 2)]
    assert len(desk.texts()) == 2
    for job in jobs:
        desk.say(job, FactType.EN_ROUTE)
    while deliver_due(desk.services):
        pass
    assert len(desk.texts()) == 3
    (held_back,) = [m for m in desk.everything() if m.status == MessageStatus.SKIPPED]
    assert held_back.reason == WhyNot.CAP_REACHED


def test_without_caps_nothing_gives_way(given_desk: GivenDesk) -> None:
    """The rules that ship have none."""
    desk = given_desk()
    for number in range(5):
        desk.visit(f"JOB-{number}")
    assert len(desk.texts()) == 5


def test_a_rule_file_states_caps() -> None:
    """At its top level, beside the rules."""
    text = (ROOT / "rules" / "orders.yaml").read_text()
    caps = (
        "caps:\n  - {per: person, period: 24h, at_most: 6}\n"
        "  - {per: contact, period: 30d, at_most: 1, kinds: [marketing]}\n"
    )
    book = rulebook_of({"orders.yaml": caps + text})
    assert [(cap.per, cap.period, cap.at_most) for cap in book.rules.caps] == [
        (CapPer.PERSON, HOURS_24, 6),
        (CapPer.CONTACT, timedelta(days=30), 1),
    ]
