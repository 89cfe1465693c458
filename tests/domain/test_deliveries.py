"""Which order a scan is about when carriers use a tracking code again."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from notifier.domain.deliveries import CodeUse, code_use, is_older, orders_meant
from notifier.domain.facts import STATUS, Fact, FactSource, FactType, Standing
from tests.fakes.ids import id_number

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
OLD, NEW, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)


def booked(
    job: UUID, days_ago: float, *, heard_days_ago: float | None = None, finished: bool = False
) -> CodeUse:
    """Return an order booked so many days before `NOW` (negative is after), and heard of last."""
    heard = days_ago if heard_days_ago is None else heard_days_ago
    at, heard_until = (NOW - timedelta(days=days) for days in (days_ago, heard))
    return CodeUse(job, at, heard_until, finished)


def test_a_code_used_again_months_later_is_the_new_order() -> None:
    """A scan of today moves the order of this week, not last spring's."""
    assert orders_meant([booked(OLD, 200, finished=True), booked(NEW, 2)], NOW) == (NEW,)


def test_a_late_scan_of_the_old_parcel_stays_with_the_old_order() -> None:
    """Its scan lies months before the new order was booked."""
    uses = [booked(OLD, 10, finished=True), booked(NEW, -150)]
    assert orders_meant(uses, NOW) == (OLD,)


def test_a_label_may_be_older_than_the_order() -> None:
    """Shops book with us after they print: some scans lie before the booking."""
    assert orders_meant([booked(NEW, -3)], NOW) == (NEW,)


def test_a_fresh_order_is_not_delivered_by_somebody_elses_parcel() -> None:
    """A tracker made for a recycled code brings the last parcel's end with it."""
    assert orders_meant([booked(NEW, -200)], NOW) == ()


def test_news_of_a_finished_order_still_finds_it() -> None:
    """Old news joins, and changes nothing there."""
    assert orders_meant([booked(OLD, 5, finished=True)], NOW) == (OLD,)
    assert orders_meant([], NOW) == ()


def test_orders_in_one_parcel_are_all_meant() -> None:
    """A shop puts two orders of a customer in one box; one of half a year ago is not in it."""
    uses = [booked(OLD, 180), booked(NEW, 3), booked(OTHER, 2, finished=True)]
    assert set(orders_meant(uses, NOW)) == {NEW, OTHER}
    assert orders_meant([booked(OLD, 100), booked(NEW, 2)], NOW) == (NEW,)


@pytest.mark.parametrize("finished", [False, True])
def test_an_order_that_was_silent_for_months_is_not_meant(finished: bool) -> None:
    """Its delivery may never have been scanned; the parcel of today is somebody else's all the
    same, who may not have been booked yet."""
    old = booked(OLD, 150, finished=finished)
    assert orders_meant([old], NOW) == ()
    assert orders_meant([old, booked(NEW, -3)], NOW) == (NEW,)


def test_an_order_that_was_heard_of_lately_is_meant_however_old_it_is() -> None:
    """A parcel by sea is scanned now and then."""
    assert orders_meant([booked(OLD, 150, heard_days_ago=60)], NOW) == (OLD,)
    assert orders_meant([booked(OLD, 150, heard_days_ago=60.1)], NOW) == ()
    assert orders_meant([booked(OLD, 150, heard_days_ago=-90)], NOW) == (OLD,)


def test_a_scan_is_older_than_all_its_orders_or_waits_for_another_one() -> None:
    """One that no order can be booked for any more needs not wait."""
    assert is_older([booked(NEW, -200)], NOW)
    for uses in ([], [booked(OLD, 150)], [booked(OLD, 150), booked(NEW, -200)]):
        assert not is_older(uses, NOW)


def said(type_: FactType, days_ago: float, number: int = 1, **more: Any) -> Fact:
    """Return what a carrier said so many days before `NOW`."""
    at = NOW - timedelta(days=days_ago)
    told = {"source": FactSource.CARRIER, "occurred_at": at, "received_at": at, **more}
    return Fact(id=id_number(number), seq=number, type=type_, **told)


def heard_days_ago(*facts: Fact, due_in: float | None = None, finished: bool = False) -> float:
    """Return how many days ago an order of half a year ago was heard of."""
    due_at = NOW + timedelta(days=due_in) if due_in is not None else None
    booking = said(FactType.BOOKED, 180, 0, source=FactSource.API, received_at=NOW)
    use = code_use(OLD, [*facts, booking], due_at=due_at, finished=finished)
    return (NOW - use.heard_until) / timedelta(days=1)


def test_an_order_was_heard_of_when_its_parcel_was() -> None:
    """By its booking, then by the latest scan, in whatever order they came."""
    assert heard_days_ago() == 180
    scans = [said(FactType.SHIPPED, 170), said(FactType.IN_TRANSIT, 90, 2)]
    assert heard_days_ago(*scans) == heard_days_ago(*reversed(scans)) == 90
    ahead = said(FactType.IN_TRANSIT, -30, 3, received_at=NOW - timedelta(days=80))
    assert heard_days_ago(*scans, ahead) == 80


def test_what_we_told_the_customer_first_books_nothing() -> None:
    """A message that gave an order its first day says nothing of when it was ordered."""
    assert heard_days_ago(said(FactType.BOOKED, 170, source=FactSource.CLOCK)) == 180


def test_what_says_nothing_of_the_parcel_is_no_news_of_it() -> None:
    """A number that was put right, and an old order that staff tidied away."""
    shipped = said(FactType.SHIPPED, 170)
    staff = {"source": FactSource.STAFF}
    for later in (
        said(FactType.CONTACT_CHANGED, 5, 2),
        said(FactType.CANCELLED, 5, 2),
        said(FactType.DELIVERED, 5, 2, **staff),
        said(FactType.RETURNED, 5, 2, **staff),
    ):
        assert heard_days_ago(shipped, later) == 170
    assert heard_days_ago(shipped, said(FactType.DELIVERED, 5, 2)) == 5
    assert heard_days_ago(shipped, said(FactType.SHIPPED, 5, 2, **staff)) == 5


def test_what_a_source_only_says_again_is_no_news() -> None:
    """A shop that files an old order away tells once more how it has it."""
    stands: dict[str, Any] = {
        "source": FactSource.SHOP,
        "stands": Standing(id_number(9), STATUS, "in_transit"),
    }
    first = said(FactType.IN_TRANSIT, 160, **stands)
    assert heard_days_ago(first, said(FactType.IN_TRANSIT, 5, 2, **stands)) == 160


def test_what_was_taken_back_is_no_news() -> None:
    """Somebody else's scan, that staff withdrew, does not let the next one in."""
    mistaken = said(FactType.OUT_FOR_DELIVERY, 5, 2)
    withdrawn = said(FactType.WITHDRAWN, 4, 3, withdraws=mistaken.id)
    assert heard_days_ago(said(FactType.SHIPPED, 170), mistaken, withdrawn) == 170


def test_a_promise_for_months_ahead_is_not_silence() -> None:
    """As long as the order is open: what came early is over."""
    assert heard_days_ago(due_in=20) == -20
    assert heard_days_ago(due_in=-150) == 150
    assert heard_days_ago(said(FactType.DELIVERED, 90), due_in=20, finished=True) == 90
