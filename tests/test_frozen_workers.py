"""A worker that is frozen, or gone, in the midst of something holds up nobody for long.

On PostgreSQL: on SQLite whoever holds the lock is on this machine, and everybody sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import Select, select
from sqlalchemy.exc import OperationalError

from notifier import delivery
from notifier.api_keys import create_api_key
from notifier.delivery import deliver_due
from notifier.domain.messages import MessageStatus
from notifier.store import engine as engines
from notifier.store.engine import DATABASE_TROUBLE, create_sessions
from notifier.store.tables import Job, Tally
from notifier.web.app_factory import create_app
from tests.databases import Databases
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.faults.guards import unreached_guards
from tests.outbox_world import ADA, World, make_world
from tests.web.conftest import Api, WebSettingsOfTests

pytestmark = pytest.mark.postgres

BO, CY = "+12065550101", "+12065550102"

_WAIT_MS, _SILENT_MS = 200, 1000

_DAY = select(Tally.key).with_for_update()


@pytest.fixture
def world(databases: Databases, clock: FakeClock, ids: FakeIds) -> Iterator[World]:
    """Return a world on a database of its own, whose brand has told somebody today."""
    url = databases.create("postgres")
    sessions = create_sessions(url)
    made = make_world(sessions, clock, ids)
    made = replace(made, services=replace(made.services, guards=unreached_guards()))
    late(made, "JOB-0", ADA)
    _deliver(made)
    made.sms.sent.clear()
    yield made
    sessions.kw["bind"].dispose()
    databases.drop(url)


def late(world: World, reference: str, phone: str) -> UUID:
    """Book a visit, and say that it is late."""
    job = world.book(reference, phone=phone, email=None)
    world.late(job)
    return job


def test_others_give_up_waiting_for_a_frozen_worker_and_go_on_when_it_is_gone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A caller hears that it can't be done just now; nothing is lost, and nothing doubled."""
    api = _caller(world)
    held, _ = late(world, "JOB-1", BO), late(world, "JOB-2", CY)
    monkeypatch.setattr(engines, "LOCK_TIMEOUT_MS", _WAIT_MS)
    _connect_anew(world)
    with world.services.sessions.begin() as frozen:
        frozen.execute(_row_of(held))
        frozen.execute(_DAY)

        with pytest.raises(OperationalError):
            deliver_due(world.services)
        told = api.post(f"/appointments/{held}/facts", {"type": "delayed", "minutes": 60})

        assert (told.status_code, told.mimetype) == (503, "application/problem+json")
        assert world.sms.sent == []

    _deliver(world)
    assert sorted(text.to for text in world.sms.sent) == [BO, CY]
    again = api.post(f"/appointments/{held}/facts", {"type": "delayed", "minutes": 60})
    assert again.status_code == 202


def test_the_locks_of_who_is_silent_are_free_after_a_while(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has to end it by hand. When it wakes up, it finds its session gone."""
    late(world, "JOB-1", BO)
    monkeypatch.setattr(engines, "IDLE_IN_TRANSACTION_MS", _SILENT_MS)
    _connect_anew(world)
    with world.services.sessions() as frozen:
        frozen.execute(_DAY)

        _deliver(world)

        assert [text.to for text in world.sms.sent] == [BO]
        with pytest.raises(DATABASE_TROUBLE):
            frozen.execute(_DAY)


def test_a_claim_whose_worker_was_frozen_is_none(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it had not committed never was; the worker goes on by itself, and sends it once."""
    job = late(world, "JOB-1", BO)
    monkeypatch.setattr(engines, "IDLE_IN_TRANSACTION_MS", _SILENT_MS)
    _connect_anew(world)
    freezing = _Freezing(world, job, lambda: True)

    with pytest.raises(DATABASE_TROUBLE):
        deliver_due(replace(world.services, ids=freezing))

    row = world.message(job)
    assert (row.status, row.claimed_at, row.attempts) == (MessageStatus.READY, None, 0)
    assert world.sms.sent == []
    _deliver(world)
    assert [text.to for text in world.sms.sent] == [BO]


def test_an_answer_is_not_lost_though_its_worker_was_frozen_while_writing_it_down(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A provider says only once that it took a text."""
    monkeypatch.setattr(delivery, "_AGAIN_AFTER", (0,))
    job = late(world, "JOB-1", BO)
    monkeypatch.setattr(engines, "IDLE_IN_TRANSACTION_MS", _SILENT_MS)
    _connect_anew(world)
    freezing = _Freezing(world, job, lambda: len(world.sms.sent) == 1)

    deliver_due(replace(world.services, ids=freezing))

    assert freezing.frozen
    assert world.message(job).status == MessageStatus.ACCEPTED
    assert [text.to for text in world.sms.sent] == [BO]


class _Freezing:
    """Ids of a worker that is frozen once, as soon as it makes one while `here`.

    It wakes up when somebody else has the job that it had locked.
    """

    def __init__(self, world: World, job: UUID, here: Callable[[], bool]) -> None:
        self._world, self._job, self._here = world, job, here
        self.frozen = False

    def __call__(self) -> UUID:
        if not self.frozen and self._here():
            self.frozen = True
            with self._world.services.sessions.begin() as other:
                other.execute(_row_of(self._job))
        return self._world.services.ids()


def _row_of(job: UUID) -> Select[UUID]:
    return select(Job.id).where(Job.id == job).with_for_update()


def _connect_anew(world: World) -> None:
    """Let every session from now on have the limits as they are now."""
    world.services.sessions.kw["bind"].dispose()


def _deliver(world: World) -> None:
    while deliver_due(world.services):
        pass


def _caller(world: World) -> Api:
    app = create_app(world.services, WebSettingsOfTests())
    return Api(app.test_client(), create_api_key(world.services, world.brand, "shop"))
