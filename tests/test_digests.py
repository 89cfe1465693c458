"""Three parcels, one message: the same news for one human is said once."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from notifier.delivery import deliver_due
from notifier.domain.facts import FactSource, FactType
from notifier.intake import hold, withdraw
from notifier.planner import look_again
from notifier.providers.receipt import ReceiptEvent
from notifier.sending.digests import MOST_TOGETHER
from notifier.store.tables import Attempt, Message, Person
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.outbox_world import ADA, World, make_world
from tests.three_orders import (
    LATER,
    TOMORROW,
    S,
    carrier,
    deliver,
    news,
    order,
    slip,
    slip_all,
    statuses,
    three,
    told,
)


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand on both databases in turn."""
    return make_world(sessions, clock, ids)


def test_three_orders_late_are_one_text(world: World) -> None:
    """It names each with its new day; all of them are told when it arrives."""
    jobs = three(world)
    slip_all(world, *jobs)
    deliver(world)

    (sms,) = world.sms.sent
    assert "sorry, 3 of your orders will be late" in sms.body
    assert sms.body.count("Fri 27 Nov") == 3
    assert all(reference in sms.body for reference in ("ORD-1", "ORD-2", "ORD-3"))
    assert statuses(world, *jobs) == {S.ACCEPTED}
    assert [told(world, job) for job in jobs] == [TOMORROW] * 3

    world.receipt(carrier(world, *jobs), ReceiptEvent.DELIVERED)

    assert statuses(world, *jobs) == {S.DELIVERED}
    assert [told(world, job) for job in jobs] == [LATER] * 3
    world.clock.advance(hours=1)
    look_again(world.services)
    deliver(world)
    assert len(world.sms.sent) == 1
    assert world.email.sent == []


def test_the_one_that_carries_is_a_message_with_its_own_cost_and_attempt(world: World) -> None:
    """The others have its words, and no attempt, cost or number at the provider of their own."""
    jobs = three(world)
    slip_all(world, *jobs)
    deliver(world)
    primary = carrier(world, *jobs)
    carried = [m for m in (news(world, job) for job in jobs) if m.id != primary.id]
    assert primary.segments == 2
    assert primary.provider_id is not None
    assert {m.carried_by for m in carried} == {primary.id}
    assert {m.attempt_id for m in carried} == {primary.attempt_id}
    assert {(m.segments, m.provider_id) for m in carried} == {(None, None)}
    them = [primary.id, *(m.id for m in carried)]
    job_person = world.person(carried[0].job_id)
    with world.services.sessions() as session:
        rows = select(Attempt).where(Attempt.message_id.in_(them))
        assert [row.message_id for row in session.scalars(rows)] == [primary.id]
        person = session.get_one(Person, job_person.person_id)
        assert carried[0].body is not None
        said = world.services.vault.open(person.key, carried[0].body)
    assert said == world.sms.sent[0].body


def test_nobody_waits_who_has_one_order(world: World) -> None:
    """There is nothing to gather."""
    job = order(world, "ORD-1")
    slip(world, job)
    deliver(world)
    (sms,) = world.sms.sent
    assert "ORD-1" in sms.body
    assert "3 of your orders" not in sms.body


def test_the_first_waits_for_the_others_no_longer_than_the_rule_says(world: World) -> None:
    """Five minutes, and what comes after that is said by itself."""
    one, other, _ = three(world)
    slip(world, one)
    world.clock.advance(minutes=4)
    deliver(world)
    assert world.sms.sent == []
    world.clock.advance(minutes=1)
    deliver(world)
    assert len(world.sms.sent) == 1

    world.clock.advance(minutes=1)
    world.say(other, FactType.DELAYED, expected=LATER)
    world.clock.advance(minutes=5)
    deliver(world)
    assert ["ORD-2" in sms.body for sms in world.sms.sent] == [False, True]


def test_people_who_share_a_phone_never_see_each_others_orders(world: World) -> None:
    """A digest is by person, never by number."""
    hers, his = order(world, "ORD-1"), order(world, "ORD-2", name="Bo Park")
    slip_all(world, hers, his)
    world.clock.advance(minutes=10)
    deliver(world)
    assert [("ORD-1" in sms.body, "ORD-2" in sms.body) for sms in world.sms.sent] == [
        (True, False),
        (False, True),
    ]


def test_a_number_alone_is_nobody(world: World) -> None:
    """Two orders without a name, on one number, may be two people's."""
    jobs = order(world, "ORD-1", name=None), order(world, "ORD-2", name=None)
    slip_all(world, *jobs)
    deliver(world)
    assert len(world.sms.sent) == 2


def test_one_human_with_two_numbers_is_written_to_at_each(world: World) -> None:
    """They gave one number for this order and another for that."""
    jobs = (
        order(world, "ORD-1", reference="C-7"),
        order(world, "ORD-2", reference="C-7", phone="+12065550177"),
    )
    slip_all(world, *jobs)
    world.clock.advance(minutes=10)
    deliver(world)
    assert {sms.to for sms in world.sms.sent} == {ADA, "+12065550177"}


def test_other_news_is_not_in_it(world: World) -> None:
    """Late and delivered are two things to say."""
    one, other, _ = three(world)
    slip(world, one)
    world.say(other, FactType.DELIVERED)
    world.clock.advance(minutes=5)
    deliver(world)
    assert len(world.sms.sent) == 2


def test_what_is_no_longer_true_at_the_claim_is_left_out(world: World) -> None:
    """Each is checked as the one that is due is."""
    jobs = three(world)
    for job in jobs:
        slip(world, job)
    world.say(jobs[1], FactType.DELAYED, expected=TOMORROW)
    world.clock.advance(minutes=4)
    deliver(world)
    (sms,) = world.sms.sent
    assert "2 orders will be late" in sms.body
    assert "ORD-2" not in sms.body
    assert news(world, jobs[1]).status == S.SUPERSEDED


def test_it_is_valid_until_the_first_of_its_news_is_stale(world: World) -> None:
    """The provider drops it rather than deliver it after that, whichever of them carries it."""
    one, other, _ = three(world)
    slip(world, one)
    slip(world, other, TOMORROW.shifted(24 * 60))
    world.clock.advance(minutes=4)
    deliver(world)

    (text,) = world.sms.sent
    ends = [news(world, job).expires_at for job in (one, other)]
    assert carrier(world, one, other).job_id == one
    assert ends[1] < ends[0]
    assert text.valid_until == ends[1]


def test_what_slipped_since_it_was_planned_is_said_as_it_is(world: World) -> None:
    """The truth at the claim, for those that are taken along too."""
    one, other, _ = three(world)
    slip(world, one)
    slip(world, other)
    stale = news(world, other).id
    with world.services.sessions.begin() as session:  # as if a correction had been missed
        session.get_one(Message, stale).asserts = None
    world.clock.advance(minutes=4)
    deliver(world)
    assert world.sms.sent[0].body.count("Fri 27 Nov") == 2


def test_a_job_that_staff_hold_is_left_out(world: World) -> None:
    """Somebody rings about that one."""
    jobs = three(world)
    for job in jobs:
        slip(world, job)
    hold(world.services, world.brand, jobs[1], actor="staff:test")
    world.clock.advance(minutes=4)
    deliver(world)
    assert "ORD-2" not in world.sms.sent[0].body
    assert news(world, jobs[1]).status == S.HELD


def test_at_most_ten_go_as_one(world: World) -> None:
    """Their jobs are locked while it is put together; the eleventh goes by itself."""
    jobs = [order(world, f"ORD-{number}") for number in range(MOST_TOGETHER + 1)]
    for job in jobs:
        world.say(job, FactType.DELAYED, expected=LATER)
    world.clock.advance(minutes=5)
    deliver(world)
    assert len(world.sms.sent) == 2
    assert "10 of your orders" in world.sms.sent[0].body
    assert "and 5 more" in world.sms.sent[0].body
    assert statuses(world, *jobs) == {S.ACCEPTED}


def test_an_order_that_changes_after_the_claim_is_followed_up_by_itself(world: World) -> None:
    """It is like any message that has gone: the new date is news of that order alone."""
    jobs = three(world)
    slip_all(world, *jobs)
    deliver(world)
    world.receipt(carrier(world, *jobs), ReceiptEvent.DELIVERED)
    slip(world, jobs[1], LATER.shifted(3 * 24 * 60))
    world.clock.advance(minutes=5)
    deliver(world)
    assert len(world.sms.sent) == 2
    assert "ORD-2" in world.sms.sent[1].body
    assert "ORD-1" not in world.sms.sent[1].body


def test_an_order_whose_person_wants_no_contact_is_left_out(world: World) -> None:
    """Said of one order, between planning and claim; nobody else who shares the phone said it."""
    jobs = three(world)
    for job in jobs:
        slip(world, job)
    asked_not_to = world.person(jobs[0]).person_id
    with world.services.sessions.begin() as session:
        session.get_one(Person, asked_not_to).no_contact_at = world.clock()
    world.clock.advance(minutes=4)
    deliver(world)
    assert len(world.sms.sent) == 1
    assert "ORD-1" not in world.sms.sent[0].body


def test_a_job_that_somebody_else_holds_goes_by_itself(
    world: World, sessions: sessionmaker[Session]
) -> None:
    """Nobody waits for a lock with other locks in hand."""
    jobs = three(world)
    slip_all(world, *jobs)
    with sessions.begin() as other:
        if other.get_bind().dialect.name != "postgresql":
            pytest.skip("SQLite has one writer")
        other.execute(text("SET LOCAL lock_timeout = '1s'"))
        other.execute(text("SELECT id FROM jobs WHERE id = :job FOR UPDATE"), {"job": jobs[1]})
        deliver_due(world.services)
        (sms,) = world.sms.sent
        assert "2 orders will be late" in sms.body
        assert "ORD-2" not in sms.body
    deliver(world)
    world.clock.advance(minutes=5)
    deliver(world)
    assert len(world.sms.sent) == 2


def test_waiting_ends_with_the_first_and_takes_along_those_still_gathering(world: World) -> None:
    """The second order's own five minutes are not over; it goes with the first all the same."""
    one, other, _ = three(world)
    slip(world, one)
    world.clock.advance(minutes=4)
    world.say(other, FactType.DELAYED, expected=LATER)
    world.clock.advance(minutes=1)
    deliver(world)
    (sms,) = world.sms.sent
    assert "2 orders will be late" in sms.body
    world.clock.advance(minutes=10)
    deliver(world)
    assert len(world.sms.sent) == 1


@pytest.mark.parametrize("undone", [True, False])
def test_news_that_can_still_be_undone_is_not_taken_along(world: World, undone: bool) -> None:
    """Staff say it of one order, and five seconds later of another, which was a slip of the hand:
    past `tell_by` nothing waits for other news, but each waits its ten seconds."""
    first, second, _ = three(world)
    world.clock.advance(hours=24)
    world.say(first, FactType.DELAYED, expected=LATER, hold_seconds=10)
    world.clock.advance(seconds=5)
    said = world.say(second, FactType.DELAYED, expected=LATER, hold_seconds=10)
    world.clock.advance(seconds=5)
    deliver(world)
    if undone:
        withdraw(
            world.services,
            world.brand,
            second,
            said.fact_id,
            source=FactSource.STAFF,
            actor="staff:test",
        )
    world.clock.advance(seconds=5)
    deliver(world)

    told_of = [[name for name in ("ORD-1", "ORD-2") if name in sms.body] for sms in world.sms.sent]
    assert told_of == [["ORD-1"]] + [["ORD-2"]] * (not undone)
