"""A receipt that comes after the next channel, or attempt, went: told twice, and it is seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier.checkup.diagnosis import diagnose
from notifier.domain.findings import Level
from notifier.domain.messages import Channel
from notifier.explain import explain
from notifier.providers.errors import SendOutcomeUnknown, SendRejected
from notifier.providers.receipt import ReceiptEvent
from notifier.scheduler import run_round
from notifier.web.metrics import StoredFigures
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds, IdsByTheClock
from tests.outbox_world import World, make_world


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand with scripted providers."""
    made = make_world(sessions, clock, ids)
    # The doctor asks the address who it is; nobody listens here.
    return replace(made, services=replace(made.services, public_url="http://127.0.0.1:9"))


def counted(world: World, what: str = "reached") -> float:
    """Return the figure as Prometheus reads it."""
    (found,) = [
        metric
        for metric in StoredFigures(world.services).collect()
        if metric.name == f"notifier_{what}_twice_last_day"
    ]
    return float(found.samples[0].value)


def told_once(world: World) -> Level:
    """Return what the doctor says of it."""
    (found,) = [
        finding
        for finding in diagnose(world.services, webhook_key=None)
        if finding.subject == "told once"
    ]
    return found.level


def said_of(world: World, job: UUID) -> object:
    """Return what `explain` says of the rule that told of the slip."""
    (one,) = [
        item for item in explain(world.services, world.brand, job) if item.rule == "running_late"
    ]
    return one.values.get("reached_twice")


def given_silent_text_and_email(world: World) -> UUID:
    """Return a job whose text nobody reported on until the email went."""
    job = world.book()
    world.late(job)
    while not world.email.sent:
        while run_round(world.services):
            pass
        world.clock.advance(minutes=1)
    return job


def test_a_late_receipt_makes_it_two_and_that_is_counted_and_shown(world: World) -> None:
    """By the figure, the doctor and `explain`; until then it is one."""
    job = given_silent_text_and_email(world)
    world.receipt(world.message(job, Channel.EMAIL), ReceiptEvent.DELIVERED)
    assert (counted(world), told_once(world), said_of(world, job)) == (0, Level.OK, None)

    world.receipt(world.message(job, Channel.SMS), ReceiptEvent.DELIVERED)

    assert counted(world) == 1
    assert told_once(world) is Level.WARNING
    assert said_of(world, job) == "email and sms"


def test_an_attempt_that_counted_as_not_taken_and_arrives_is_counted_and_shown(
    world: World,
) -> None:
    """The provider's record did not know it in time, so it went again."""
    job = world.book()
    world.late(job)
    world.sms.answers.append(SendOutcomeUnknown("read_timeout"))
    first = None
    while len(world.sms.sent) < 2:
        while run_round(world.services):
            pass
        first = first or world.message(job)
        world.clock.advance(seconds=30)
    world.receipt(world.message(job), ReceiptEvent.DELIVERED)
    assert (counted(world, "arrived"), told_once(world)) == (0, Level.OK)

    assert first is not None
    for event in (ReceiptEvent.SENT, ReceiptEvent.DELIVERED):
        world.receipt(first, event, event_id=f"first:{event}")

    assert (counted(world, "arrived"), counted(world)) == (1, 0)
    assert told_once(world) is Level.WARNING


def test_a_text_that_failed_late_makes_it_one(world: World) -> None:
    """They have the email alone."""
    job = given_silent_text_and_email(world)
    world.receipt(world.message(job, Channel.EMAIL), ReceiptEvent.DELIVERED)
    world.receipt(world.message(job, Channel.SMS), ReceiptEvent.UNDELIVERED, code="30008")

    assert (counted(world), said_of(world, job)) == (0, None)


def test_what_a_mail_server_took_counts_as_there(world: World) -> None:
    """It never says so: a text that arrives beside it is a second one."""
    world.email.gives_receipts = False
    job = given_silent_text_and_email(world)
    assert counted(world) == 0

    world.receipt(world.message(job, Channel.SMS), ReceiptEvent.DELIVERED)

    assert counted(world) == 1


def test_two_messages_are_no_message_twice(world: World) -> None:
    """The first slip was told by text, the second by email, for its text was refused."""
    job = world.book()
    world.late(job)
    while run_round(world.services):
        pass
    world.receipt(world.message(job, Channel.SMS), ReceiptEvent.DELIVERED)
    world.sms.answers.append(SendRejected("21617"))
    world.late(job, 120)
    while run_round(world.services):
        pass
    world.receipt(world.message(job, Channel.EMAIL), ReceiptEvent.DELIVERED)

    assert counted(world) == 0


def test_a_message_that_was_planned_days_ago_counts_too(world: World) -> None:
    """Its email went today, beside a text that is a row since the booking."""
    by_the_clock = replace(world.services, ids=IdsByTheClock(world.clock))
    world = replace(world, services=by_the_clock)
    job = world.book(starts_in=timedelta(days=3))
    world.late(job)
    world.clock.advance(days=2)
    while not world.email.sent:
        while run_round(world.services):
            pass
        world.clock.advance(minutes=1)

    for channel in Channel:
        world.receipt(world.message(job, channel), ReceiptEvent.DELIVERED)

    assert counted(world) == 1
