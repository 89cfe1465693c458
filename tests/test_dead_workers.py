"""A worker that dies where nobody can look up what it sent: in doubt is what it was sending."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from notifier.delivery import deliver_due, resolve_unknown, send_claimed
from notifier.domain.facts import FactType
from notifier.domain.messages import Channel, MessageStatus, WhyNot
from notifier.providers.codes import LEASE_OVER, NOT_MADE
from notifier.sending.claiming import Claim, claim_due
from notifier.sending.paths import read_answers
from notifier.store import outbox
from notifier.store.tables import Attempt, Message
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.outbox_world import World, make_world
from tests.three_orders import order, slip_all, statuses


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand whose mails can't be looked up."""
    world = make_world(sessions, clock, ids)
    world.email.can_look_up = False
    return world


def _owe(world: World, how_many: int = 1) -> list[UUID]:
    """Owe so many customers a mail each, and return their jobs."""
    jobs = [
        world.book(f"JOB-{n}", phone=None, email=f"c{n}@customers.example") for n in range(how_many)
    ]
    for job in jobs:
        world.say(job, FactType.DELAYED, minutes=45)
    return jobs


def _claim_and_die(world: World) -> tuple[Claim, ...]:
    return claim_due(world.services, limit=25).claims


def _lapse(world: World) -> None:
    world.clock.advance(seconds=world.services.timing.lease)
    resolve_unknown(world.services)


def _mail(world: World, job: UUID) -> Message:
    return world.message(job, Channel.EMAIL)


def test_what_a_dead_worker_had_claimed_and_not_begun_goes_by_itself(world: World) -> None:
    """Nobody waits for a person, and nobody has it twice."""
    jobs = _owe(world, 25)
    assert len(_claim_and_die(world)) == 25

    _lapse(world)
    assert {_mail(world, job).status for job in jobs} == {MessageStatus.DEFERRED}
    deliver_due(world.services)

    assert {_mail(world, job).status for job in jobs} == {MessageStatus.ACCEPTED}
    assert len({mail.message_id for mail in world.email.sent}) == len(world.email.sent) == 25
    assert world.tasks() == []


def test_what_it_was_sending_is_in_doubt_and_nothing_else(world: World) -> None:
    """A person looks into that one: nobody can say whether it was taken."""
    jobs = _owe(world, 25)
    being_sent = _claim_and_die(world)[7]
    assert world.begin(being_sent)

    _lapse(world)
    deliver_due(world.services)
    world.clock.advance(seconds=world.services.timing.hold_after)
    for _ in range(2):
        resolve_unknown(world.services)

    rows = {row.id: row for row in (_mail(world, job) for job in jobs)}
    held = rows.pop(being_sent.message_id)
    assert (held.status, held.reason) == (MessageStatus.HELD, WhyNot.OUTCOME_UNKNOWN)
    assert {row.status for row in rows.values()} == {MessageStatus.ACCEPTED}
    assert len(world.email.sent) == 24
    assert [task.message_id for task in world.tasks("look_into")] == [held.id]


def test_no_longer_true_by_then_it_goes_nowhere(world: World) -> None:
    """What goes again is what is owed then."""
    (job,) = _owe(world)
    _claim_and_die(world)
    world.say(job, FactType.COMPLETED)

    _lapse(world)
    deliver_due(world.services)

    assert world.email.sent == []
    assert _mail(world, job).status == MessageStatus.SUPERSEDED


def test_its_death_is_no_failure_of_the_message_or_of_its_path(world: World) -> None:
    """However many workers die: it waits no longer for it than for the lease."""
    (job,) = _owe(world)
    for _ in range(6):
        assert len(_claim_and_die(world)) == 1
        _lapse(world)

    row = _mail(world, job)
    assert (row.status, row.reason) == (MessageStatus.DEFERRED, LEASE_OVER)
    assert (row.due_at, row.settled_at) == (world.clock(), world.clock())
    with world.services.sessions() as session:
        assert outbox.paced_attempts(session, row) == row.attempts == 6
        assert read_answers(session, "sendgrid") == []


def test_a_worker_that_only_hung_finds_its_claim_gone(world: World) -> None:
    """The next one has sent it: the customer has one mail."""
    (job,) = _owe(world)
    (claim,) = _claim_and_die(world)
    _lapse(world)
    deliver_due(world.services)

    assert not world.begin(claim)
    send_claimed(world.services, claim)

    assert len(world.email.sent) == 1
    row = _mail(world, job)
    assert row.status == MessageStatus.ACCEPTED
    with world.services.sessions() as session:
        assert outbox.paced_attempts(session, row) == 1
        assert outbox.attempts_answered(session, [row.id], NOT_MADE) == {row.id: 1}


def test_what_a_worker_of_an_older_version_left_is_in_doubt(world: World) -> None:
    """It would not have noted that it called."""
    (job,) = _owe(world)
    _claim_and_die(world)
    with world.services.sessions.begin() as session:
        session.execute(update(Attempt).values(notes_call=False))

    _lapse(world)

    row = _mail(world, job)
    assert (row.status, row.reason) == (MessageStatus.UNKNOWN, "lease_lapsed")
    assert row.due_at == world.clock() + timedelta(seconds=10)


def test_a_digest_goes_again_with_all_that_it_carries(world: World) -> None:
    """One call that was never begun was to tell of three orders."""
    jobs = [order(world, number, phone=None) for number in ("ORD-1", "ORD-2", "ORD-3")]
    world.email.sent.clear()
    slip_all(world, *jobs)
    assert len(_claim_and_die(world)) == 1
    assert statuses(world, *jobs, channel=Channel.EMAIL) == {MessageStatus.CLAIMED}

    _lapse(world)
    assert statuses(world, *jobs, channel=Channel.EMAIL) == {MessageStatus.DEFERRED}
    deliver_due(world.services)

    (email,) = world.email.sent
    assert "3 of your orders" in email.subject
    assert statuses(world, *jobs, channel=Channel.EMAIL) == {MessageStatus.ACCEPTED}
