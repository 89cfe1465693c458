"""Several messages are due and few can go: what matters most first, then the longest due."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier.delivery import deliver_due
from notifier.domain.facts import FactType
from notifier.domain.messages import MessageStatus
from notifier.rulebook import rulebook_of
from notifier.sending.claiming import claim_due
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.outbox_world import World, make_world

#: Of one person all that hold are due at once; the least urgent stands first, and is due first.
_RULES = """
rules:
  - id: small_talk
    for: appointment
    if: { status: [scheduled, confirmed, en_route] }
    episode: once
    message: booked
    priority: low
  - id: word
    for: appointment
    if: { status: [confirmed, en_route] }
    episode: once
    message: booked
  - id: news
    for: appointment
    if: { status: en_route }
    episode: once
    message: on_the_way
    priority: high
"""


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a brand with three rules of three priorities, on both databases in turn."""
    world = make_world(sessions, clock, ids)
    rulebook = rulebook_of({"rules.yaml": _RULES})
    return replace(world, services=replace(world.services, rulebook=rulebook))


def visit(world: World, reference: str, *said: FactType) -> UUID:
    """Book a visit of somebody's own, and say each fact a minute after the last."""
    job = world.book(reference, email=None)
    for type in said:
        world.clock.advance(minutes=1)
        world.say(job, type)
    world.clock.advance(minutes=1)
    return job


def taken(world: World, *jobs: UUID) -> list[str]:
    """Return the rules of what is with a provider."""
    rows = [row for job in jobs for row in world.messages(job)]
    return [row.rule for row in rows if row.status == MessageStatus.CLAIMED]


def test_a_fresh_word_that_matters_goes_before_an_old_one_that_does_not(world: World) -> None:
    """One at a time may go: the last to come goes first, and the first to come last."""
    waits_longest = visit(world, "JOB-1")
    waits = visit(world, "JOB-2", FactType.CONFIRMED)
    just_said = visit(world, "JOB-3", FactType.CONFIRMED, FactType.EN_ROUTE)

    for so_far in (["news"], ["word", "news"], ["small_talk", "word", "news"]):
        claim_due(world.services, limit=1)
        assert taken(world, waits_longest, waits, just_said) == so_far


def test_what_matters_as_much_goes_in_the_order_in_which_it_came(world: World) -> None:
    """Nobody who waits is overtaken by their like."""
    jobs = [visit(world, f"JOB-{number}") for number in (1, 2, 3)]

    for number in (1, 2, 3):
        claim_due(world.services, limit=1)
        assert [bool(taken(world, job)) for job in jobs] == [n < number for n in range(3)]


@pytest.mark.parametrize("limit", [1, 10])
def test_one_person_hears_what_matters_most_first(world: World, limit: int) -> None:
    """Three texts of theirs are due; one is with a provider at a time."""
    job = visit(world, "JOB-1", FactType.CONFIRMED, FactType.EN_ROUTE)
    waiting = [row for row in world.messages(job) if row.status == MessageStatus.READY]
    assert [row.rule for row in waiting] == ["small_talk", "word", "news"]

    while deliver_due(world.services, limit=limit):
        pass

    rule_of = {row.id: row.rule for row in world.messages(job)}
    assert [rule_of[sms.message_id] for sms in world.sms.sent] == ["news", "word", "small_talk"]
