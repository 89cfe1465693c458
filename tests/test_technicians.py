"""Technicians as people who can be asked: their number, their place on a job, and who sees them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from notifier.booking import NewAppointment, book
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import Role, WhyNot
from notifier.domain.words.segments import count_segments
from notifier.errors import Invalid, NotFound
from notifier.explain import explain
from notifier.job_views import job_views
from notifier.ledgers import read_ledgers
from notifier.planner import load_for_planning, look_again
from notifier.preview import preview
from notifier.store.engine import reading
from notifier.store.snapshots import load_snapshots
from notifier.store.snapshots_as_of import snapshot_as_of
from notifier.store.tables import ContactPoint, JobPerson, Person, SearchTerm, Technician
from notifier.technicians.questions import last_question
from notifier.technicians.register import phone_of, set_phone
from tests.desk import ADA, TOMORROW, Desk, make_desk, staff_fact
from tests.fakes.clock import FakeClock

SAM, PRIYA = "+12065550177", "+12065550188"


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: FakeClock) -> Desk:
    """Return a desk on both databases in turn."""
    return make_desk(sessions, clock)


def _with_sam(desk: Desk, reference: str = "JOB-1") -> UUID:
    return desk.visit(reference, technician="Sam", technician_phone=SAM)


def _technicians(desk: Desk, job: UUID) -> list[JobPerson]:
    with reading(desk.services.sessions) as session:
        query = select(JobPerson).where(JobPerson.job_id == job, JobPerson.role == Role.TECHNICIAN)
        return list(session.scalars(query.order_by(JobPerson.position)))


def _planned_for(desk: Desk, job: UUID) -> list[UUID]:
    with reading(desk.services.sessions) as session:
        snapshot = load_for_planning(session, desk.services, [job])[job]
    views = snapshot.plan_input.people
    return [view.job_person for view in views if view.role is Role.TECHNICIAN]


def _id_of(desk: Desk, job: UUID) -> UUID:
    found = desk.job(job).technician_id
    assert found is not None
    return found


def test_a_booking_with_a_number_puts_them_on_the_job(desk: Desk) -> None:
    """In one transaction: a person with a key and a contact point of their own, after everybody."""
    job = _with_sam(desk)

    (row,) = _technicians(desk, job)
    assert _planned_for(desk, job) == [row.id]
    assert row.position > desk.person(job).position
    with reading(desk.services.sessions) as session:
        person = session.get_one(Person, row.person_id)
        contact = session.scalars(
            select(ContactPoint).where(ContactPoint.person_id == person.id)
        ).one()
        assert desk.services.vault.open(person.key, contact.address) == SAM
        assert person.identity_hash is None  # nobody of another job is taken for them
    assert phone_of(desk.services, desk.brand, _id_of(desk, job)) == SAM


def test_one_person_for_all_their_jobs(desk: Desk) -> None:
    """The second booking names them alone, and they are on it too."""
    first, second = _with_sam(desk), desk.visit("JOB-2", technician="sam")

    assert _technicians(desk, first)[0].person_id == _technicians(desk, second)[0].person_id


def test_without_a_number_nobody_can_be_asked(desk: Desk) -> None:
    """A name alone makes no person."""
    job = desk.visit(technician="Sam")

    assert _technicians(desk, job) == []
    assert phone_of(desk.services, desk.brand, _id_of(desk, job)) is None


def test_a_number_learnt_later_counts_for_the_jobs_that_they_have(desk: Desk) -> None:
    """The next round puts them on; a number of the country is read as such."""
    job = desk.visit(technician="Sam")
    set_phone(desk.services, desk.brand, _id_of(desk, job), "(206) 555-0177")

    look_again(desk.services)

    assert len(_planned_for(desk, job)) == 1
    assert phone_of(desk.services, desk.brand, _id_of(desk, job)) == SAM


def test_another_number_and_none(desk: Desk) -> None:
    """It is replaced where they are known; taken away, no text is planned to them."""
    job = _with_sam(desk)
    set_phone(desk.services, desk.brand, _id_of(desk, job), PRIYA)
    assert phone_of(desk.services, desk.brand, _id_of(desk, job)) == PRIYA

    set_phone(desk.services, desk.brand, _id_of(desk, job), None)
    assert phone_of(desk.services, desk.brand, _id_of(desk, job)) is None
    desk.clock.advance(hours=24)
    desk.clock.set(TOMORROW.end - timedelta(minutes=40))
    look_again(desk.services)
    desk.deliver()

    (ask,) = desk.messages(job, "ask_technician")
    assert ask.reason == WhyNot.NO_CONTACT
    assert "call" not in [task.kind for task in desk.tasks(job)]


def test_what_is_no_number_is_refused_by_name(desk: Desk) -> None:
    """Nothing is kept of it, and nothing of another brand's technician is touched."""
    job = desk.visit(technician="Sam")
    with pytest.raises(Invalid) as caught:
        set_phone(desk.services, desk.brand, _id_of(desk, job), "twelve")
    assert caught.value.field == "technician.phone"
    with pytest.raises(NotFound):
        set_phone(desk.services, desk.services.ids(), _id_of(desk, job), SAM)


def test_only_who_is_assigned_now_is_planned_for(desk: Desk) -> None:
    """Sam, then Priya, then Sam again: one row each, and one of them at a time."""
    job = _with_sam(desk)
    (sam,) = _technicians(desk, job)
    desk.say(job, FactType.REASSIGNED, technician="Priya", technician_phone=PRIYA)
    (_, priya) = _technicians(desk, job)
    assert _planned_for(desk, job) == [priya.id]

    desk.say(job, FactType.REASSIGNED, technician="Sam")
    assert _planned_for(desk, job) == [sam.id]
    assert len(_technicians(desk, job)) == 2


def test_the_question_to_who_went_before_is_dropped(desk: Desk) -> None:
    """About to go to Sam when Priya takes over: his never leaves, and hers does."""
    job = _with_sam(desk)
    desk.clock.set(TOMORROW.end - timedelta(minutes=45))
    look_again(desk.services)
    (sam,) = _technicians(desk, job)
    assert [m.job_person_id for m in desk.messages(job, "ask_technician")] == [sam.id]

    desk.say(job, FactType.REASSIGNED, technician="Priya", technician_phone=PRIYA)
    desk.clock.set(TOMORROW.end - timedelta(minutes=29))
    look_again(desk.services)
    desk.deliver()

    fates = {m.job_person_id: m.status for m in desk.messages(job, "ask_technician")}
    assert fates.pop(sam.id) == "superseded"
    assert list(fates.values()) == ["delivered"]


@pytest.mark.parametrize("service", ["Gas check", "Thermostat in the hall, upstairs"])
def test_the_first_text_leaves_out_nothing(desk: Desk, service: str) -> None:
    """Which visit, due when, and every answer stand in it, beside how to stop."""
    desk.visit("JOB-7", technician="Sam", technician_phone=SAM, service=service)
    desk.clock.set(TOMORROW.end - timedelta(minutes=45))
    look_again(desk.services)
    desk.deliver()

    (text,) = [sms.body for sms in desk.sms.sent if sms.to == SAM]
    assert text.endswith("Reply STOP to end these texts, HELP for help.")
    for words in (service[:14], "JOB-7", "today 9-11 AM", "OTW", "HERE", "15", "30", "NO", "/day/"):
        assert words in text
    assert count_segments(text) == 2


def test_the_past_is_planned_for_who_was_assigned_then(desk: Desk) -> None:
    """Explained as of before the change, it is Sam whom the rules speak of."""
    job = _with_sam(desk)
    before = desk.services.now()
    (sam,) = _technicians(desk, job)
    desk.clock.advance(minutes=5)
    desk.say(job, FactType.REASSIGNED, technician="Priya", technician_phone=PRIYA)

    with reading(desk.services.sessions) as session:
        then = snapshot_as_of(session, job, before, heard_since=None, consent=desk.services.consent)
    assert then is not None
    views = then.plan_input.people
    assert [v.job_person for v in views if v.role is Role.TECHNICIAN] == [sam.id]
    asked = explain(desk.services, desk.brand, job, at=before)
    assert {one.rule for one in asked if one.role is Role.TECHNICIAN} == {"ask_technician"}


def test_no_list_of_people_names_them(desk: Desk) -> None:
    """Not the API's view, the ledger that the report is made of, nor the search."""
    job = _with_sam(desk)
    (sam,) = _technicians(desk, job)

    with reading(desk.services.sessions) as session:
        (view,) = job_views(session, desk.services, [desk.job(job)])
        (ledger,) = read_ledgers(session, [job], now=desk.services.now())
        terms = set(session.scalars(select(SearchTerm.person_id)))
    assert [person.role for person in view.people] == [Role.CUSTOMER]
    assert sam.id not in {person.job_person for person in ledger.people}
    assert sam.person_id not in terms


def test_nothing_is_said_to_them_of_the_job(desk: Desk) -> None:
    """Late, moved, cancelled: the customer hears it; no fact speaks of them as a person."""
    job = _with_sam(desk)
    (sam,) = _technicians(desk, job)
    desk.late(job, 45)
    desk.deliver()
    desk.say(job, FactType.CANCELLED)
    desk.deliver()

    assert {m.job_person_id for m in desk.messages(job)} == {desk.person(job).id}
    with pytest.raises(Invalid):
        desk.say(job, FactType.TOLD, window=TOMORROW, person=sam.id)


def test_a_preview_counts_them_among_nobody_unreached(desk: Desk) -> None:
    """Their number is closed: what staff are about to say goes to the customer all the same."""
    job = _with_sam(desk)
    set_phone(desk.services, desk.brand, _id_of(desk, job), None)
    desk.clock.set(TOMORROW.end - timedelta(minutes=40))

    shown = preview(
        desk.services, desk.brand, job, staff_fact(FactType.REASSIGNED, technician="Sam")
    )

    assert shown.unreached == ()


def test_nobody_can_be_booked_in_that_role(desk: Desk) -> None:
    """A technician is assigned, not brought along: as a person of the booking it is refused."""
    with pytest.raises(Invalid):
        desk.visit(people=(ADA, type(ADA)(role=Role.TECHNICIAN, name="Eve", phone=SAM)))


def test_the_same_booking_said_before_numbers_were_known_is_still_the_same(desk: Desk) -> None:
    """Without a number its fingerprint is what it always was; another number is another booking."""
    new = NewAppointment(
        reference="JOB-9", service="Boiler repair", technician="Sam", people=(ADA,)
    )
    first = book(desk.services, desk.brand, new, source=FactSource.API, actor="key:1")
    again = book(desk.services, desk.brand, new, source=FactSource.API, actor="key:1")
    assert (first.job_id, again.created) == (again.job_id, False)


def test_a_technician_row_is_one_of_a_kind(desk: Desk) -> None:
    """However often their number is said, there is one technician and one person."""
    _with_sam(desk)
    _with_sam(desk, "JOB-2")

    with reading(desk.services.sessions) as session:
        (row,) = session.scalars(select(Technician))
        assert row.person_id is not None


def test_whoever_takes_over_is_asked_at_once_and_nobody_twice(desk: Desk) -> None:
    """Sam was asked; Priya takes over and is asked; Sam has it back, and has his question still."""
    job = _with_sam(desk)
    (sam,) = _technicians(desk, job)
    desk.clock.set(TOMORROW.end - timedelta(minutes=45))
    look_again(desk.services)
    desk.deliver()

    desk.clock.advance(minutes=1)
    desk.say(job, FactType.REASSIGNED, technician="Priya", technician_phone=PRIYA)
    desk.deliver()
    desk.clock.advance(minutes=1)
    desk.say(job, FactType.REASSIGNED, technician="Sam")
    desk.deliver()

    asked = [m for m in desk.messages(job, "ask_technician") if m.claimed_at is not None]
    (_, priya) = _technicians(desk, job)
    assert [m.job_person_id for m in asked] == [sam.id, priya.id]
    with desk.services.sessions() as session:
        question = last_question(load_snapshots(session, [job])[job])
    assert question is not None
    assert question.message == asked[0].id
