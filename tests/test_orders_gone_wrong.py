"""Customers hear "we are looking into it": somebody at the business is asked to, once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier import intake, task_list
from notifier.booking import NewOrder, NewParcel, book
from notifier.domain.facts import FactSource, FactType
from notifier.domain.windows import Window
from notifier.store.tables import Task
from tests.desk import TOMORROW, WITH_EMAIL, Desk, make_desk
from tests.fakes.clock import FakeClock

_IN_TWO_DAYS = Window(TOMORROW.start + timedelta(days=1), TOMORROW.end + timedelta(days=1))


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: FakeClock) -> Desk:
    """Return a desk on both databases in turn."""
    return make_desk(sessions, clock)


def _order(
    desk: Desk, *, codes: Sequence[str] = ("1Z1",), window: Window | None = _IN_TWO_DAYS
) -> UUID:
    new = NewOrder(
        reference="#1001",
        service="Kettle",
        window=window,
        people=(WITH_EMAIL,),
        parcels=tuple(NewParcel(carrier="UPS", tracking_code=code) for code in codes),
    )
    job = book(desk.services, desk.brand, new, source=FactSource.SHOP, actor="source:1").job_id
    desk.deliver()
    return job


def _scan(desk: Desk, job: UUID, type: FactType, code: str = "1Z1") -> UUID:
    said = desk.say(job, type, source=FactSource.CARRIER, actor="source:2", parcel=code)
    desk.deliver()
    return said.fact_id


def _asked(desk: Desk, job: UUID) -> list[Task]:
    return [task for task in desk.tasks(job) if task.rule == "order_gone_wrong"]


@pytest.mark.parametrize("window", [_IN_TWO_DAYS, None])
def test_what_the_customer_is_promised_somebody_must_do(desk: Desk, window: Window | None) -> None:
    """They hear that we look into it; so somebody is asked to, within a day."""
    job = _order(desk, window=window)
    assert _asked(desk, job) == []

    _scan(desk, job, FactType.EXCEPTION)

    assert len(desk.messages(job, "order_exception")) == 1
    (task,) = _asked(desk, job)
    assert (task.kind, task.why) == ("look_into", "order_gone_wrong")
    assert timedelta(hours=23) < task.due_at - desk.clock() <= timedelta(days=1)


def test_that_it_never_came_is_looked_into_as_well(desk: Desk) -> None:
    """Their page says so when they tap it."""
    job = _order(desk)
    _scan(desk, job, FactType.DELIVERED)

    desk.say(job, FactType.NOT_RECEIVED, source=FactSource.CUSTOMER, actor="person:1")

    assert len(_asked(desk, job)) == 1


def test_another_try_by_the_carrier_asks_nobody(desk: Desk) -> None:
    """They are told so, and nothing is promised."""
    job = _order(desk)

    _scan(desk, job, FactType.ATTEMPTED)

    assert _asked(desk, job) == []


def test_eleven_scans_are_one_task_due_as_the_first(desk: Desk) -> None:
    """Over two days, while nobody has looked."""
    job = _order(desk)
    _scan(desk, job, FactType.EXCEPTION)
    (first,) = _asked(desk, job)

    for _ in range(10):
        desk.clock.advance(hours=4)
        _scan(desk, job, FactType.EXCEPTION)

        (task,) = _asked(desk, job)
        assert task.due_at == first.due_at


@pytest.mark.parametrize(
    "type",
    [
        FactType.IN_TRANSIT,
        FactType.OUT_FOR_DELIVERY,
        FactType.DELIVERED,
        FactType.RETURNED,
        FactType.CANCELLED,
    ],
)
def test_it_ends_when_the_parcel_moves_on_or_the_order_ends(desk: Desk, type: FactType) -> None:
    """By itself."""
    job = _order(desk)
    _scan(desk, job, FactType.EXCEPTION)

    desk.say(job, type)

    assert _asked(desk, job) == []


def test_it_ends_when_it_was_a_mistake(desk: Desk) -> None:
    """And is there again when it goes wrong after all."""
    job = _order(desk)
    wrong = _scan(desk, job, FactType.EXCEPTION)
    intake.withdraw(desk.services, desk.brand, job, wrong, source=FactSource.STAFF, actor="staff:1")
    assert _asked(desk, job) == []

    _scan(desk, job, FactType.EXCEPTION)

    assert len(_asked(desk, job)) == 1


def test_another_parcel_that_moves_finds_no_lost_one(desk: Desk) -> None:
    """Nor is what was ticked off asked for again by its scans."""
    job = _order(desk, codes=("1Z1", "1Z2"))
    _scan(desk, job, FactType.EXCEPTION, "1Z1")
    (first,) = _asked(desk, job)

    for type in (FactType.IN_TRANSIT, FactType.OUT_FOR_DELIVERY, FactType.DELIVERED):
        desk.clock.advance(hours=20)
        _scan(desk, job, type, "1Z2")
        assert [task.id for task in _asked(desk, job)] == [first.id]
    _scan(desk, job, FactType.IN_TRANSIT, "1Z1")

    assert _asked(desk, job) == []


def test_a_lost_parcel_that_is_there_is_none_while_another_is_awaited(desk: Desk) -> None:
    """The order as a whole still says that something happened on its way."""
    job = _order(desk, codes=("1Z1", "1Z2"))
    _scan(desk, job, FactType.EXCEPTION, "1Z1")

    _scan(desk, job, FactType.DELIVERED, "1Z1")

    assert desk.job(job).status == "exception"
    assert _asked(desk, job) == []


def test_what_was_ticked_off_is_asked_again_when_they_are_promised_it_again(desk: Desk) -> None:
    """Not on that day, however often it is scanned; on the next they are told once more."""
    job = _order(desk)
    _scan(desk, job, FactType.EXCEPTION)
    (task,) = _asked(desk, job)
    task_list.mark_done(desk.services, desk.brand, task.id, actor="staff:1")
    for _ in range(3):
        desk.clock.advance(minutes=30)
        _scan(desk, job, FactType.EXCEPTION)
        assert _asked(desk, job) == []

    desk.clock.advance(days=1)
    _scan(desk, job, FactType.EXCEPTION)

    assert len(desk.messages(job, "order_exception")) == 2
    assert len(_asked(desk, job)) == 1
