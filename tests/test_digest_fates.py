"""What becomes of one message for several orders becomes of each."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier.delivery import resolve_unknown
from notifier.domain.facts import FactType
from notifier.domain.messages import Channel, WhyNot
from notifier.explain import explain
from notifier.providers.errors import SendDeferred, SendOutcomeUnknown, SendRejected
from notifier.providers.protocols import Accepted, LookUpAbsent, LookUpFound
from notifier.providers.receipt import ReceiptEvent
from notifier.rendering import RenderFailed
from notifier.sending.claiming import claim_due
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.outbox_world import World, make_world
from tests.three_orders import (
    LATER,
    TOMORROW,
    S,
    carrier,
    deliver,
    news,
    slip_all,
    statuses,
    three,
    told,
)


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand on both databases in turn."""
    return make_world(sessions, clock, ids)


def test_not_taken_for_now_all_go_back_and_are_gathered_anew(world: World) -> None:
    """What became true meanwhile comes along, what did not does not."""
    jobs = three(world)
    world.sms.answers.append(SendDeferred("busy", retry_after=60))
    slip_all(world, *jobs)
    deliver(world)
    assert statuses(world, *jobs) == {S.DEFERRED}
    assert {news(world, job).attempts for job in jobs} == {1}
    turn = {news(world, job).turn_at for job in jobs}
    assert turn == {news(world, jobs[0]).claimed_at}

    world.say(jobs[0], FactType.DELAYED, expected=TOMORROW)
    world.clock.advance(minutes=2)
    deliver(world)
    assert len(world.sms.sent) == 2
    assert "2 orders will be late" in world.sms.sent[1].body
    assert statuses(world, *jobs[1:]) == {S.ACCEPTED}
    assert {news(world, job).attempts for job in jobs[1:]} == {2}
    assert {news(world, job).turn_at for job in jobs[1:]} == turn
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


def test_while_the_record_hangs_a_person_looks_into_each(world: World) -> None:
    """One question of that round was in vain; those after it are a person's without being asked."""
    other = world.book("J1", phone="+12065550177", email=None)
    world.late(other)
    world.sms.answers.extend([SendOutcomeUnknown("timeout")] * 2)
    deliver(world)
    jobs = three(world)
    world.sms.answers.append(SendOutcomeUnknown("timeout"))
    slip_all(world, *jobs)
    deliver(world)
    assert statuses(world, *jobs) == {S.UNKNOWN}
    world.clock.advance(minutes=16)
    world.sms.look_ups.extend([SendDeferred("http_503")] * 2)

    resolve_unknown(world.services)

    assert len(world.sms.asked) == 1
    assert {task.job_id for task in world.tasks("look_into")} == {other, *jobs}


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


def test_ledger_and_tasks_are_each_orders_own(world: World) -> None:
    """Every order has its promise of the new day, by its own message, and no call to make."""
    jobs = three(world)
    slip_all(world, *jobs)
    deliver(world)
    world.receipt(carrier(world, *jobs), ReceiptEvent.DELIVERED)
    for job in jobs:
        assert news(world, job).id in {row.message_id for row in world.promises(job)}
    assert world.tasks("call") == []


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
