"""Write people and their contact points: sealed, found by keyed hash, corrected in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from notifier.customers.consents import NewConsent, carry_refusals_over, record_consents
from notifier.domain.email_addresses import is_email_address
from notifier.domain.messages import Channel, Role
from notifier.domain.phones import is_landline, regions_of, to_e164, zones_of
from notifier.domain.search_terms import terms
from notifier.domain.time_zones import zone_names
from notifier.errors import Invalid
from notifier.links import link_hash, person_token
from notifier.services import Services
from notifier.store.addresses import address_hash
from notifier.store.identities import identity_hash
from notifier.store.tables import (
    Brand,
    ContactPoint,
    Job,
    JobPerson,
    Person,
    SearchTerm,
)
from notifier.store.vault import Unreadable


class Unset(Enum):
    """What a correction does not touch."""

    UNSET = "unset"


UNSET = Unset.UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """Someone concerned by a job, as a caller names them."""

    role: Role = Role.CUSTOMER
    reference: str | None = None  # the caller's own of this human: the same in all their jobs
    name: str | None = None
    phone: str | None = None  # in any format; without a + it is of the brand's country
    email: str | None = None
    zone: str | None = None
    locale: str | None = None
    consents: tuple[NewConsent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePatch:
    """A correction of one person of a job. `wrong_number` takes the phone away."""

    role: Role = Role.CUSTOMER
    reference: str | Unset | None = UNSET
    name: str | Unset | None = UNSET
    phone: str | Unset | None = UNSET
    email: str | Unset | None = UNSET
    zone: str | Unset | None = UNSET
    locale: str | Unset = UNSET
    wrong_number: bool = False
    consents: tuple[NewConsent, ...] = ()


def add_people(
    session: Session,
    services: Services,
    brand: Brand,
    job_id: UUID,
    people: Sequence[NewPerson],
    *,
    now: datetime,
) -> list[tuple[JobPerson, Person]]:
    """Return the rows of `people`, not yet added to the session, the customers first.

    Everyone is a person of their own, even with a number that somebody else has: people
    who share a phone never see each other's jobs.

    :raises Invalid: if a phone number or address can't be one.
    """
    added: list[tuple[JobPerson, Person]] = []
    ordered = sorted(people, key=lambda person: person.role is not Role.CUSTOMER)
    for position, new in enumerate(ordered):
        key = services.vault.new_key()
        person = Person(
            id=services.ids(),
            brand_id=brand.id,
            key=key,
            name=services.vault.seal(key, new.name) if new.name else None,
            locale=new.locale or brand.locale,
            zone=new.zone,
            identity_hash=identity_hash(
                services.vault,
                brand.id,
                reference=new.reference,
                name=new.name,
                phone=normalised_address(Channel.SMS, new.phone, brand.country)
                if new.phone
                else None,
                email=normalised_address(Channel.EMAIL, new.email, brand.country)
                if new.email
                else None,
            ),
            created_at=now,
        )
        job_person_id = services.ids()
        job_person = JobPerson(
            id=job_person_id,
            job_id=job_id,
            person_id=person.id,
            role=new.role,
            position=position,
            link_hash=link_hash(services.vault, person_token(services.vault, job_person_id)),
        )
        added.append((job_person, person))
    return added


def add_contacts(
    session: Session, services: Services, brand: Brand, person: Person, new: NewPerson
) -> None:
    """Add the contact points of `new` to `person`, and what was agreed to for them.

    :raises Invalid: if the phone number or address can't be one.
    """
    if new.phone:
        _add_contact(session, services, brand, person, Channel.SMS, new.phone)
    if new.email:
        _add_contact(session, services, brand, person, Channel.EMAIL, new.email)
    if new.consents:
        record_consents(session, services, person, new.consents, now=services.now())


def correct(
    session: Session,
    services: Services,
    brand: Brand,
    person: Person,
    patch: PeoplePatch,
    *,
    now: datetime,
) -> None:
    """Apply `patch` to `person`. An address that is replaced stays in the ledger, unused."""
    if person.key is None:
        raise Invalid("customer", "this person was erased; nothing of theirs can be corrected")
    known_by_name = _identity(session, services, person)
    if not isinstance(patch.name, Unset):
        person.name = services.vault.seal(person.key, patch.name) if patch.name else None
    if not isinstance(patch.zone, Unset):
        person.zone = patch.zone
    if not isinstance(patch.locale, Unset):
        person.locale = patch.locale
    for channel, value in ((Channel.SMS, patch.phone), (Channel.EMAIL, patch.email)):
        if isinstance(value, Unset):
            continue
        replaced = _replace(session, person, channel, now=now)
        if value:
            _add_contact(session, services, brand, person, channel, value, replaced=replaced)
    if patch.wrong_number and isinstance(patch.phone, Unset):
        _replace(session, person, Channel.SMS, now=now)
    session.flush()
    if not isinstance(patch.reference, Unset):
        person.identity_hash = _identity(session, services, person, patch.reference)
    elif person.identity_hash == known_by_name:  # else a reference says who it is, as before
        person.identity_hash = _identity(session, services, person)
    record_consents(session, services, person, patch.consents, now=now)


def _identity(
    session: Session, services: Services, person: Person, reference: str | None = None
) -> bytes | None:
    """Return who `person` is by `reference`, else by their name and address as they stand."""
    contacts = open_contacts(session, services, person)
    return identity_hash(
        services.vault,
        person.brand_id,
        reference=reference,
        name=services.vault.open(person.key, person.name) if person.name else None,
        phone=contacts.get(Channel.SMS),
        email=contacts.get(Channel.EMAIL),
    )


def index_job(session: Session, services: Services, job: Job) -> None:
    """Write the search terms of a job's people anew."""
    session.flush()
    session.execute(delete(SearchTerm).where(SearchTerm.job_id == job.id))
    people = session.scalars(
        select(Person)
        .join(JobPerson)
        .where(JobPerson.job_id == job.id, JobPerson.role != Role.TECHNICIAN)
        .distinct()
    )
    for person in people:
        if person.key is None:
            continue
        found: set[str] = set()
        address = None
        if job.address is not None and person.id == job.customer_id:
            address = services.vault.open(person.key, job.address)
        contacts = open_contacts(session, services, person)
        found |= terms(
            services.vault.open(person.key, person.name) if person.name else None,
            contacts.get(Channel.SMS),
            contacts.get(Channel.EMAIL),
            address,
        )
        session.add_all(
            SearchTerm(
                job_id=job.id,
                person_id=person.id,
                term_hash=services.vault.blind(f"term:{term}"),
                brand_id=job.brand_id,
            )
            for term in found
        )


def open_contacts(session: Session, services: Services, person: Person) -> dict[Channel, str]:
    """Return the addresses in use of `person`, by channel; erased people have none."""
    rows = session.scalars(
        select(ContactPoint).where(
            ContactPoint.person_id == person.id, ContactPoint.replaced_at.is_(None)
        )
    )
    found: dict[Channel, str] = {}
    for row in rows:
        try:
            found[Channel(row.channel)] = services.vault.open(person.key, row.address)
        except Unreadable:
            continue
    return found


def _add_contact(
    session: Session,
    services: Services,
    brand: Brand,
    person: Person,
    channel: Channel,
    value: str,
    *,
    replaced: Sequence[ContactPoint] = (),
) -> None:
    assert person.key is not None
    address = normalised_address(channel, value, brand.country)
    hashed = address_hash(services.vault, channel, address)
    texts = channel is Channel.SMS
    before = session.scalar(
        select(ContactPoint).where(
            ContactPoint.person_id == person.id,
            ContactPoint.channel == channel,
            ContactPoint.address_hash == hashed,
        )
    )
    now = services.now()
    if before is not None:
        before.replaced_at = None
    point = before or ContactPoint(
        id=services.ids(),
        brand_id=brand.id,
        person_id=person.id,
        channel=channel,
        address=services.vault.seal(person.key, address),
        address_hash=hashed,
        zones=list(zones_of(address)) if texts else [],
        regions=list(regions_of(address)) if texts else None,
        landline=texts and is_landline(address),
        created_at=now,
    )
    session.add(point)
    others = [row for row in replaced if row is not before]
    if others:
        session.flush()
        carry_refusals_over(session, services, others, point, now=now)


def normalised_address(channel: Channel, value: str, country: str) -> str:
    """Return `value` as it is kept and compared: E.164, or an email address in small letters.

    :param country: of the brand, in which a number without a + is.
    :raises Invalid: if it can't be one.
    """
    if channel is Channel.SMS:
        try:
            return to_e164(value, country)
        except ValueError as error:
            raise Invalid("customer.phone", str(error)) from error
    address = value.strip().lower()
    if not is_email_address(address):
        raise Invalid("customer.email", "this is not an email address")
    return address


def _replace(
    session: Session, person: Person, channel: Channel, *, now: datetime
) -> Sequence[ContactPoint]:
    """Take the address in use out of use; return all that were ever used on `channel`."""
    rows = session.scalars(
        select(ContactPoint).where(
            ContactPoint.person_id == person.id, ContactPoint.channel == channel
        )
    ).all()
    for row in rows:
        row.replaced_at = row.replaced_at or now
    session.flush()
    return rows


def checked_zone(name: str, field: str) -> str:
    """Return `name` if it is an IANA zone.

    :raises Invalid: naming `field`, if it is none.
    """
    if name not in zone_names():
        raise Invalid(field, "this is no time zone; write it as in Europe/London")
    return name
