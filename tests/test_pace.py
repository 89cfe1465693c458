"""Too many requests is pace: nothing failed, and the sender rests as it was told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from notifier.delivery import deliver_due, send_claimed
from notifier.domain.messages import Channel, MessageStatus, WhyNot
from notifier.explain import explain
from notifier.providers.codes import Reaction
from notifier.providers.errors import SendDeferred
from notifier.reading import messages_of
from notifier.scheduler import run_round
from notifier.sending import paths
from notifier.sending.batch import Batch
from notifier.sending.claiming import claim_due
from notifier.services import Services
from notifier.store.tables import Receipt
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.outbox_world import ADA_EMAIL, World, make_world


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand with scripted providers."""
    return make_world(sessions, clock, ids)


def too_many(wait: float | None = None) -> SendDeferred:
    """Return what a 429 becomes."""
    return SendDeferred("20429", retry_after=wait, reaction=Reaction.PACE)


def deliver_all(services: Services) -> None:
    """Go on as long as anything is due now."""
    while deliver_due(services):
        pass


def work(services: Services) -> None:
    """Do whatever is due now, as a worker does."""
    while run_round(services):
        pass


def test_the_sender_rests_as_told_and_with_it_every_other_message(world: World) -> None:
    """One 429 with Retry-After: 20 is one call in twenty seconds, whoever is owed one."""
    first, second = world.book("JOB-1"), world.book("JOB-2", phone="+12065550101")
    world.late(first)
    world.sms.answers.append(too_many(20))
    deliver_all(world.services)
    world.late(second)
    deliver_all(world.services)
    assert len(world.sms.sent) == 1
    assert world.message(first).status == MessageStatus.DEFERRED

    world.clock.advance(seconds=18)
    deliver_all(world.services)
    assert len(world.sms.sent) == 1
    world.clock.advance(seconds=1)
    deliver_all(world.services)

    assert world.message(first).status == MessageStatus.ACCEPTED
    assert world.message(second).status == MessageStatus.ACCEPTED
    assert world.email.sent == [], "pace takes no other channel"
    assert world.tasks() == []


def test_what_was_claimed_with_it_is_not_sent_against_the_providers_word(world: World) -> None:
    """Of twenty that are due at once, those whose turn had not come wait with the first."""
    for number in range(20):
        job = world.book(f"JOB-{number}", phone=f"+1206555{number:04}", email=None)
        world.late(job)
    world.sms.answers.extend(too_many(20) for _ in range(20))

    deliver_all(world.services)
    calls = len(world.sms.sent)
    assert 1 <= calls <= 8, "as many as were on their way at once"

    world.sms.answers.clear()
    world.clock.advance(seconds=20)
    deliver_all(world.services)
    assert len(world.sms.sent) == calls + 20
    assert world.tasks() == []


def test_what_was_claimed_with_it_waits_for_as_long_as_the_provider_said(world: World) -> None:
    """Not only for the second that we would wait of ourselves."""
    for number in range(2):
        world.late(world.book(f"JOB-{number}", phone=f"+1206555{number:04}", email=None))
    world.sms.answers.append(too_many(20))
    batch = Batch()
    first, second = claim_due(world.services, limit=2).claims

    send_claimed(world.services, first, batch)
    world.clock.advance(seconds=5)
    send_claimed(world.services, second, batch)

    assert len(world.sms.sent) == 1


def test_the_providers_word_outlives_the_many_that_were_let_go_for_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many calls as are looked at, and never made, do not push the one answer out of sight."""
    monkeypatch.setattr(paths, "_ANSWERS", 10)
    for number in range(15):
        world.late(world.book(f"JOB-{number}", phone=f"+1206555{number:04}", email=None))
    world.sms.answers.append(too_many(25))
    batch = Batch()
    for claim in claim_due(world.services, limit=15).claims:
        send_claimed(world.services, claim, batch)
    assert len(world.sms.sent) == 1

    world.late(world.book("JOB-LATER", phone="+12065551000", email=None))
    world.clock.advance(seconds=20)
    deliver_all(world.services)

    assert len(world.sms.sent) == 1


def test_a_claim_that_was_let_go_is_no_attempt_to_whoever_asks(world: World) -> None:
    """The API tells how often a provider was called, not how often a worker meant to."""
    jobs = [
        world.book(f"JOB-{number}", phone=f"+1206555{number:04}", email=None)
        for number in range(20)
    ]
    for job in jobs:
        world.late(job)
    world.sms.answers.extend(too_many(20) for _ in range(20))
    deliver_all(world.services)
    world.sms.answers.clear()
    world.clock.advance(seconds=20)
    deliver_all(world.services)

    rows = [world.message(job) for job in jobs]
    with world.services.sessions() as session:
        told = [
            view.attempts
            for job in jobs
            for view in messages_of(session, world.services, world.brand, job)[0]
        ]
    assert sum(told) == len(world.sms.sent) < sum(row.attempts for row in rows)
    assert min(told) == 1


def test_pace_uses_up_none_of_a_messages_retries(world: World) -> None:
    """After three of them the first real failure waits five seconds, as a first one does."""
    job = world.book()
    world.late(job)
    world.sms.answers.extend([too_many(2), too_many(2), too_many(2), SendDeferred("no_connection")])

    for _ in range(12):
        deliver_all(world.services)
        if len(world.sms.sent) == 4:
            break
        world.clock.advance(seconds=1)

    row = world.message(job)
    assert (row.status, row.reason, row.attempts) == (MessageStatus.DEFERRED, "no_connection", 4)
    assert row.due_at == world.clock() + timedelta(seconds=5)
    with world.services.sessions() as session:
        answers = session.scalars(select(Receipt.event).order_by(Receipt.received_at)).all()
    assert answers == ["paced", "paced", "paced", "deferred"]


def test_without_a_wait_the_rest_grows(world: World) -> None:
    """A second, two, four, eight: nobody is hammered, and nobody waits for long."""
    job = world.book()
    world.late(job)
    world.sms.answers.extend(too_many() for _ in range(4))
    began, calls = world.clock(), []

    world.sms.meanwhile = lambda: calls.append((world.clock() - began).total_seconds())
    while world.message(job).status != MessageStatus.ACCEPTED:
        deliver_all(world.services)
        world.clock.advance(seconds=1)

    assert calls == [0, 1, 3, 7, 15]


def test_what_a_rest_makes_too_late_is_a_persons(world: World) -> None:
    """It expires with its reason, and somebody is asked to ring; nothing goes late."""
    job = world.book(starts_in=timedelta(minutes=30), email=None)
    world.late(job, 20)
    world.sms.answers.append(too_many(6 * 3600))

    work(world.services)

    row = world.message(job)
    assert (row.status, row.reason) == (MessageStatus.EXPIRED, WhyNot.GAVE_UP)
    assert [task.why for task in world.tasks("call")] == ["gave_up"]
    world.clock.advance(hours=7)
    work(world.services)
    assert len(world.sms.sent) == 1


def test_a_message_that_expires_while_its_sender_rests_is_a_persons(world: World) -> None:
    """It had never been claimed; the rest ends a minute after it would have helped."""
    first = world.book("JOB-1")
    second = world.book("JOB-2", phone="+12065550101", email=None, starts_in=timedelta(minutes=30))
    world.late(first)
    world.sms.answers.append(too_many(3 * 3600))
    deliver_all(world.services)
    world.late(second, 20)

    work(world.services)

    row = world.message(second)
    assert (row.status, row.reason) == (MessageStatus.EXPIRED, WhyNot.GAVE_UP)
    assert [task.job_id for task in world.tasks("call")] == [second]
    assert len(world.sms.sent) == 1


def test_what_waited_for_us_has_its_reach_from_its_turn_on(world: World) -> None:
    """No worker ran for an hour; then many go at once, and the provider asks for a moment.

    The second is never tried: its sender rests.
    """
    first = world.book("JOB-1", starts_in=timedelta(hours=8))
    second = world.book("JOB-2", starts_in=timedelta(hours=8), phone="+12065550101")
    world.late(first)
    world.late(second)
    world.clock.advance(hours=1)
    world.sms.answers.append(too_many(5))

    assert deliver_due(world.services, limit=1)
    work(world.services)
    assert [world.message(job, Channel.SMS).status for job in (first, second)] == [
        MessageStatus.DEFERRED
    ] * 2
    world.clock.advance(seconds=6)
    work(world.services)

    assert [world.message(job).status for job in (first, second)] == [MessageStatus.ACCEPTED] * 2
    assert world.email.sent == []


def test_a_text_that_would_come_too_late_leaves_it_to_the_email(world: World) -> None:
    """Not for the pace, but because the truth still helps and this way it would not arrive."""
    job = world.book(starts_in=timedelta(minutes=30))
    world.late(job, 20)
    world.sms.answers.append(too_many(6 * 3600))

    work(world.services)

    row = world.message(job, Channel.SMS)
    assert (row.status, row.settled_at) == (MessageStatus.EXPIRED, world.clock())
    assert [email.to for email in world.email.sent] == [ADA_EMAIL]


def test_whoever_waits_for_a_resting_sender_is_rung_in_time(world: World) -> None:
    """Never handed over, for its sender rests: that is no reason to let the time go by."""
    first = world.book("JOB-1", starts_in=timedelta(hours=8))
    second = world.book("JOB-2", phone="+12065550101", email=None)
    world.late(first)
    world.sms.answers.append(too_many(3.8 * 3600))
    deliver_all(world.services)
    world.late(second)
    work(world.services)
    row = world.message(second)
    assert (row.status, row.reason) == (MessageStatus.DEFERRED, WhyNot.WAITS_FOR_SENDER)
    explained = {one.rule: one for one in explain(world.services, world.brand, second)}
    assert explained["running_late"].in_the_way == (WhyNot.WAITS_FOR_SENDER,)
    assert row.tell_by is not None

    world.clock.set(row.tell_by - timedelta(minutes=15, seconds=1))
    work(world.services)
    assert world.tasks("call") == []
    world.clock.advance(seconds=1)
    work(world.services)

    assert [(task.job_id, task.why, task.due_at) for task in world.tasks("call")] == [
        (second, WhyNot.WAITS_FOR_SENDER, row.tell_by)
    ]
    world.clock.advance(hours=1, minutes=15)
    work(world.services)
    assert world.message(second).status == MessageStatus.ACCEPTED
