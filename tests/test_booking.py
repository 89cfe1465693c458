"""Booking: the same booking is the same job, and a correction moves what is planned."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from notifier.booking import NewAppointment, NewOrder, NewPerson, PeoplePatch, book, correct_people
from notifier.clock import new_id
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import Channel, MessageStatus, Role, WhyNot
from notifier.domain.windows import from_json
from notifier.errors import Conflict, Invalid, NotFound
from notifier.parcels import NewParcel
from notifier.store.tables import FactRow, Job, Promise
from tests.desk import ADA, TOMORROW, WITH_EMAIL, Desk, make_desk
from tests.fakes.clock import FakeClock


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: FakeClock) -> Desk:
    """Return a desk on both databases in turn."""
    return make_desk(sessions, clock)


def booking(**changed: object) -> NewAppointment:
    """Return the booking of one visit, changed as told."""
    fields = {
        "reference": "JOB-1",
        "service": "Boiler repair",
        "window": TOMORROW,
        "people": (ADA,),
    } | changed
    return NewAppointment(**fields)  # type: ignore[arg-type]


def test_the_same_booking_again_is_the_same_job(desk: Desk) -> None:
    """Whoever retries gets what they made."""
    first = book(desk.services, desk.brand, booking(), source=FactSource.API, actor="key:1")
    again = book(desk.services, desk.brand, booking(), source=FactSource.API, actor="key:2")
    assert (first.created, again.created) == (True, False)
    assert first.job_id == again.job_id


@pytest.mark.parametrize(
    "changed",
    [
        {"service": "Boiler swap"},
        {"window": TOMORROW.shifted(15)},
        {"people": (WITH_EMAIL,)},
        {"window": None},
    ],
)
def test_another_booking_under_the_same_reference_is_a_conflict(
    desk: Desk, changed: dict[str, object]
) -> None:
    """And changes nothing."""
    job = desk.visit()
    with pytest.raises(Conflict, match="JOB-1"):
        book(desk.services, desk.brand, booking(**changed), source=FactSource.API, actor="key:1")
    assert desk.job(job).version == desk.job(job).version


def test_ten_threads_that_book_the_same_make_one_job(desk: Desk) -> None:
    """The database decides who was first; the others get the same answer."""
    with ThreadPoolExecutor(10) as threads:
        booked = list(
            threads.map(
                lambda _: book(
                    desk.services, desk.brand, booking(), source=FactSource.API, actor="key:1"
                ),
                range(10),
            )
        )
    assert len({one.job_id for one in booked}) == 1
    assert [one.created for one in booked].count(True) == 1
    with desk.services.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 1
        assert session.scalar(select(func.count()).select_from(FactRow)) == 1


def test_the_window_is_given_to_the_customer_alone(desk: Desk) -> None:
    """Promised, agreed, expected and their told; the second contact has been told nothing."""
    second = NewPerson(role=Role.SECOND_CONTACT, name="Bo", phone="+12065550101")
    new = booking(people=(second, ADA))
    job = book(desk.services, desk.brand, new, source=FactSource.API, actor="key:1").job_id
    row = desk.job(job)
    assert from_json(row.promised) == from_json(row.agreed) == from_json(row.expected) == TOMORROW
    with desk.services.sessions() as session:
        (promise,) = session.scalars(select(Promise).where(Promise.job_id == job))
    assert promise.job_person_id == desk.person(job).id
    assert promise.strength == "given"
    assert promise.tell_by == TOMORROW.start - timedelta(hours=1)
    assert row.tell_by == promise.tell_by


def test_a_visit_without_a_window_is_promised_the_first_one_told(desk: Desk) -> None:
    """Empty until then; what was told on the phone becomes promised and agreed."""
    job = desk.visit(window=None)
    row = desk.job(job)
    assert (row.promised, row.agreed, row.expected) == (None, None, None)
    desk.say(job, FactType.DELAYED, expected=TOMORROW)
    assert desk.job(job).promised is None
    desk.say(job, FactType.TOLD)
    row = desk.job(job)
    assert from_json(row.promised) == from_json(row.agreed) == desk.told(job) == TOMORROW


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"people": ()}, "customer"),
        ({"zone": "Mars/Olympus"}, "place.time_zone"),
        ({"people": (NewPerson(phone="12"),)}, "customer.phone"),
        ({"people": (NewPerson(email="not an address"),)}, "customer.email"),
        ({"people": (NewPerson(zone="PST8"),)}, "customer.time_zone"),
    ],
)
def test_what_can_not_be_is_refused_with_its_field(
    desk: Desk, changed: dict[str, object], field: str
) -> None:
    """Nothing of it is on record, and the error names nobody."""
    with pytest.raises(Invalid) as refused:
        book(desk.services, desk.brand, booking(**changed), source=FactSource.API, actor="key:1")
    assert refused.value.field == field
    with desk.services.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 0


def test_the_same_tracking_code_twice_is_refused(desk: Desk) -> None:
    """However it is written."""
    codes = (
        NewParcel(carrier="UPS", tracking_code="1Z 999"),
        NewParcel(carrier="UPS", tracking_code="1z999"),
    )
    new = NewOrder(reference="ORD-1", items=("Lamp",), parcels=codes, people=(ADA,))
    with pytest.raises(Invalid, match="twice"):
        book(desk.services, desk.brand, new, source=FactSource.SHOP, actor="key:1")


@pytest.mark.parametrize("code", [" ", "\x1d"])
def test_a_tracking_code_that_is_blank_is_refused(desk: Desk, code: str) -> None:
    """Such a parcel would be the rest of the order, as of one that was sent in part."""
    parcels = (NewParcel(carrier="UPS", tracking_code=code),)
    new = NewOrder(reference="ORD-1", items=("Lamp",), parcels=parcels, people=(ADA,))
    with pytest.raises(Invalid) as caught:
        book(desk.services, desk.brand, new, source=FactSource.API, actor="key:1")
    assert (caught.value.field, str(caught.value)) == ("parcels.tracking_code", "must not be blank")


def test_an_order_is_booked_with_its_parcels(desk: Desk) -> None:
    """Each is known by its code, and the order is there when all are."""
    new = NewOrder(
        reference="ORD-1",
        items=("Lamp", "Shade"),
        parcels=(
            NewParcel(carrier="UPS", tracking_code="1Z1"),
            NewParcel(carrier="UPS", tracking_code="1Z2"),
        ),
        window=TOMORROW,
        people=(ADA,),
    )
    job = book(desk.services, desk.brand, new, source=FactSource.SHOP, actor="key:1").job_id
    desk.say(job, FactType.DELIVERED, parcel="1z1", source=FactSource.CARRIER)
    assert desk.job(job).status == "ordered"
    desk.say(job, FactType.DELIVERED, parcel="1Z2", source=FactSource.CARRIER)
    assert desk.job(job).status == "delivered"


def test_a_wrong_number_moves_what_is_planned_to_the_email(desk: Desk) -> None:
    """The text that waits is dropped, the email is owed instead."""
    job = desk.visit(people=(WITH_EMAIL,))
    desk.late(job, 45)
    patch = PeoplePatch(wrong_number=True)
    correct_people(desk.services, desk.brand, job, patch, actor="staff:1")
    late = {m.channel: m.status for m in desk.messages(job, "running_late")}
    assert late == {Channel.SMS: MessageStatus.SUPERSEDED, Channel.EMAIL: MessageStatus.READY}
    desk.deliver()
    assert [mail.to for mail in desk.email.sent] == ["ada@example.com"]
    assert desk.told(job) == TOMORROW.shifted(45)


def test_a_wrong_number_and_nothing_else_is_a_call(desk: Desk) -> None:
    """Skipped, with its reason, and a task before `tell_by` that stays until it is done."""
    job = desk.visit()
    desk.late(job, 45)
    patch = PeoplePatch(wrong_number=True)
    correct_people(desk.services, desk.brand, job, patch, actor="staff:1")
    for _ in range(2):
        skipped = [m for m in desk.messages(job) if m.status == MessageStatus.SKIPPED]
        assert [m.reason for m in skipped if m.rule == "running_late"] == [WhyNot.NO_CONTACT]
        (task,) = [task for task in desk.tasks(job) if "running_late" in task.key]
        assert task.due_at <= TOMORROW.start - timedelta(hours=1)
        desk.late(job, 50)


def test_a_corrected_number_gets_what_the_old_one_was_owed(desk: Desk) -> None:
    """One text, to the new number; the call is no longer needed."""
    job = desk.visit()
    desk.late(job, 45)
    sent = len(desk.sms.sent)
    for patch in (PeoplePatch(wrong_number=True), PeoplePatch(phone="(206) 555-0177")):
        correct_people(desk.services, desk.brand, job, patch, actor="staff:1")
    desk.deliver()
    assert [sms.to for sms in desk.sms.sent[sent:]] == ["+12065550177"]
    assert [task for task in desk.tasks(job) if "running_late" in task.key] == []


def test_correcting_a_stranger_or_nobody(desk: Desk) -> None:
    """A job of another brand, and a role that nobody is in."""
    job = desk.visit()
    patch = PeoplePatch(name="Eve")
    with pytest.raises(NotFound):
        correct_people(desk.services, new_id(), job, patch, actor="staff:1")
    on_site = PeoplePatch(role=Role.ON_SITE, name="Eve")
    with pytest.raises(NotFound, match="role"):
        correct_people(desk.services, desk.brand, job, on_site, actor="staff:1")
