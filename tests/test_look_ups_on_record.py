"""What a look-up leaves on record: as much as the callback that was missed would have."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from notifier.delivery import deliver_due, resolve_unknown
from notifier.domain.messages import MessageStatus
from notifier.providers.errors import SendOutcomeUnknown
from notifier.providers.protocols import Accepted, LookUpFound, LookUpImpossible
from notifier.providers.receipt import ReceiptEvent
from notifier.store.tables import Receipt
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.outbox_world import ADA, World, make_world


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand with scripted providers."""
    return make_world(sessions, clock, ids)


def test_a_text_that_was_found_is_known_by_the_providers_id_from_then_on(world: World) -> None:
    """A later callback that carries nothing but that id speaks of it."""
    job = world.book()
    _lose_the_answer(world, job)
    world.sms.look_ups.append(LookUpFound(Accepted("SM1", world.clock()), ReceiptEvent.ACCEPTED))
    resolve_unknown(world.services)

    row = world.message(job)
    assert _noted(world) == [("accepted", row.id, row.attempt_id, "SM1", None)]
    assert (row.status, row.provider_id) == (MessageStatus.ACCEPTED, "SM1")
    assert (row.reason, row.settled_at) == (None, world.clock())  # it is in doubt no longer
    world.receipt(row, ReceiptEvent.DELIVERED, by_provider_id=True)
    assert world.message(job).status == MessageStatus.DELIVERED


def test_where_it_stands_is_noted_with_attempt_and_code(world: World) -> None:
    """That it was taken, and why it failed, each as a receipt of the look-up."""
    job = world.book(email=None)
    _lose_the_answer(world, job)
    row = world.message(job)
    found = LookUpFound(Accepted("SM1", world.clock()), ReceiptEvent.UNDELIVERED, code="30003")
    world.sms.look_ups.append(found)
    resolve_unknown(world.services)

    assert _noted(world) == [
        ("accepted", row.id, row.attempt_id, "SM1", None),
        ("undelivered", row.id, row.attempt_id, "SM1", "30003"),
    ]


def test_a_record_that_can_never_tell_is_asked_once_until_it_is_held(world: World) -> None:
    """Asking again would teach nothing: a callback may still settle it, else a person."""
    job = world.book(email=None)
    started = world.clock() + timedelta(seconds=1)
    _lose_the_answer(world, job)
    world.sms.look_ups.append(LookUpImpossible("bodies_not_kept"))
    resolve_unknown(world.services)

    assert world.message(job).due_at == started + timedelta(minutes=15)


def test_whoever_looks_into_it_is_shown_whom_it_was_for(world: World) -> None:
    """The task names message, job and person."""
    job = world.book(email=None)
    _lose_the_answer(world, job)
    world.clock.advance(minutes=15)
    world.sms.look_ups.append(LookUpImpossible("bodies_not_kept"))
    resolve_unknown(world.services)

    (task,) = world.tasks("look_into")
    row = world.message(job)
    assert (task.message_id, task.job_id, task.job_person_id) == (row.id, job, row.job_person_id)


def test_the_record_is_asked_what_went_to_that_number_since_the_attempt_began(
    world: World,
) -> None:
    """Another number's texts, or older ones, would answer another question."""
    job = world.book()
    began = world.clock() + timedelta(seconds=1)
    _lose_the_answer(world, job)
    resolve_unknown(world.services)

    assert world.sms.asked_about == [(ADA, began)]


def test_a_callback_that_comes_while_the_record_is_asked_settles_it(world: World) -> None:
    """The record had not got it yet; the callback had."""
    job = world.book()
    _lose_the_answer(world, job)
    world.sms.while_asked = lambda: world.receipt(world.message(job), ReceiptEvent.DELIVERED)
    resolve_unknown(world.services)

    assert world.message(job).status == MessageStatus.DELIVERED
    assert _noted(world) == []


def test_each_attempt_must_be_absent_twice(world: World) -> None:
    """That the first was not taken says nothing of the second."""
    job = world.book(email=None, starts_in=timedelta(hours=8))
    _lose_the_answer(world, job)
    resolve_unknown(world.services)
    world.clock.advance(seconds=50)
    resolve_unknown(world.services)
    _lose_it_again(world, job)

    resolve_unknown(world.services)
    assert world.message(job).status == MessageStatus.UNKNOWN
    world.clock.advance(seconds=50)
    resolve_unknown(world.services)

    assert world.message(job).status == MessageStatus.DEFERRED
    assert len(world.sms.sent) == 2


def test_the_absence_of_an_earlier_attempt_is_none_of_a_later_one(world: World) -> None:
    """However late the later one is first looked for."""
    job = world.book(email=None, starts_in=timedelta(hours=8))
    _lose_the_answer(world, job)
    resolve_unknown(world.services)
    world.clock.advance(seconds=50)
    resolve_unknown(world.services)
    _lose_it_again(world, job)

    world.clock.advance(minutes=5)
    resolve_unknown(world.services)

    row = world.message(job)
    assert row.status == MessageStatus.UNKNOWN
    assert row.due_at == world.clock() + timedelta(seconds=10)


def test_two_look_ups_that_count_as_two_are_apart(world: World) -> None:
    """However late the first was: the record has its delays."""
    job = world.book(email=None, starts_in=timedelta(hours=8))
    _lose_the_answer(world, job)
    world.clock.advance(minutes=5)
    resolve_unknown(world.services)

    assert world.message(job).due_at == world.clock() + timedelta(seconds=10)


def test_a_provider_that_is_set_up_no_more_tells_nothing(world: World) -> None:
    """Nobody is asked, nothing breaks, and a person looks into it."""
    job = world.book(email=None)
    _lose_the_answer(world, job)
    without = replace(world.services, sms={})
    resolve_unknown(without)
    world.clock.advance(minutes=15)
    resolve_unknown(without)

    assert world.message(job).status == MessageStatus.HELD
    assert world.sms.asked == []


def _lose_it_again(world: World, job: UUID) -> None:
    assert world.message(job).status == MessageStatus.DEFERRED
    world.clock.set(world.message(job).due_at)
    world.sms.answers.append(SendOutcomeUnknown("read_timeout"))
    deliver_due(world.services)
    world.clock.advance(seconds=40)


def _lose_the_answer(world: World, job: UUID) -> None:
    world.late(job)
    world.sms.answers.append(SendOutcomeUnknown("read_timeout"))
    deliver_due(world.services)
    world.clock.advance(seconds=40)


def _noted(world: World) -> list[tuple[object, ...]]:
    """Return what look-ups left: event, message, attempt, the provider's id and code."""
    with world.services.sessions() as session:
        rows = session.scalars(
            select(Receipt).where(Receipt.origin == "look_up").order_by(Receipt.id)
        ).all()
        assert {row.brand_id for row in rows} <= {world.brand}
        return [
            (row.event, row.message_id, row.attempt_id, row.provider_id, row.code) for row in rows
        ]
