"""Where nobody could look it up afterwards, that a call begins is written down before it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from notifier.delivery import deliver_due, resolve_unknown, send_claimed
from notifier.domain.facts import FactType
from notifier.domain.messages import Channel, MessageStatus
from notifier.providers.codes import LEASE_OVER, NOT_NOTED
from notifier.sending.batch import Batch
from notifier.sending.claiming import Claim, claim_due
from notifier.store import outbox
from notifier.store.tables import CallBegun
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.outbox_world import World, make_world


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand whose mails can't be looked up."""
    world = make_world(sessions, clock, ids)
    world.email.can_look_up = False
    return world


def _owe(world: World) -> UUID:
    """Owe a customer a mail, and return the job."""
    job = world.book(phone=None)
    world.say(job, FactType.DELAYED, minutes=45)
    return job


def _claim(world: World) -> Claim:
    (claim,) = claim_due(world.services, limit=25).claims
    return claim


def _begun(world: World) -> list[CallBegun]:
    with world.services.sessions() as session:
        return list(session.scalars(select(CallBegun)))


class _Frozen(Batch):
    """Stops its worker right before the call, while the world goes on."""

    def __init__(self, world: World, seconds: float, *, look: bool) -> None:
        super().__init__()
        self._world, self._seconds, self._look = world, seconds, look

    def lets_go(self, path: str, **given: Any) -> bool:
        self._world.clock.advance(seconds=self._seconds)
        if self._look:
            resolve_unknown(self._world.services)
        return super().lets_go(path, **given)


def test_it_is_on_record_while_the_provider_is_called(world: World) -> None:
    """And no transaction is open meanwhile: another reads it there."""
    job = _owe(world)
    seen: list[CallBegun] = []
    world.email.meanwhile = lambda: seen.extend(_begun(world))

    deliver_due(world.services)

    (begun,) = seen
    row = world.message(job, Channel.EMAIL)
    assert (begun.attempt_id, begun.brand_id) == (row.attempt_id, world.brand)
    assert begun.began_at == world.clock()
    assert row.status == MessageStatus.ACCEPTED


def test_a_path_that_can_be_searched_needs_no_record_of_ours(world: World) -> None:
    """A text costs no write more."""
    world.late(world.book(email=None))

    deliver_due(world.services)

    assert len(world.sms.sent) == 1
    assert _begun(world) == []


def test_a_worker_that_was_frozen_until_its_claim_was_over_calls_nobody(world: World) -> None:
    """Others have dealt with the message by then: its call would be one too many."""
    _owe(world)
    claim = _claim(world)

    send_claimed(world.services, claim, _Frozen(world, world.services.timing.lease, look=True))

    assert world.email.sent == []
    assert _begun(world) == []


def test_nor_if_nobody_has_noticed_yet_that_its_lease_is_over(world: World) -> None:
    """The next claim takes it, at once."""
    job = _owe(world)
    claim = _claim(world)

    send_claimed(world.services, claim, _Frozen(world, world.services.timing.lease, look=False))

    assert world.email.sent == []
    row = world.message(job, Channel.EMAIL)
    assert (row.status, row.reason) == (MessageStatus.DEFERRED, LEASE_OVER)
    assert row.due_at == world.clock()


def test_who_declares_a_claim_over_and_who_begins_it_wait_for_each_other(world: World) -> None:
    """Whoever comes second sees what the first one did."""
    _owe(world)
    claim = _claim(world)
    with ThreadPoolExecutor(1) as worker:
        with world.services.sessions.begin() as session:
            message = outbox.lock_message(session, claim.message_id)
            assert message is not None
            calling = worker.submit(send_claimed, world.services, claim)
            with suppress(NotYet):
                calling.result(timeout=0.5)  # it is to be waiting, as long as we are here
            message.status = MessageStatus.DEFERRED
        calling.result()

    assert world.email.sent == []


def test_what_can_not_be_noted_is_not_sent_and_waits(world: World) -> None:
    """The database is in trouble for a moment: nothing is known to have gone, and nothing has."""
    job = _owe(world)
    engine = world.services.sessions.kw["bind"]

    def break_down(_c: object, _u: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO calls_begun"):
            raise OperationalError(statement, None, Exception("database is locked"))

    event.listen(engine, "before_cursor_execute", break_down)
    deliver_due(world.services)
    event.remove(engine, "before_cursor_execute", break_down)

    assert world.email.sent == []
    row = world.message(job, Channel.EMAIL)
    assert (row.status, row.reason) == (MessageStatus.DEFERRED, NOT_NOTED)
    deliver_due(world.services)
    assert len(world.email.sent) == 1
    assert world.message(job, Channel.EMAIL).status == MessageStatus.ACCEPTED


def test_what_went_stale_while_it_was_noted_is_not_sent(world: World) -> None:
    """The record was long in coming."""
    job = _owe(world)
    claim = _claim(world)
    engine = world.services.sessions.kw["bind"]

    def dawdle(_c: object, _u: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO calls_begun"):
            world.clock.set(claim.valid_until)

    event.listen(engine, "before_cursor_execute", dawdle)
    send_claimed(world.services, claim)
    event.remove(engine, "before_cursor_execute", dawdle)

    assert world.email.sent == []
    assert world.message(job, Channel.EMAIL).status == MessageStatus.EXPIRED
