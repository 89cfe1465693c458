"""Which order a scan is about when carriers use a tracking code again."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from notifier.domain.deliveries import CodeUse, orders_meant

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
OLD, NEW, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)


def booked(job: UUID, days_ago: float, *, finished: bool = False) -> CodeUse:
    """Return an order booked so many days before `NOW` (negative is after)."""
    return CodeUse(job, NOW - timedelta(days=days_ago), finished)


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
