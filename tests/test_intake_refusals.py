"""What can't be said of a job, or not any more: refused with its field, and nothing recorded."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from notifier import intake
from notifier.clock import new_id
from notifier.domain.facts import FactSource, FactType
from notifier.domain.reasons import Party
from notifier.domain.windows import UNKNOWN, from_json
from notifier.errors import Conflict, Invalid, NotFound
from notifier.store.tables import FactRow
from tests.desk import TOMORROW, Desk, make_desk, staff_fact
from tests.fakes.clock import FakeClock


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: FakeClock) -> Desk:
    """Return a desk on both databases in turn."""
    return make_desk(sessions, clock)


def test_what_was_said_of_an_older_version_is_refused(desk: Desk) -> None:
    """The preview that they saw is no longer what would happen."""
    job = desk.visit()
    seen = desk.job(job).version
    desk.late(job, 15)
    with pytest.raises(Conflict, match="changed"):
        desk.late(job, 45, expecting_version=seen)
    assert from_json(desk.job(job).expected) == TOMORROW.shifted(15)
    desk.late(job, 45, expecting_version=desk.job(job).version)


def test_an_older_fact_that_comes_late_is_kept_and_changes_nothing(desk: Desk) -> None:
    """It is recorded, and says that it did not apply."""
    job = desk.visit()
    earlier = desk.clock()
    desk.clock.advance(minutes=30)
    desk.say(job, FactType.COMPLETED)
    recorded = desk.say(
        job, FactType.EN_ROUTE, source=FactSource.TECHNICIAN, occurred_at=desk.clock()
    )
    assert not recorded.applied
    desk.say(job, FactType.EN_ROUTE, occurred_at=earlier)
    assert desk.job(job).status == "completed"


@pytest.mark.parametrize(
    ("type", "fields", "field"),
    [
        (FactType.DELAYED, {}, "minutes"),
        (FactType.DELAYED, {"minutes": 5, "expected": UNKNOWN}, "minutes"),
        (FactType.RESCHEDULED, {}, "window"),
        (FactType.ACCEPTED, {}, "window"),
        (FactType.DECLINED, {}, "window"),
        (FactType.REASSIGNED, {}, "technician"),
        (FactType.SHIPPED, {}, "type"),
        (FactType.WITHDRAWN, {}, "type"),
        (FactType.BOOKED, {}, "type"),
        (FactType.EN_ROUTE, {"parcel": "1Z"}, "parcel"),
        (FactType.EN_ROUTE, {"parcel": "\x1f"}, "parcel"),
        (FactType.TOLD, {"person": new_id()}, "person"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_field(
    desk: Desk, type: FactType, fields: dict[str, object], field: str
) -> None:
    """And nothing of it is recorded."""
    job = desk.visit()
    version = desk.job(job).version
    with pytest.raises(Invalid) as refused:
        desk.say(job, type, **fields)
    assert refused.value.field == field
    assert desk.job(job).version == version


def test_another_brand_has_no_such_job(desk: Desk) -> None:
    """Not even its existence is told."""
    job = desk.visit()
    stranger: UUID = new_id()
    for attempt in (
        lambda: intake.record(desk.services, stranger, job, staff_fact(FactType.CONFIRMED)),
        lambda: intake.hold(desk.services, stranger, job, actor="staff:1"),
        lambda: desk.say(stranger, FactType.CONFIRMED),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_what_can_not_be_taken_back(desk: Desk) -> None:
    """A booking, a withdrawal, and what was never said."""
    job = desk.visit()
    with desk.services.sessions() as session:
        booked = session.scalars(select(FactRow.id).where(FactRow.job_id == job)).one()
    late = desk.late(job, 45)
    back = intake.withdraw(
        desk.services, desk.brand, job, late.fact_id, source=FactSource.STAFF, actor="staff:1"
    )
    for fact, error in ((booked, Invalid), (back.fact_id, Invalid), (new_id(), NotFound)):
        with pytest.raises(error):
            intake.withdraw(
                desk.services, desk.brand, job, fact, source=FactSource.STAFF, actor="staff:1"
            )


def test_whose_fault_it_was_is_never_assumed(desk: Desk) -> None:
    """Missed without a word about whose: unknown, and no apology in our name."""
    job = desk.visit()
    desk.clock.set(TOMORROW.end)
    desk.say(job, FactType.MISSED)
    assert desk.job(job).by == Party.UNKNOWN
    assert desk.messages(job, "missed_by_us") == []


@pytest.mark.parametrize("by", [*Party, None])
def test_nobody_has_waited_in_vain_before_their_time_begins(desk: Desk, by: Party | None) -> None:
    """Whoever's doing it is to be: "you waited for us in vain" is not true yet."""
    job = desk.visit()
    desk.clock.set(TOMORROW.start - timedelta(seconds=1))
    with pytest.raises(Invalid, match="`cancelled`") as refused:
        desk.say(job, FactType.MISSED, by=by)
    assert refused.value.field == "type"
    assert desk.job(job).status == "scheduled"

    desk.clock.set(TOMORROW.start)
    desk.say(job, FactType.MISSED, by=by)
    assert desk.job(job).status == "missed"


def test_they_wait_from_the_time_that_they_heard_last(desk: Desk) -> None:
    """An hour late as they know it, they don't wait yet; as only we know it, they do."""
    heard, unheard = desk.visit("JOB-1"), desk.visit("JOB-2")
    desk.late(heard, 60)
    desk.deliver()
    desk.clock.set(TOMORROW.start)
    desk.late(unheard, 60)

    with pytest.raises(Invalid):
        desk.say(heard, FactType.MISSED)
    desk.say(unheard, FactType.MISSED)

    desk.clock.set(TOMORROW.shifted(60).start)
    desk.say(heard, FactType.MISSED)


def test_what_was_missed_can_be_said_after_another_time_was_found(desk: Desk) -> None:
    """It is judged by what they waited for then, and the new visit stays as it is."""
    job = desk.visit()
    desk.clock.set(TOMORROW.end)
    found = TOMORROW.shifted(24 * 60)
    desk.say(job, FactType.RESCHEDULED, window=found, agreed=True)
    desk.clock.advance(hours=1)

    with pytest.raises(Invalid):
        desk.say(job, FactType.MISSED)
    desk.say(job, FactType.MISSED, occurred_at=TOMORROW.end - timedelta(minutes=10))

    assert desk.job(job).status == "scheduled"
    assert from_json(desk.job(job).agreed) == found


def test_no_visit_was_missed_before_it_was_booked(desk: Desk) -> None:
    """A time of its own does not help: nobody waited then."""
    job = desk.visit()
    with pytest.raises(Invalid):
        desk.say(job, FactType.MISSED, occurred_at=desk.clock() - timedelta(days=3))


def test_a_visit_without_a_time_can_be_missed(desk: Desk) -> None:
    """What its customer was told on the phone we don't know."""
    job = desk.visit(window=None)
    desk.say(job, FactType.MISSED)
    assert desk.job(job).status == "missed"
