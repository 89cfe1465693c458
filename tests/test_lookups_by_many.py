"""Many answers are lost at once, a record is slow or hangs, and several workers look."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier.delivery import deliver_due, resolve_unknown
from notifier.domain.messages import MessageStatus
from notifier.providers.errors import SendDeferred, SendOutcomeUnknown
from notifier.providers.protocols import LookUp, LookUpAbsent, LookUpImpossible
from notifier.scheduler import Worker
from notifier.store.engine import create_engine_for
from notifier.waking import Waker
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.outbox_world import World, make_world
from tests.served import eventually


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand with scripted providers."""
    return make_world(sessions, clock, ids)


def lose_answers(world: World, how_many: int) -> list[UUID]:
    """Text so many customers that it gets late, and hear of none whether it was taken."""
    jobs = [
        world.book(f"J{number}", email=None, phone=f"+1206555{number:04d}")
        for number in range(100, 100 + how_many)
    ]
    for job in jobs:
        world.late(job)
    world.sms.answers.extend(SendOutcomeUnknown("read_timeout") for _ in jobs)
    while deliver_due(world.services):
        pass
    assert all(world.message(job).status == MessageStatus.UNKNOWN for job in jobs)
    return jobs


def test_one_absence_is_never_taken_for_two(world: World) -> None:
    """Two workers look in turn, and each answer takes a while: none is decided too early."""
    jobs = lose_answers(world, 30)
    texted, asked = len(world.sms.sent), 0
    world.clock.advance(seconds=41)

    def answer_slowly() -> None:
        nonlocal asked
        asked += 1
        world.clock.advance(seconds=1.5)
        if asked == 22:
            resolve_unknown(world.services)

    world.sms.while_asked = answer_slowly
    while resolve_unknown(world.services):
        pass

    assert asked == len(jobs), "each was asked about once"
    deliver_due(world.services)
    assert len(world.sms.sent) == texted


def test_whoever_asked_for_longer_than_a_lease_decides_nothing(world: World) -> None:
    """Meanwhile somebody else asks; two answers to questions a moment apart are one absence."""
    (job,) = lose_answers(world, 1)
    world.clock.advance(seconds=41)

    def another_looks() -> None:
        world.sms.while_asked = None
        world.clock.advance(seconds=35)
        resolve_unknown(world.services)

    world.sms.while_asked = another_looks
    resolve_unknown(world.services)
    row = world.message(job)
    assert row.status == MessageStatus.UNKNOWN
    assert row.due_at is not None

    world.clock.set(row.due_at)
    resolve_unknown(world.services)
    assert world.message(job).status == MessageStatus.DEFERRED


def test_whoever_asked_for_longer_than_a_lease_puts_off_nobodys_question(world: World) -> None:
    """What it could not learn does not make the other one wait until a person is asked."""
    (job,) = lose_answers(world, 1)
    world.clock.advance(seconds=41)
    asks_again_at = None

    def another_looks() -> None:
        nonlocal asks_again_at
        world.sms.while_asked = None
        world.clock.advance(seconds=35)
        resolve_unknown(world.services)
        asks_again_at = world.message(job).due_at

    world.sms.while_asked = another_looks
    world.sms.look_ups.extend([LookUpAbsent(), LookUpImpossible("bodies_not_kept")])
    resolve_unknown(world.services)

    assert world.message(job).due_at == asks_again_at


def test_absent_twice_counts_from_when_it_was_asked(world: World) -> None:
    """However late the first answer comes in, the second question comes ten seconds after it."""
    (job,) = lose_answers(world, 1)
    began = world.clock()
    world.clock.advance(seconds=100)
    resolve_unknown(world.services)
    assert world.message(job).status == MessageStatus.UNKNOWN
    apart = world.services.timing.look_up_apart

    world.clock.set(began)
    world.clock.advance(seconds=100 + apart - 1)
    assert resolve_unknown(world.services) == 0
    world.clock.advance(seconds=1)
    resolve_unknown(world.services)

    assert world.message(job).status == MessageStatus.DEFERRED


def test_a_record_that_hangs_is_waited_for_once(world: World) -> None:
    """Each question would take ten seconds; all are asked once it answers again."""
    jobs = lose_answers(world, 20)
    world.clock.advance(seconds=41)
    began = world.clock()
    answering = world.sms.look_up

    def hang(**_: object) -> None:
        world.clock.advance(seconds=10)
        raise SendDeferred("read_timeout")

    world.sms.look_up = hang  # type: ignore[method-assign, assignment]
    resolve_unknown(world.services)
    assert (world.clock() - began).total_seconds() == 10

    world.sms.look_up = answering  # type: ignore[method-assign]
    for _ in range(2):
        world.clock.advance(seconds=60)
        while resolve_unknown(world.services):
            pass
    assert {world.message(job).status for job in jobs} == {MessageStatus.DEFERRED}


def test_one_that_can_never_be_answered_keeps_no_other_from_being_asked(world: World) -> None:
    """The others come before it in the next round."""
    odd, *others = lose_answers(world, 4)
    answering, to_odd = world.sms.look_up, world.sms.sent[0].to

    def answer(*, to: str, **rest: Any) -> LookUp:
        if to == to_odd:
            raise SendDeferred("garbage_answer")
        return answering(to=to, **rest)

    world.sms.look_up = answer  # type: ignore[method-assign]
    for _ in range(8):
        world.clock.advance(seconds=20)
        resolve_unknown(world.services)

    assert {world.message(job).status for job in others} == {MessageStatus.DEFERRED}
    assert world.message(odd).status == MessageStatus.UNKNOWN


def test_whoever_waits_for_a_record_that_hangs_is_a_persons_in_time(world: World) -> None:
    """A question takes ten seconds, and there are many: no task waits for its turn to ask.

    As one of them can never be answered, it keeps no other from being asked afterwards.
    """
    odd, *others = lose_answers(world, 30)
    answering, to_odd = world.sms.look_up, world.sms.sent[0].to
    hanging = True

    def answer(*, to: str, **rest: Any) -> LookUp:
        if hanging or to == to_odd:
            world.clock.advance(seconds=10)
            raise SendDeferred("read_timeout")
        return answering(to=to, **rest)

    world.sms.look_up = answer  # type: ignore[method-assign]
    world.clock.advance(minutes=15)
    for _ in range(2):
        resolve_unknown(world.services)
    assert {task.job_id for task in world.tasks("look_into")} == {odd, *others}

    hanging = False
    for _ in range(40):
        world.clock.advance(seconds=30)
        resolve_unknown(world.services)
    assert {world.message(job).status for job in others} == {MessageStatus.DEFERRED}
    assert [task.job_id for task in world.tasks("look_into")] == [odd]


def test_fresh_news_goes_while_a_record_hangs(world: World, database_url: str) -> None:
    """Whoever waits for a provider's record keeps nobody else's text waiting."""
    lose_answers(world, 3)
    world.clock.advance(seconds=41)
    hangs, let_go = threading.Event(), threading.Event()

    def hang() -> None:
        hangs.set()
        let_go.wait(60)

    world.sms.while_asked = hang
    engine = create_engine_for(database_url)
    waker = Waker(engine)
    worker = Worker(replace(world.services, wake=waker), waker, tick_seconds=0.05)
    worker.start()
    try:
        assert hangs.wait(60)
        texted = len(world.sms.sent)
        job = world.book("J900", email=None, phone="+12065550900")
        world.late(job)
        eventually(lambda: len(world.sms.sent) > texted)
    finally:
        let_go.set()
        worker.stop()
        engine.dispose()
