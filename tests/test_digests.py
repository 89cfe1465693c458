"""Three parcels, one message: the same news for one human is said once, and shares one fate."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from notifier import booking
from notifier.booking import NewOrder, NewParcel, NewPerson
from notifier.delivery import deliver_due, resolve_unknown
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import Channel, MessageStatus, WhyNot
from notifier.domain.windows import Window, from_json
from notifier.explain import explain
from notifier.intake import hold
from notifier.planner import look_again
from notifier.providers.errors import SendDeferred, SendOutcomeUnknown, SendRejected
from notifier.providers.protocols import Accepted, LookUpAbsent, LookUpFound
from notifier.providers.receipt import ReceiptEvent
from notifier.rendering import RenderFailed
from notifier.sending.claiming import claim_due
from notifier.sending.digests import MOST_TOGETHER
from notifier.store.tables import Attempt, Message, Person
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.outbox_world import ADA, ADA_EMAIL, World, make_world

TOMORROW = Window(datetime(2026, 11, 24, 16, tzinfo=UTC), datetime(2026, 11, 25, 2, tzinfo=UTC))
LATER = TOMORROW.shifted(3 * 24 * 60)
S = MessageStatus


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand on both databases in turn."""
    return make_world(sessions, clock, ids)


def order(world: World, number: str, **person: str | None) -> UUID:
    """Book an order that is promised for tomorrow; its confirmation has arrived."""
    who = NewPerson(
        **{"name": "Ada Park", "phone": ADA, "email": ADA_EMAIL, "zone": "America/Los_Angeles"}
        | person  # type: ignore[arg-type]
    )
    job = booking.book(
        world.services,
        world.brand,
        NewOrder(
            reference=number,
            items=("Kettle",),
            parcels=(NewParcel(carrier="UPS", tracking_code=f"1Z{number}"),),
            window=TOMORROW,
            people=(who,),
        ),
        source=FactSource.API,
        actor="key:test",
    ).job_id
    deliver(world)
    for message in world.messages(job):
        world.receipt(message, ReceiptEvent.DELIVERED)
    world.sms.sent.clear()
    return job


def three(world: World) -> tuple[UUID, UUID, UUID]:
    """Book three orders of Ada's."""
    return order(world, "ORD-1"), order(world, "ORD-2"), order(world, "ORD-3")


def slip(world: World, job: UUID, expected: Window = LATER) -> None:
    """The order will be late; somebody says so a minute after whatever came before."""
    world.clock.advance(minutes=1)
    world.say(job, FactType.DELAYED, expected=expected)


def slip_all(world: World, *jobs: UUID) -> None:
    """Let each of them be late, and wait until the first of them is due."""
    for job in jobs:
        slip(world, job)
    world.clock.advance(minutes=4)


def deliver(world: World) -> None:
    """Send all that is due."""
    while deliver_due(world.services):
        pass


def news(world: World, job: UUID, channel: Channel = Channel.SMS) -> Message:
    """Return the message that says that the order is late."""
    found = [m for m in world.messages(job) if m.rule == "order_delayed" and m.channel == channel]
    return found[-1]


def statuses(world: World, *jobs: UUID, channel: Channel = Channel.SMS) -> set[str]:
    """Return in which statuses the news of these orders are."""
    return {news(world, job, channel).status for job in jobs}


def carrier(world: World, *jobs: UUID) -> Message:
    """Return the message that carries the others."""
    (primary,) = [m for m in (news(world, job) for job in jobs) if m.carried_by is None]
    return primary


def told(world: World, job: UUID) -> object:
    """Return what reached the customer last."""
    return from_json(world.person(job).told)


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


def test_not_taken_for_now_all_go_back_and_are_gathered_anew(world: World) -> None:
    """What became true meanwhile comes along, what did not does not."""
    jobs = three(world)
    world.sms.answers.append(SendDeferred("busy", retry_after=60))
    slip_all(world, *jobs)
    deliver(world)
    assert statuses(world, *jobs) == {S.DEFERRED}
    assert {news(world, job).attempts for job in jobs} == {1}

    world.say(jobs[0], FactType.DELAYED, expected=TOMORROW)
    world.clock.advance(minutes=2)
    deliver(world)
    assert len(world.sms.sent) == 2
    assert "2 orders will be late" in world.sms.sent[1].body
    assert statuses(world, *jobs[1:]) == {S.ACCEPTED}
    assert news(world, jobs[0]).status == S.SUPERSEDED


def test_refused_for_good_the_next_channel_carries_all_of_them(world: World) -> None:
    """As one email: it is the same news for the same human."""
    jobs = three(world)
    world.sms.answers.append(SendRejected("21610"))
    slip_all(world, *jobs)
    deliver(world)
    assert statuses(world, *jobs) == {S.REJECTED}
    world.clock.advance(minutes=5)
    deliver(world)
    (email,) = world.email.sent
    assert "3 of your orders" in email.subject
    assert statuses(world, *jobs, channel=Channel.EMAIL) == {S.ACCEPTED}


def test_a_failure_reported_later_is_everyones(world: World) -> None:
    """Nobody was told; the email takes over for each."""
    jobs = three(world)
    slip_all(world, *jobs)
    deliver(world)
    world.receipt(carrier(world, *jobs), ReceiptEvent.DELIVERED)
    world.receipt(carrier(world, *jobs), ReceiptEvent.UNDELIVERED, code="30003")
    assert statuses(world, *jobs) == {S.UNDELIVERED}
    assert [told(world, job) for job in jobs] == [TOMORROW] * 3
    world.clock.advance(minutes=6)
    deliver(world)
    assert len(world.email.sent) == 1


def test_an_answer_that_was_lost_is_looked_up_once_for_all(world: World) -> None:
    """What is carried is never looked up, or sent, by itself."""
    jobs = three(world)
    world.sms.answers.append(SendOutcomeUnknown("timeout"))
    slip_all(world, *jobs)
    deliver(world)
    assert statuses(world, *jobs) == {S.UNKNOWN}

    found = LookUpFound(accepted=Accepted("SM-9", world.clock()), status=ReceiptEvent.DELIVERED)
    world.sms.look_ups.append(found)
    world.clock.advance(seconds=45)
    resolve_unknown(world.services)
    assert len(world.sms.asked) == 1
    assert statuses(world, *jobs) == {S.DELIVERED}
    assert [told(world, job) for job in jobs] == [LATER] * 3


def test_absent_twice_they_go_again_as_one(world: World) -> None:
    """It was certainly not taken: one text, later."""
    jobs = three(world)
    world.sms.answers.append(SendOutcomeUnknown("timeout"))
    slip_all(world, *jobs)
    deliver(world)
    for _ in range(2):
        world.clock.advance(seconds=60)
        resolve_unknown(world.services)
    deliver(world)
    assert len(world.sms.sent) == 2
    assert "3 of your orders" in world.sms.sent[1].body
    assert statuses(world, *jobs) == {S.ACCEPTED}


def test_taken_after_all_nobody_is_told_twice(world: World) -> None:
    """The record said absent, and then the report of its delivery comes: it reached them all."""
    jobs = three(world)
    world.sms.answers.append(SendOutcomeUnknown("timeout"))
    slip_all(world, *jobs)
    deliver(world)
    for _ in range(2):
        world.clock.advance(seconds=60)
        resolve_unknown(world.services)
    assert statuses(world, *jobs) == {S.DEFERRED}

    world.receipt(carrier(world, *jobs), ReceiptEvent.DELIVERED)

    assert statuses(world, *jobs) == {S.DELIVERED}
    deliver(world)
    assert len(world.sms.sent) == 1
    assert [told(world, job) for job in jobs] == [LATER] * 3


def test_where_nobody_can_say_each_is_held_with_a_task(world: World) -> None:
    """A person must find out, and each order shows it."""
    jobs = three(world)
    world.sms.can_look_up = False
    world.sms.answers.append(SendOutcomeUnknown("timeout"))
    slip_all(world, *jobs)
    deliver(world)
    for _ in range(3):
        world.clock.advance(minutes=10)
        resolve_unknown(world.services)
    assert {news(world, j).reason for j in jobs} == {WhyNot.OUTCOME_UNKNOWN}
    assert statuses(world, *jobs) == {S.HELD}
    assert {task.job_id for task in world.tasks("look_into")} == set(jobs)


def test_a_worker_that_dies_after_its_claim_loses_none_and_doubles_none(world: World) -> None:
    """All were claimed in one transaction; the lease's end is the carrier's to settle."""
    jobs = three(world)
    slip_all(world, *jobs)
    claimed = claim_due(world.services, limit=25)
    assert len(claimed.claims) == 1
    assert statuses(world, *jobs) == {S.CLAIMED}
    deliver(world)
    assert world.sms.sent == []

    world.clock.advance(seconds=31)  # and nobody ever called the provider
    resolve_unknown(world.services)
    assert statuses(world, *jobs) == {S.UNKNOWN}
    world.sms.look_ups.extend([LookUpAbsent(), LookUpAbsent()])
    for _ in range(2):
        world.clock.advance(seconds=60)
        resolve_unknown(world.services)
    deliver(world)
    assert len(world.sms.asked) == 2
    assert len(world.sms.sent) == 1
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


def test_digest_that_cannot_be_worded_leaves_each_to_go_by_itself(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault in words that no check found costs texts, not news."""
    jobs = three(world)
    without = type(world.services.words)(world.services.words.directory)
    real = without.render_sms

    def broken(message: str, locale: str, values: object) -> str:
        if message.endswith("_digest"):
            raise RenderFailed("broken")
        return real(message, locale, values)  # type: ignore[arg-type]

    monkeypatch.setattr(without, "render_sms", broken)
    broken_world = replace(world, services=replace(world.services, words=without))
    slip_all(broken_world, *jobs)
    world.clock.advance(minutes=5)
    deliver(broken_world)
    assert len(world.sms.sent) == 3


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


def test_ledger_and_tasks_are_each_orders_own(world: World) -> None:
    """Every order has its promise of the new day, by its own message, and no call to make."""
    jobs = three(world)
    slip_all(world, *jobs)
    deliver(world)
    world.receipt(carrier(world, *jobs), ReceiptEvent.DELIVERED)
    for job in jobs:
        assert news(world, job).id in {row.message_id for row in world.promises(job)}
    assert world.tasks("call") == []


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


def test_the_past_shows_of_each_what_became_of_the_one_that_carried_it(world: World) -> None:
    """Its attempt and reports are on record under the carrier's name alone."""
    jobs = three(world)
    slip_all(world, *jobs)
    deliver(world)
    sent_at = world.clock()
    world.clock.advance(minutes=1)
    world.receipt(carrier(world, *jobs), ReceiptEvent.DELIVERED)
    world.clock.advance(hours=1)
    for job in jobs:
        past = explain(world.services, world.brand, job, at=sent_at)
        (late,) = [one for one in past if one.rule == "order_delayed"]
        assert [fate["status"] for fate in late.values["messages"]] == ["accepted"]  # type: ignore[attr-defined]
