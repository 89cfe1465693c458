"""Booked without a time: by whatever door the first one comes, whoever waits hears it once."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier import intake
from notifier.booking import NewOrder, book
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import MessageStatus
from notifier.intake import NewFact
from notifier.parcels import NewParcel
from tests.desk import ADA, TOMORROW, Desk, make_desk
from tests.fakes.clock import FakeClock


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: FakeClock) -> Desk:
    """Return a brand at nine in the morning."""
    return make_desk(sessions, clock)


def order(desk: Desk) -> UUID:
    """Book an order without a date."""
    new = NewOrder(
        reference="ORD-1",
        items=("Valve",),
        parcels=(NewParcel(carrier="UPS", tracking_code="1Z999"),),
        people=(ADA,),
    )
    job = book(desk.services, desk.brand, new, source=FactSource.SHOP, actor="key:1").job_id
    desk.deliver()
    return job


def heard_once(desk: Desk, job: UUID, new: NewFact) -> list[str]:
    """Say `new` twice, and return the rules of what arrived since."""
    before = len(desk.messages(job))
    for _ in range(2):
        desk.clock.advance(minutes=5)
        intake.record(desk.services, desk.brand, job, new)
        desk.clock.advance(minutes=5)
        desk.deliver()
    assert desk.told(job) == TOMORROW
    since = desk.messages(job)[before:]
    return [message.rule for message in since if message.status == MessageStatus.DELIVERED]


@pytest.mark.parametrize("source", [FactSource.SHOP, FactSource.API, FactSource.STAFF])
@pytest.mark.parametrize(
    "said",
    [
        {"type": FactType.DELAYED, "expected": TOMORROW},
        {"type": FactType.RESCHEDULED, "window": TOMORROW, "agreed": False},
    ],
)
def test_the_first_time_of_a_visit_is_told_once(
    desk: Desk, source: FactSource, said: dict[str, object]
) -> None:
    """Whoever says it, and in whichever of the two ways."""
    job = desk.visit(window=None)
    new = NewFact(source=source, actor="key:1", **said)  # type: ignore[arg-type]
    assert heard_once(desk, job, new) == ["time_set"]
    assert desk.job(job).status == "scheduled"


@pytest.mark.parametrize(
    ("type", "rule"),
    [
        (FactType.DELAYED, "order_date_set"),
        (FactType.IN_TRANSIT, "order_date_set"),
        (FactType.SHIPPED, "shipped"),  # which says the date itself
    ],
)
def test_the_first_date_of_an_order_is_told_once(desk: Desk, type: FactType, rule: str) -> None:
    """The shop learns it, or the carrier says it with a scan."""
    job = order(desk)
    new = NewFact(type=type, source=FactSource.CARRIER, actor="source:1", expected=TOMORROW)
    assert heard_once(desk, job, new) == [rule]
