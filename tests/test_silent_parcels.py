"""An order in several parcels: one that nobody reports on is said to be a part of it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier.booking import NewOrder, book
from notifier.customers.outlook import Stage
from notifier.customers.status_page import read_status_page
from notifier.domain.facts import FactSource, FactType
from notifier.domain.windows import Window
from notifier.links import message_token
from notifier.parcels import NewParcel
from notifier.planner import look_again
from notifier.store.engine import reading
from tests.desk import ADA, Desk, make_desk
from tests.fakes.clock import FakeClock

IN_A_WEEK = Window(datetime(2026, 11, 30, 16, tzinfo=UTC), datetime(2026, 12, 1, 2, tzinfo=UTC))


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: FakeClock) -> Desk:
    """Return a desk on both databases in turn."""
    return make_desk(sessions, clock)


def order(desk: Desk, *codes: str) -> UUID:
    """Book an order in those parcels, promised in a week."""
    new = NewOrder(
        reference="ORD-1",
        items=("Kettle",),
        parcels=tuple(NewParcel(carrier="UPS", tracking_code=code) for code in codes),
        window=IN_A_WEEK,
        people=(ADA,),
    )
    job = book(desk.services, desk.brand, new, source=FactSource.API, actor="key:1").job_id
    desk.deliver()
    return job


def scanned_daily(desk: Desk, job: UUID, code: str, *, days: int) -> None:
    """A carrier sees that parcel once a day, and no other."""
    for _ in range(days):
        desk.clock.advance(hours=24)
        desk.say(job, FactType.IN_TRANSIT, source=FactSource.CARRIER, parcel=code)
        look_again(desk.services)
        desk.deliver()


def test_a_part_of_the_order_has_not_been_scanned(desk: Desk) -> None:
    """The other one is seen daily, so that "your order was not scanned" would be wrong."""
    job = order(desk, "1Z1", "1Z2")
    scanned_daily(desk, job, "1Z1", days=3)

    assert len(desk.messages(job, "order_no_scan")) == 1
    assert "has not scanned part of order ORD-1" in desk.texts()[-1]


def test_a_part_of_the_order_has_not_moved(desk: Desk) -> None:
    """Both were seen once, and one since."""
    job = order(desk, "1Z1", "1Z2")
    desk.say(job, FactType.IN_TRANSIT, source=FactSource.CARRIER, parcel="1Z2")
    scanned_daily(desk, job, "1Z1", days=4)

    assert len(desk.messages(job, "order_no_movement")) == 1
    assert "part of order ORD-1 has not moved" in desk.texts()[-1]


def test_the_only_parcel_is_the_order(desk: Desk) -> None:
    """There is no other part."""
    order(desk, "1Z1")
    desk.clock.advance(hours=72)
    look_again(desk.services)
    desk.deliver()

    assert "UPS has not scanned order ORD-1" in desk.texts()[-1]


def test_the_page_goes_on_checking_until_the_silent_part_is_seen(desk: Desk) -> None:
    """That the other one was scanned again is no news of it."""
    job = order(desk, "1Z1", "1Z2")
    scanned_daily(desk, job, "1Z1", days=3)
    assert stage(desk, job) is Stage.CHECKING

    desk.clock.advance(hours=1)
    desk.say(job, FactType.IN_TRANSIT, source=FactSource.CARRIER, parcel="1Z1")
    assert stage(desk, job) is Stage.CHECKING

    desk.say(job, FactType.IN_TRANSIT, source=FactSource.CARRIER, parcel="1Z2")
    assert stage(desk, job) is Stage.COMING


def stage(desk: Desk, job: UUID) -> Stage:
    """Return what the page of the last text says first."""
    token = message_token(desk.services.vault, desk.messages(job)[-1].id)
    with reading(desk.services.sessions) as session:
        return read_status_page(session, desk.services, token).outlook.stage
