"""Who counts as the same human across jobs, and who never does."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier.booking import NewPerson, PeoplePatch, correct_people
from notifier.domain.messages import Role
from notifier.store.tables import Person
from tests.desk import ADA, Desk, make_desk
from tests.fakes.clock import FakeClock
from tests.services import given_brand


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: FakeClock) -> Desk:
    """Return a desk on both databases in turn."""
    return make_desk(sessions, clock)


def identity(desk: Desk, job: UUID) -> bytes | None:
    """Return the identity of a job's first customer."""
    with desk.services.sessions() as session:
        return session.get_one(Person, desk.person(job).person_id).identity_hash


def identities(desk: Desk, *people: NewPerson) -> list[bytes | None]:
    """Book a visit for each of `people` and return who they are."""
    return [
        identity(desk, desk.visit(f"JOB-{place}", people=(person,)))
        for place, person in enumerate(people)
    ]


def test_the_same_reference_is_the_same_human(desk: Desk) -> None:
    """The caller knows best, whatever name and number the booking was made with."""
    one = NewPerson(reference="C-7", name="Ada Park", phone="+12065550100")
    other = NewPerson(reference=" C-7", name="A. Park", phone="+12065550177")
    first, second = identities(desk, one, other)
    assert first is not None
    assert first == second


def test_another_reference_is_another_human_with_the_same_name_and_number(desk: Desk) -> None:
    """Father and son may share both."""
    one, other = identities(desk, replace(ADA, reference="C-7"), replace(ADA, reference="C-8"))
    assert one != other


def test_a_name_with_its_number_is_the_same_human_however_it_is_typed(desk: Desk) -> None:
    """Without a reference, name and number say it together."""
    one, other = identities(
        desk,
        NewPerson(name="Ada Park", phone="+12065550100", email="ada@example.com"),
        NewPerson(name=" ADA  park", phone="(206) 555-0100"),
    )
    assert one is not None
    assert one == other


def test_two_names_on_one_phone_are_two_humans(desk: Desk) -> None:
    """People who share a phone never see each other's jobs."""
    one, other = identities(desk, ADA, NewPerson(name="Bo Park", phone=ADA.phone))
    assert None not in (one, other)
    assert one != other


def test_a_name_is_another_human_at_another_number(desk: Desk) -> None:
    """There are many Ada Parks."""
    one, other = identities(desk, ADA, NewPerson(name=ADA.name, phone="+12065550177"))
    assert one != other


def test_an_email_stands_in_for_a_missing_number(desk: Desk) -> None:
    """Whoever gave only an address is known by it, in any case."""
    one, other = identities(
        desk,
        NewPerson(name="Ada Park", email="ada@example.com"),
        NewPerson(name="Ada Park", email="Ada@Example.com"),
    )
    assert one is not None
    assert one == other


def test_a_number_alone_is_nobody(desk: Desk) -> None:
    """Neither is a name alone."""
    assert identities(desk, NewPerson(phone=ADA.phone), NewPerson(name="Ada Park")) == [None, None]


def test_another_brand_does_not_know_them(desk: Desk) -> None:
    """The same customer of two brands is not linked."""
    here = identity(desk, desk.visit(people=(ADA,)))
    elsewhere = replace(desk, brand=given_brand(desk.services, slug="elsewhere").id)
    there = identity(elsewhere, elsewhere.visit(people=(ADA,)))
    assert here != there


def test_a_corrected_number_is_part_of_who_they_are(desk: Desk) -> None:
    """Corrected to what another job has, both are one human."""
    wrong = desk.visit("JOB-1", people=(replace(ADA, phone="+12065550177"),))
    right = desk.visit("JOB-2", people=(ADA,))
    correct_people(desk.services, desk.brand, wrong, PeoplePatch(phone=ADA.phone), actor="key:1")
    assert identity(desk, wrong) == identity(desk, right) is not None


def test_a_correction_leaves_a_reference_alone(desk: Desk) -> None:
    """A new name does not make another human of customer C-7; a new reference does."""
    one = desk.visit("JOB-1", people=(replace(ADA, reference="C-7"),))
    same = desk.visit("JOB-2", people=(replace(ADA, reference="C-7"),))
    correct_people(desk.services, desk.brand, one, PeoplePatch(name="Ada Lind"), actor="key:1")
    assert identity(desk, one) == identity(desk, same)
    correct_people(desk.services, desk.brand, one, PeoplePatch(reference="C-9"), actor="key:1")
    assert identity(desk, one) not in (None, identity(desk, same))


def test_a_reference_taken_away_leaves_name_and_number(desk: Desk) -> None:
    """They are then who anybody of that name and number is."""
    one = desk.visit("JOB-1", people=(replace(ADA, reference="C-7"),))
    by_name = desk.visit("JOB-2", people=(ADA,))
    correct_people(desk.services, desk.brand, one, PeoplePatch(reference=None), actor="key:1")
    assert identity(desk, one) == identity(desk, by_name)


def test_a_wrong_number_takes_the_identity_that_rested_on_it(desk: Desk) -> None:
    """A name alone is nobody."""
    job = desk.visit(people=(ADA,))
    correct_people(desk.services, desk.brand, job, PeoplePatch(wrong_number=True), actor="key:1")
    assert identity(desk, job) is None


def test_whoever_is_erased_has_no_identity(desk: Desk) -> None:
    """Nothing ties them to another job any more."""
    job = desk.visit(people=(NewPerson(role=Role.CUSTOMER, reference="C-7", name="Ada Park"),))
    with desk.services.sessions.begin() as session:
        session.get_one(Person, desk.person(job).person_id).key = None
    assert identity(desk, job) is None


def test_a_booking_from_before_references_is_the_same_booking_still(desk: Desk) -> None:
    """Callers that say no reference send what they always sent, and get the same job."""
    assert desk.visit(people=(ADA,)) == desk.visit(people=(replace(ADA, reference=None),))
