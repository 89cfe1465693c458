"""Refused in a claim that was made for something else: the next channel, or a call, takes over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier import intake
from notifier.booking import NewPerson
from notifier.delivery import deliver_due
from notifier.domain.facts import FactSource, FactType
from notifier.domain.guards.limits import Guards, Limits
from notifier.domain.messages import Channel, MessageStatus, Role, WhyNot
from notifier.intake import NewFact
from notifier.providers.codes import Reaction
from notifier.providers.errors import SendDeferred
from notifier.providers.protocols import Accepted
from notifier.sending.claiming import claim_due
from notifier.sending.settling import settle
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.outbox_world import ADA, World, make_world

_FAR_OFF = timedelta(hours=8)


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand that can write texts alone."""
    world = make_world(sessions, clock, ids)
    return replace(world, services=replace(world.services, email={}))


def second(*, phone: str | None, email: str | None) -> NewPerson:
    """Return somebody who is told beside the customer."""
    return NewPerson(
        role=Role.SECOND_CONTACT,
        name="Bo Park",
        phone=phone,
        email=email,
        zone="America/Los_Angeles",
        locale="en",
    )


def given_a_sender_at_rest(world: World) -> None:
    """Let the provider of texts ask for twenty seconds of rest."""
    job = world.book("JOB-0", email=None, phone="+12065550199", starts_in=_FAR_OFF)
    world.late(job)
    world.sms.answers.append(SendDeferred("20429", retry_after=20, reaction=Reaction.PACE))
    deliver_due(world.services)
    assert world.message(job).attempts == 1


def calls(world: World, job: UUID) -> list[tuple[UUID | None, str]]:
    """Return whom somebody is asked to ring about the job, and why."""
    return [(task.job_person_id, task.why) for task in world.tasks("call") if task.job_id == job]


@pytest.mark.parametrize("waits", [WhyNot.WAITS_FOR_SENDER, WhyNot.BRAKED])
def test_whoever_is_refused_beside_one_that_waits_is_rung(world: World, waits: WhyNot) -> None:
    """The claim is full with the first person's text, which waits; the second has no channel."""
    if waits is WhyNot.BRAKED:
        guards = Guards(usual=Limits(brake_from=0, brake_times=1), prices={}, currency="USD")
        world = replace(world, services=replace(world.services, guards=guards))
    else:
        given_a_sender_at_rest(world)
    bo = second(phone=None, email="bo@example.com")
    job = world.book(email=None, others=(bo,), starts_in=_FAR_OFF)
    late = NewFact(type=FactType.DELAYED, source=FactSource.API, actor="key:test", minutes=45)
    intake.record(world.services, world.brand, job, late)

    while deliver_due(world.services, limit=1):
        pass

    text, email = world.message(job), world.message(job, Channel.EMAIL)
    assert (text.status, text.reason) == (MessageStatus.DEFERRED, waits)
    assert (email.status, email.reason) == (MessageStatus.SKIPPED, WhyNot.NO_PROVIDER)
    assert calls(world, job) == [(email.job_person_id, WhyNot.NO_PROVIDER)]


def test_whoever_is_refused_what_the_claim_itself_planned_is_rung(world: World) -> None:
    """The customer's text stayed silent, and the claim of the other's is the first to see it."""
    bo = second(phone="+12065550101", email=None)
    job = world.book(starts_in=_FAR_OFF, others=(bo,))
    world.late(job)
    for claim in claim_due(world.services, limit=10).claims:
        of_customer = claim.outgoing.to == ADA
        settle(
            world.services,
            claim,
            Accepted("SM1", world.clock())
            if of_customer
            else SendDeferred("20500", retry_after=1_800),
        )
    world.clock.advance(seconds=1_795)
    given_a_sender_at_rest(world)
    world.clock.advance(seconds=10)

    deliver_due(world.services)

    email = world.message(job, Channel.EMAIL)
    assert (email.created_at, email.reason) == (world.clock(), WhyNot.NO_PROVIDER)
    assert calls(world, job) == [(email.job_person_id, WhyNot.NO_PROVIDER)]
