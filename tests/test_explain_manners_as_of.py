"""Explaining the past: caps, digests and quiet hours stood in the way as they stood then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier.booking import NewOrder, book
from notifier.brands import set_quiet_hours
from notifier.delivery import deliver_due
from notifier.domain.caps import Cap
from notifier.domain.decisions import Reason
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import WhyNot
from notifier.domain.rules.rule import RuleSet
from notifier.domain.windows import Window
from notifier.explain import explain
from notifier.parcels import NewParcel
from tests.desk import ADA, Desk, make_desk
from tests.diary import Diary
from tests.fakes.clock import FakeClock

DAY = timedelta(hours=24)
IN_THREE_DAYS = Window(
    datetime(2026, 11, 26, 16, tzinfo=UTC), datetime(2026, 11, 27, 2, tzinfo=UTC)
)


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: FakeClock) -> Desk:
    """Return a desk on both databases in turn."""
    return make_desk(sessions, clock)


def in_the_way(desk: Desk, job: UUID, rule: str, at: datetime | None = None) -> tuple[str, ...]:
    """Return what stood in the way of one rule of a job, now or at `at`."""
    (found,) = [one for one in explain(desk.services, desk.brand, job, at=at) if one.rule == rule]
    return found.in_the_way


def order(desk: Desk, reference: str) -> UUID:
    """Book an order of Ada's that is promised in three days."""
    new = NewOrder(
        reference=reference,
        items=("Kettle",),
        parcels=(NewParcel(carrier="UPS", tracking_code=f"1Z{reference}"),),
        window=IN_THREE_DAYS,
        people=(ADA,),
    )
    job = book(desk.services, desk.brand, new, source=FactSource.API, actor="key:1").job_id
    desk.deliver()
    return job


def test_who_had_had_enough_then_had_had_enough(desk: Desk) -> None:
    """What came since does not count against them, and what they had heard then does."""
    book = desk.services.rulebook
    capped = replace(book, rules=RuleSet(book.rules, caps=[Cap(period=DAY, at_most=1)]))
    desk = replace(desk, services=replace(desk.services, rulebook=capped))
    before = desk.clock()
    desk.clock.advance(minutes=1)
    desk.visit("JOB-1")
    diary = Diary(desk, desk.visit("JOB-2"))
    assert in_the_way(desk, diary.job, "booked") == (Reason.CAP_REACHED,)
    diary.write()
    desk.clock.advance(hours=25)
    diary.write()
    assert before < diary.pages[0][0]

    diary.must_still_hold()


def test_nobody_had_heard_anything_before_it_was_sent(desk: Desk) -> None:
    """The first booking of a day was not capped by the second."""
    book = desk.services.rulebook
    capped = replace(book, rules=RuleSet(book.rules, caps=[Cap(period=DAY, at_most=1)]))
    desk = replace(desk, services=replace(desk.services, rulebook=capped))
    job = desk.visit("JOB-1")
    then = desk.clock()
    said = in_the_way(desk, job, "reminder", then)
    desk.clock.advance(minutes=1)
    desk.late(job, 60)  # bad news never gives way
    desk.deliver()

    assert in_the_way(desk, job, "reminder", then) == said


def test_what_waited_to_be_said_together_waited(desk: Desk) -> None:
    """Two orders open: the news of one waits for that of the other, as it did then."""
    first, second = order(desk, "ORD-1"), order(desk, "ORD-2")
    diary = Diary(desk, first)
    diary.write()
    desk.say(first, FactType.DELAYED, expected=IN_THREE_DAYS.shifted(3 * 24 * 60))
    desk.clock.advance(minutes=1, seconds=30)
    assert WhyNot.IN_DIGEST in in_the_way(desk, first, "order_delayed")
    diary.write()
    diary.must_still_hold()

    desk.say(second, FactType.CANCELLED)
    nothing_to_wait_for = desk.clock()
    assert in_the_way(desk, first, "order_delayed") == ()
    desk.clock.advance(seconds=1)
    order(desk, "ORD-3")
    assert WhyNot.IN_DIGEST in in_the_way(desk, first, "order_delayed")
    assert in_the_way(desk, first, "order_delayed", nothing_to_wait_for) == ()


def test_the_night_was_as_long_as_it_was_then(desk: Desk) -> None:
    """Quiet hours that were changed since are those of then; so are the first."""
    desk.clock.set(datetime(2026, 11, 24, 5, 30, tzinfo=UTC))  # half past nine in the evening
    tomorrow_night = Window(
        datetime(2026, 11, 25, 20, tzinfo=UTC), datetime(2026, 11, 25, 22, tzinfo=UTC)
    )
    diary = Diary(desk, desk.visit(window=tomorrow_night))
    assert Reason.QUIET_HOURS in in_the_way(desk, diary.job, "booked")
    diary.write()
    set_quiet_hours(desk.services, desk.brand, usual="22:00-07:00", actor="staff:1")
    diary.write()
    set_quiet_hours(
        desk.services, desk.brand, usual="none", days={"tue": "20:00-23:00"}, actor="staff:1"
    )
    diary.write()
    while deliver_due(desk.services):
        pass
    diary.write()

    diary.must_still_hold()
