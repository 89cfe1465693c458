"""A sender that no provider lets out gives way to the next channel, through the worker."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier.brands import keep_sender
from notifier.domain.messages import Channel, MessageStatus, WhyNot
from notifier.providers.errors import ProviderMisconfigured, SendDeferred
from notifier.scheduler import run_round
from notifier.sending.routing import SANDBOX
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.fakes.scripted_providers import ScriptedEmail
from tests.outbox_world import ADA, ADA_EMAIL, World, make_world


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand with scripted providers."""
    return make_world(sessions, clock, ids)


def work(world: World, **how_long: float) -> None:
    """Let a worker do what is due, every half a minute."""
    ends = world.clock() + timedelta(**how_long)
    while True:
        while run_round(world.services):
            pass
        if world.clock() >= ends:
            return
        world.clock.advance(seconds=30)


def gave_way(world: World, job: UUID) -> bool:
    """Whether the text was given up, and says so."""
    row = world.message(job, Channel.SMS)
    return (row.status, row.reason) == (MessageStatus.EXPIRED, WhyNot.GAVE_UP)


def test_texts_that_cannot_leave_are_emails_once_their_reach_ran_out(world: World) -> None:
    """Ten minutes without a connection: the email goes, nobody is rung, and no text comes after
    it when the connection is back."""
    job = world.book(starts_in=timedelta(hours=8))
    world.late(job)
    world.sms.answers.extend(SendDeferred("no_connection") for _ in range(100))
    work(world, minutes=9)
    assert world.email.sent == []

    work(world, minutes=1.5)
    assert [email.to for email in world.email.sent] == [ADA_EMAIL]
    assert gave_way(world, job)
    tried = len(world.sms.sent)
    world.sms.answers.clear()
    work(world, minutes=30)

    assert len(world.sms.sent) == tried
    assert len(world.email.sent) == 1
    assert world.message(job, Channel.EMAIL).episode == world.message(job).episode


def test_a_halted_channel_gives_way_at_once(world: World) -> None:
    """The account is refused: whoever has an address gets the email within the minute, also who
    was not tried at all; whoever has a number alone waits, and has the text once it works."""
    jobs = [
        world.book(f"JOB-{number}", phone=f"+1206555010{number}", email=email)
        for number, email in enumerate((ADA_EMAIL, "bo@example.com", None))
    ]
    world.sms.answers.extend(ProviderMisconfigured("20003") for _ in range(3))
    for job in jobs:
        world.late(job)
        work(world, seconds=0)

    assert {email.to for email in world.email.sent} == {ADA_EMAIL, "bo@example.com"}
    assert len(world.sms.sent) == 1, "one refusal was enough"
    assert all(gave_way(world, job) for job in jobs[:2])
    assert world.tasks("call") == []
    world.sms.answers.clear()
    work(world, minutes=2)

    assert [text.to for text in world.sms.sent[1:]] == ["+12065550102"]
    assert len(world.email.sent) == 2


def test_a_text_that_could_leave_again_is_not_sent_beside_the_email(world: World) -> None:
    """Also while the email itself waits for its second try."""
    job = world.book(starts_in=timedelta(hours=8))
    world.late(job)
    world.sms.answers.append(ProviderMisconfigured("20003"))
    world.email.answers.append(SendDeferred("no_connection", retry_after=180))
    work(world, minutes=2)
    assert world.message(job, Channel.EMAIL).status == MessageStatus.DEFERRED
    works_again = world.book("JOB-2", phone="+12065550101", email=None)
    world.late(works_again)
    work(world, minutes=10)

    assert world.message(works_again).status == MessageStatus.ACCEPTED
    assert world.message(job, Channel.EMAIL).status == MessageStatus.ACCEPTED
    assert [text.to for text in world.sms.sent].count(ADA) == 1, "the one that was refused"


def test_where_neither_channel_takes_it_somebody_rings_in_time(world: World) -> None:
    """A quarter of an hour before they must have heard; the email goes on being tried."""
    job = world.book(starts_in=timedelta(hours=4))
    world.late(job)
    world.sms.answers.extend(SendDeferred("no_connection") for _ in range(100))
    world.email.answers.extend(SendDeferred("no_connection") for _ in range(100))
    work(world, minutes=12)
    row = world.message(job, Channel.EMAIL)
    assert row.tell_by is not None
    world.clock.set(row.tell_by - timedelta(minutes=15, seconds=1))
    work(world, seconds=0)
    assert world.tasks("call") == []
    world.clock.advance(seconds=1)
    work(world, seconds=0)

    (call,) = world.tasks("call")
    assert (call.why, call.due_at) == ("no_connection", row.tell_by)
    world.email.answers.clear()
    world.clock.set(world.message(job, Channel.EMAIL).due_at)
    work(world, seconds=0)
    assert world.message(job, Channel.EMAIL).status == MessageStatus.ACCEPTED
    assert world.tasks("call") == []


def test_a_second_number_that_works_keeps_the_text(world: World) -> None:
    """One sender of two is refused: the channel is not halted."""
    job = world.book(starts_in=timedelta(hours=8))
    keep_sender(
        world.services,
        world.brand,
        channel=Channel.SMS,
        provider="twilio_2",
        address="+15005550007",
    )
    world.late(job)
    world.sms.answers.append(ProviderMisconfigured("20003"))
    work(world, minutes=2)

    assert world.email.sent == []
    assert world.message(job).status == MessageStatus.ACCEPTED


def test_a_text_is_not_given_up_for_an_email_that_nobody_could_send(world: World) -> None:
    """There is no provider for emails but the sandbox, as everywhere: the text waits, and goes."""
    sandboxed = {SANDBOX: ScriptedEmail(SANDBOX, now=world.clock)}
    world = replace(world, services=replace(world.services, email=sandboxed))
    job = world.book(starts_in=timedelta(hours=8))
    world.late(job)
    world.sms.answers.extend(SendDeferred("no_connection") for _ in range(100))
    work(world, minutes=11)
    world.sms.answers.clear()
    tried = len(world.sms.sent)

    work(world, minutes=60)

    assert len(world.sms.sent) == tried + 1
    assert world.message(job, Channel.SMS).status == MessageStatus.ACCEPTED
