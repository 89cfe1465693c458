"""What an answer to an attempt leaves on record, whatever becomes of the message."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from notifier.providers.protocols import Accepted
from notifier.sending.claiming import claim_due
from notifier.sending.settling import settle
from notifier.store.tables import Receipt
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.outbox_world import World, make_world


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand with scripted providers."""
    return make_world(sessions, clock, ids)


def test_an_answer_is_noted_with_whose_it_is_and_how_long_it_took(world: World) -> None:
    """Slowness is judged by it, and a brand's receipts are found by the brand."""
    job = world.book()
    world.late(job)
    (claim,) = claim_due(world.services, limit=100).claims
    at = world.clock()
    settle(world.services, claim, Accepted("SM1", at), took=timedelta(seconds=2.5))

    with world.services.sessions() as session:
        noted = session.scalars(select(Receipt).where(Receipt.origin == "answer")).one()
    assert (noted.brand_id, noted.message_id) == (world.brand, claim.message_id)
    assert (noted.attempt_id, noted.provider, noted.provider_id) == (
        claim.attempt_id,
        claim.provider.name,
        "SM1",
    )
    assert (noted.event, noted.code, noted.took_s) == ("accepted", None, 2.5)
    assert (noted.occurred_at, noted.received_at) == (at, at)
