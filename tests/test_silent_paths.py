"""A provider that takes everything and reports nothing is found out, and a person is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier.checkup.diagnosis import diagnose
from notifier.checkup.readiness import check_readiness
from notifier.checkup.silence import owe_looking_into_silence
from notifier.domain.findings import Level
from notifier.domain.messages import MessageStatus
from notifier.providers.receipt import ReceiptEvent
from notifier.scheduler import run_round
from notifier.store.tables import Message
from notifier.web.board.words.tasks import TASK, task_why
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds, IdsByTheClock
from tests.outbox_world import World, make_world
from tests.three_orders import deliver, news, slip_all, statuses, three


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand with scripted providers."""
    return make_world(sessions, clock, ids)


def given_taken(world: World, *, minutes_ago: int) -> Message:
    """Let one text be taken, and return it."""
    job = world.book(email=None)
    world.late(job)
    while run_round(world.services):
        pass
    world.clock.advance(minutes=minutes_ago)
    return world.message(job)


def level(world: World) -> Level:
    """Return what `/readyz` says of callbacks."""
    return next(
        check.level
        for check in check_readiness(world.services)
        if check.name == "accepted_without_callback_count"
    )


def test_silence_for_a_quarter_of_an_hour_is_a_task_once_a_day(world: World) -> None:
    """The board says it in words, however often it is looked at, and again tomorrow."""
    given_taken(world, minutes_ago=14)
    assert (owe_looking_into_silence(world.services), level(world)) == (0, Level.OK)

    world.clock.advance(minutes=2)
    assert level(world) is Level.WARNING
    nobody_listens = replace(world.services, public_url="http://127.0.0.1:9")
    (named,) = [
        finding.sentence
        for finding in diagnose(nobody_listens, webhook_key=None)
        if finding.subject == "accepted without callback"
    ]
    assert "by twilio (1)" in named
    assert [owe_looking_into_silence(world.services) for _ in range(3)] == [1, 0, 0]
    (task,) = world.tasks("sender_silent")
    assert task.brand_id == world.brand
    assert task.path == "twilio"
    assert "gets no receipts" in TASK[task.kind]
    assert "public address" in task_why(task.kind, task.why)

    world.clock.advance(hours=12)
    assert owe_looking_into_silence(world.services) == 1


def test_one_report_of_a_message_is_enough(world: World) -> None:
    """Whatever it says: callbacks reach us."""
    world.receipt(given_taken(world, minutes_ago=16), ReceiptEvent.SENT)

    assert (owe_looking_into_silence(world.services), level(world)) == (0, Level.OK)


def test_a_path_without_receipts_is_silent_by_nature(world: World) -> None:
    """Nobody is asked why a mail server says nothing."""
    world.sms.gives_receipts = False
    given_taken(world, minutes_ago=16)

    assert (owe_looking_into_silence(world.services), level(world)) == (0, Level.OK)


def test_what_was_planned_days_ago_and_went_today_counts(world: World) -> None:
    """A reminder is a row since the booking; it is silence since it was taken."""
    by_the_clock = replace(world.services, ids=IdsByTheClock(world.clock))
    world = replace(world, services=by_the_clock)
    job = world.book(email=None, starts_in=timedelta(days=3))
    world.late(job)
    world.clock.advance(days=2)
    while run_round(world.services):
        pass
    world.clock.advance(minutes=16)

    assert world.message(job).status == MessageStatus.ACCEPTED
    assert (owe_looking_into_silence(world.services), level(world)) == (1, Level.WARNING)


def test_what_went_with_another_message_has_its_report(world: World) -> None:
    """Of a digest the provider reports once, on the message that carried the others."""
    jobs = three(world)
    slip_all(world, *jobs)
    deliver(world)
    carrying, *_ = [row for row in map(partial(news, world), jobs) if row.carried_by is None]
    world.receipt(carrying, ReceiptEvent.SENT)
    world.clock.advance(minutes=16)

    assert statuses(world, *jobs) == {MessageStatus.SENT}
    assert (owe_looking_into_silence(world.services), level(world)) == (0, Level.OK)
