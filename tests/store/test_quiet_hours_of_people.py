"""Whose hours a person's messages wait for: the brand's, and those of their number's regions."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from notifier.domain.messages import MessageKind
from notifier.domain.plan_input import PlanInput
from notifier.domain.quiet.hours import QuietHours
from notifier.regional_hours import quiet_by_kind
from notifier.store.snapshots import load_snapshots
from notifier.store.tables import Brand, ContactPoint, Person
from tests.desk import Desk, make_desk
from tests.fakes.clock import FakeClock

USUAL = QuietHours(time(21), time(8))


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: FakeClock) -> Desk:
    """Return a desk of a brand in Los Angeles."""
    return make_desk(sessions, clock)


def planned(desk: Desk, **changes: object) -> PlanInput:
    """Return what planning reads of a visit."""
    job = desk.visit(**changes)  # type: ignore[arg-type]
    with desk.services.sessions() as session:
        return load_snapshots(session, [job])[job].plan_input


def test_a_number_brings_the_law_of_its_state(desk: Desk) -> None:
    """+1 206 is Washington: selling ends at eight there. Word of the visit is not selling."""
    (person,) = planned(desk).people
    assert person.quiet == quiet_by_kind(USUAL, ("US/206",))
    assert person.quiet_for(MessageKind.TRANSACTIONAL, USUAL) == USUAL
    assert person.quiet_for(MessageKind.MARKETING, USUAL) != USUAL


def test_a_number_from_before_its_region_was_kept_gets_the_strictest(desk: Desk) -> None:
    """Of the country of the place: any of its states."""
    job = desk.visit()
    with desk.services.sessions.begin() as session:
        session.execute(update(ContactPoint).values(regions=None))
        (person,) = load_snapshots(session, [job])[job].plan_input.people
        assert person.quiet == quiet_by_kind(USUAL, ("US",))


def test_a_zone_that_they_stated_brings_its_countrys_law_too(desk: Desk) -> None:
    """A number of Seattle, kept by somebody in Paris."""
    job = desk.visit()
    with desk.services.sessions.begin() as session:
        session.execute(update(Person).values(zone="Europe/Paris"))
        (person,) = load_snapshots(session, [job])[job].plan_input.people
        assert person.quiet == quiet_by_kind(USUAL, ("FR", "US/206"))


def test_without_a_number_no_law_on_telephones_holds(desk: Desk) -> None:
    """Whoever gave an email address alone."""
    job = desk.visit()
    with desk.services.sessions.begin() as session:
        for point in session.scalars(select(ContactPoint).where(ContactPoint.channel == "sms")):
            point.replaced_at = point.created_at
        session.flush()
        (person,) = load_snapshots(session, [job])[job].plan_input.people
        assert person.quiet == {}


def test_weekdays_of_the_brand_are_read_and_one_that_is_closed_is_not_worked(desk: Desk) -> None:
    """Nothing goes on a Monday, and no working day is counted then, nor on Thanksgiving."""
    with desk.services.sessions.begin() as session:
        session.execute(update(Brand).values(quiet_days={"mon": ["00:00", "24:00"]}))
    manners = planned(desk).manners
    (zone,) = {zone for person in planned(desk, reference="JOB-2").people for zone in person.zones}
    assert manners.quiet.covers(datetime(2026, 11, 23, 12, tzinfo=zone), zone)
    assert not manners.works(date(2026, 11, 23))
    assert manners.works(date(2026, 11, 24))
    assert not manners.works(date(2026, 11, 26))
