"""Technicians as people who can be asked: their name, their number, and their place on a job."""

from __future__ import annotations

from datetime import datetime
from difflib import get_close_matches
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from notifier.domain.messages import Channel, Role
from notifier.domain.phones import to_e164
from notifier.errors import Invalid, NotFound
from notifier.links import link_hash, person_token
from notifier.people import NewPerson, PeoplePatch, add_contacts, correct, open_contacts
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.snapshots import Snapshot
from notifier.store.tables import Brand, Job, JobPerson, Person, Technician
from notifier.store.vault import opened

#: From here on two names are alike: a letter more or less, or a first name for both.
_ALIKE = 0.5


def technician_named(
    session: Session,
    services: Services,
    brand_id: UUID,
    name: str,
    *,
    now: datetime,
    phone: str | None = None,
) -> UUID:
    """Return the technician of that name, made if they are new.

    :param phone: where they are asked from now on; None leaves what is known.
    :raises Invalid: if that can't be a number.
    """
    name = " ".join(name.split())
    technician = _called(session, services, brand_id, name)
    if technician is None:
        key = services.vault.new_key()
        technician = Technician(
            id=services.ids(),
            brand_id=brand_id,
            key=key,
            name=services.vault.seal(key, name),
            name_hash=_name_hash(services, name),
            created_at=now,
        )
        session.add(technician)
        session.flush()
    if phone is not None:
        _reach_at(session, services, technician, phone, now=now)
    return technician.id


def add_technician(services: Services, brand_id: UUID, name: str, phone: str) -> None:
    """Add somebody who goes out, to be asked at `phone`; who is known gets that number.

    :raises Invalid: if that can't be a number; then nobody is added.
    """
    with services.sessions.begin() as session:
        technician_named(session, services, brand_id, name, now=services.now(), phone=phone)
    services.wake()


def find_technician(services: Services, brand_id: UUID, name: str) -> UUID | None:
    """Return the technician of that name; None where there is none."""
    with reading(services.sessions) as session:
        technician = _called(session, services, brand_id, name)
        return technician.id if technician is not None else None


def names_like(services: Services, brand_id: UUID, name: str) -> list[str]:
    """Return the technicians who may be meant by `name`, at most three, the likeliest first."""
    with reading(services.sessions) as session:
        rows = session.scalars(select(Technician).where(Technician.brand_id == brand_id))
        known = [opened(services.vault, row.key, row.name) for row in rows]
    names = {one.casefold(): one for one in known if one is not None}
    close = get_close_matches(name.casefold(), names, n=3, cutoff=_ALIKE)
    return [names[one] for one in close]


def set_phone(services: Services, brand_id: UUID, technician_id: UUID, phone: str | None) -> None:
    """Let a technician be asked at `phone`; None: they are not asked any more.

    :raises NotFound: if the brand has no such technician.
    :raises Invalid: if that can't be a number.
    """
    with services.sessions.begin() as session:
        technician = _of_brand(session, brand_id, technician_id)
        _reach_at(session, services, technician, phone, now=services.now())
    services.wake()


def phone_of(services: Services, brand_id: UUID, technician_id: UUID) -> str | None:
    """Return the number at which a technician is asked; None where none is known.

    :raises NotFound: if the brand has no such technician.
    """
    with reading(services.sessions) as session:
        return number_of(session, services, _of_brand(session, brand_id, technician_id))


def number_of(session: Session, services: Services, technician: Technician) -> str | None:
    """Return the number at which `technician` is asked; None where none is known."""
    if technician.person_id is None:
        return None
    person = session.get_one(Person, technician.person_id)
    return open_contacts(session, services, person).get(Channel.SMS)


def put_on_job(session: Session, services: Services, snapshot: Snapshot) -> bool:
    """Put who is assigned now among those whom planning sees; return whether that changed it.

    Whoever was assigned before keeps their row, for the messages that they got.
    """
    technician_id = snapshot.state.technician
    if technician_id is None:
        return False
    on_job = snapshot.technicians.get(technician_id)
    if on_job is not None:
        return all(view.job_person != on_job for view in snapshot.plan_input.people)
    person_id = snapshot.assigned_person
    if snapshot.job.technician_id != technician_id:
        person_id = session.scalar(
            select(Technician.person_id).where(Technician.id == technician_id)
        )
    if person_id is None:  # nobody knows their number
        return False
    job_person_id = services.ids()
    session.add(
        JobPerson(
            id=job_person_id,
            job_id=snapshot.job.id,
            person_id=person_id,
            role=Role.TECHNICIAN,
            position=1 + max((row.position for row, _ in snapshot.people.values()), default=0),
            link_hash=link_hash(services.vault, person_token(services.vault, job_person_id)),
        )
    )
    return True


def _called(session: Session, services: Services, brand_id: UUID, name: str) -> Technician | None:
    name_hash = _name_hash(services, name)
    return session.scalar(
        select(Technician).where(Technician.brand_id == brand_id, Technician.name_hash == name_hash)
    )


def _name_hash(services: Services, name: str) -> bytes:
    return services.vault.blind(f"technician:{' '.join(name.split()).casefold()}")


def _of_brand(session: Session, brand_id: UUID, technician_id: UUID) -> Technician:
    technician = session.get(Technician, technician_id)
    if technician is None or technician.brand_id != brand_id:
        raise NotFound("There is no such technician.")
    return technician


def _reach_at(
    session: Session,
    services: Services,
    technician: Technician,
    phone: str | None,
    *,
    now: datetime,
) -> None:
    brand = session.get_one(Brand, technician.brand_id)
    number = _checked(phone, brand.country) if phone else None
    person = session.get(Person, technician.person_id) if technician.person_id else None
    if person is None:
        if number is None:
            return
        person = _person_of(services, brand, technician, now=now)
        session.add(person)
        session.flush()
        add_contacts(session, services, brand, person, NewPerson(phone=number))
        technician.person_id = person.id
    elif open_contacts(session, services, person).get(Channel.SMS) != number:
        correct(session, services, brand, person, PeoplePatch(phone=number), now=now)
    else:
        return
    person.identity_hash = None  # at work; whoever books under the same name is a customer
    session.flush()
    _look_again(session, technician, now)


def _checked(phone: str, country: str) -> str:
    try:
        return to_e164(phone, country)
    except ValueError as error:
        raise Invalid("technician.phone", str(error)) from error


def _person_of(
    services: Services, brand: Brand, technician: Technician, *, now: datetime
) -> Person:
    key = services.vault.new_key()
    name = services.vault.open(technician.key, technician.name)
    return Person(
        id=services.ids(),
        brand_id=brand.id,
        key=key,
        name=services.vault.seal(key, name),
        locale=brand.locale,
        created_at=now,
    )


def _look_again(session: Session, technician: Technician, now: datetime) -> None:
    """Let the next round plan the visits that they have; one that is locked is being planned."""
    visits = session.scalars(
        select(Job.id)
        .where(Job.technician_id == technician.id, Job.finished.is_(False))
        .order_by(Job.id)
        .with_for_update(skip_locked=True)
    ).all()
    session.execute(update(Job).where(Job.id.in_(visits)).values(look_at=now))
