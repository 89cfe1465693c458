"""A receipt speaks of the path which its own attempt took; the message may be on another by now."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from notifier.brands import keep_sender
from notifier.domain.messages import Channel
from notifier.providers.errors import SendDeferred
from notifier.providers.receipt import ReceiptEvent
from notifier.scheduler import run_round
from notifier.store.tables import Message, Sender
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.fakes.scripted_providers import ScriptedSms
from tests.outbox_world import World, add_brand, make_world


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand with two numbers for its texts."""
    world = make_world(sessions, clock, ids)
    second = ScriptedSms("twilio_2", now=clock)
    services = replace(world.services, sms={"twilio": world.sms, "twilio_2": second})
    keep_sender(
        services, world.brand, channel=Channel.SMS, provider="twilio_2", address="+15005550007"
    )
    return replace(world, services=services)


def test_a_late_refusal_halts_the_number_that_was_refused(world: World) -> None:
    """The message has gone by the second number since, which goes on, as do other brands'."""
    add_brand(world.services, "other", live_at=None, number="+15005550008")
    first = _tried_by_both(world)

    world.receipt(first, ReceiptEvent.UNDELIVERED, code="30034")

    assert _halted(world) == ["twilio"]
    assert [task.path for task in world.tasks("sender_halted")] == ["twilio"]


def test_what_a_number_took_late_wakes_no_other(world: World) -> None:
    """Each is woken by what it took itself."""
    first = _tried_by_both(world)
    assert first.claimed_at is not None
    with world.services.sessions.begin() as session:
        for sender in session.scalars(select(Sender).where(Sender.channel == Channel.SMS)):
            sender.halted_at = first.claimed_at - timedelta(minutes=1)

    world.receipt(first, ReceiptEvent.DELIVERED)

    assert _halted(world) == ["twilio_2"]


def test_what_was_on_its_way_when_a_number_was_refused_does_not_wake_it(world: World) -> None:
    """It counts when the attempt began of which the receipt speaks, not the message's last one."""
    first = _tried_by_both(world)
    assert first.claimed_at is not None
    with world.services.sessions.begin() as session:
        refused = session.scalars(select(Sender).where(Sender.provider == "twilio")).one()
        refused.halted_at = first.claimed_at + timedelta(seconds=1)

    world.receipt(first, ReceiptEvent.DELIVERED)

    assert _halted(world) == ["twilio"]


def _tried_by_both(world: World) -> Message:
    """Return a message as its first attempt, by the first number, left it; the second took it."""
    world.sms.answers.extend(SendDeferred("no_connection") for _ in range(3))
    jobs = [
        world.book(f"JOB-{number}", phone=f"+1206555{number:04}", email=None) for number in range(3)
    ]
    for job in jobs:
        world.late(job)
        _work(world)
    first = world.message(jobs[0])
    world.clock.advance(seconds=5)
    _work(world)
    assert (first.provider, world.message(jobs[0]).provider) == ("twilio", "twilio_2")
    return first


def _work(world: World) -> None:
    while run_round(world.services):
        pass


def _halted(world: World) -> list[str]:
    with world.services.sessions() as session:
        halted = select(Sender.provider).where(Sender.halted_at.is_not(None))
        return list(session.scalars(halted.order_by(Sender.provider)))
