"""What nobody could say of a message, and learnt after all: nobody needs to look any more."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from notifier.delivery import deliver_due
from notifier.domain.messages import Channel, MessageStatus
from notifier.providers.errors import SendOutcomeUnknown
from notifier.providers.protocols import Accepted
from notifier.providers.receipt import ReceiptEvent
from notifier.sending.claiming import Claim, claim_due
from notifier.sending.lookups import resolve_unknown
from notifier.sending.settling import settle
from notifier.store.tables import Task
from notifier.task_list import mark_done
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.outbox_world import World, make_world


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand whose emails go to a provider without a record."""
    world = make_world(sessions, clock, ids)
    world.email.can_look_up = world.email.gives_receipts = False
    return world


def given_a_claim(world: World) -> tuple[UUID, Claim]:
    """Claim the email about a slip, and return its job with it."""
    job = world.book(phone=None)
    deliver_due(world.services)
    world.late(job)
    (claim,) = claim_due(world.services, limit=10).claims
    return job, claim


def hold(world: World, job: UUID) -> None:
    """Let a quarter of an hour pass in which nobody learns what became of it."""
    for _ in range(16):
        world.clock.advance(minutes=1)
        resolve_unknown(world.services)
    assert world.message(job, Channel.EMAIL).status == MessageStatus.HELD
    assert len(world.tasks("look_into")) == 1


@pytest.mark.parametrize("event", [ReceiptEvent.DELIVERED, ReceiptEvent.BOUNCED])
def test_a_report_that_comes_after_all_ends_the_look(world: World, event: ReceiptEvent) -> None:
    """It arrived, or it did not: the card that says *it may or may not have gone* is over."""
    job, claim = given_a_claim(world)
    settle(world.services, claim, SendOutcomeUnknown("read_timeout"))
    hold(world, job)

    world.receipt(world.message(job, Channel.EMAIL), event)

    assert world.tasks("look_into") == []


def test_an_answer_that_comes_after_all_ends_the_look(world: World) -> None:
    """The worker hung for a quarter of an hour, and was answered well."""
    job, claim = given_a_claim(world)
    assert world.begin(claim)
    hold(world, job)

    settle(world.services, claim, Accepted("<1@example.com>", None))

    assert world.message(job, Channel.EMAIL).status == MessageStatus.ACCEPTED
    assert world.tasks("look_into") == []


def test_what_is_learnt_of_one_ends_no_look_at_another(world: World) -> None:
    """Both are in doubt; one of them is reported. Nobody did it, so it counts as dropped."""
    one, claim = given_a_claim(world)
    settle(world.services, claim, SendOutcomeUnknown("read_timeout"))
    hold(world, one)
    other = world.book("JOB-2", phone=None, email="bea@example.com")
    world.late(other)
    (claim,) = claim_due(world.services, limit=10).claims
    settle(world.services, claim, SendOutcomeUnknown("read_timeout"))
    for _ in range(16):
        world.clock.advance(minutes=1)
        resolve_unknown(world.services)

    world.receipt(world.message(other, Channel.EMAIL), ReceiptEvent.DELIVERED)

    assert [task.job_id for task in world.tasks("look_into")] == [one]
    with world.services.sessions() as session:
        looks = select(Task).where(Task.kind == "look_into", Task.done_at.is_not(None))
        ended = session.scalars(looks)
        assert [(task.job_id, task.dropped) for task in ended] == [(other, True)]


def test_who_has_looked_is_not_said_to_have_been_needless(world: World) -> None:
    """A person found out, and ticked it off; the report that comes then changes nothing of it."""
    job, claim = given_a_claim(world)
    settle(world.services, claim, SendOutcomeUnknown("read_timeout"))
    hold(world, job)
    looked_at = world.clock()
    (task,) = world.tasks("look_into")
    mark_done(world.services, world.brand, task.id, actor="staff:test")

    world.clock.advance(hours=1)
    world.receipt(world.message(job, Channel.EMAIL), ReceiptEvent.DELIVERED)

    with world.services.sessions() as session:
        row = session.get_one(Task, task.id)
    assert (row.done_at, row.dropped) == (looked_at, False)
