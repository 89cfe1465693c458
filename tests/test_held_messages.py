"""What nobody could say of a message, and learnt after all: nobody needs to look any more."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier.delivery import deliver_due
from notifier.domain.messages import Channel, MessageStatus
from notifier.providers.errors import SendOutcomeUnknown
from notifier.providers.protocols import Accepted
from notifier.providers.receipt import ReceiptEvent
from notifier.sending.claiming import Claim, claim_due
from notifier.sending.lookups import resolve_unknown
from notifier.sending.settling import settle
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
    hold(world, job)

    settle(world.services, claim, Accepted("<1@example.com>", None))

    assert world.message(job, Channel.EMAIL).status == MessageStatus.ACCEPTED
    assert world.tasks("look_into") == []
