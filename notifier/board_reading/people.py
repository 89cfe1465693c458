"""The people of jobs: what each one knows, and whether anything can reach them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.domain.guards.countries import is_abroad
from notifier.domain.messages import Channel, Role, Strength, WhyNot
from notifier.domain.windows import Expectation, from_json
from notifier.store.tables import Brand, ContactPoint, JobPerson, Person, Suppression
from notifier.store.vault import Vault, opened


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSeen:
    """One number or address, and why nothing may go to it (None: it may)."""

    id: UUID
    channel: Channel
    address: str
    address_hash: bytes
    blocked: WhyNot | None
    code: str | None  # the provider's, where it refused the address


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSeen:
    """A person on one job, as staff see them."""

    id: UUID  # of the job person
    person_id: UUID
    job_id: UUID
    role: Role
    name: str | None  # null: never stated, or erased
    erased: bool
    key: bytes | None
    zone: str | None
    told: Expectation | None
    strength: Strength | None
    told_at: datetime | None
    contacts: tuple[ContactSeen, ...]
    no_contact: bool  # asked to be left alone

    @property
    def phone(self) -> str | None:
        """The number to ring: a landline will do, and so will one that wants no texts."""
        return next((c.address for c in self.contacts if c.channel is Channel.SMS), None)

    @property
    def email(self) -> str | None:
        """Their first address, whether or not mail may go to it."""
        return next((c.address for c in self.contacts if c.channel is Channel.EMAIL), None)

    @property
    def unreachable(self) -> WhyNot | None:
        """Why no message can reach them at all, or None if one can."""
        if self.no_contact:
            return WhyNot.OPTED_OUT
        if not self.contacts:
            return WhyNot.NO_CONTACT
        blocked = [contact.blocked for contact in self.contacts]
        return None if None in blocked else blocked[0]


def read_people(
    session: Session, vault: Vault, brand_id: UUID, job_ids: Iterable[UUID]
) -> Mapping[UUID, tuple[PersonSeen, ...]]:
    """Return the people of each job, the first customer first, who goes out last."""
    rows = session.execute(
        select(JobPerson, Person)
        .join(Person, Person.id == JobPerson.person_id)
        .where(JobPerson.job_id.in_(list(job_ids)))
        .order_by(JobPerson.job_id, JobPerson.position, JobPerson.id)
    ).all()
    contacts = _contacts(session, vault, brand_id, {person.id: person for _, person in rows})
    people: dict[UUID, list[PersonSeen]] = defaultdict(list)
    for on_job, person in rows:
        people[on_job.job_id].append(
            PersonSeen(
                id=on_job.id,
                person_id=person.id,
                job_id=on_job.job_id,
                role=Role(on_job.role),
                name=opened(vault, person.key, person.name),
                erased=person.key is None,
                key=person.key,
                zone=person.zone,
                told=from_json(on_job.told),
                strength=Strength(on_job.told_strength) if on_job.told_strength else None,
                told_at=on_job.told_at,
                contacts=tuple(contacts[person.id]),
                no_contact=person.no_contact_at is not None,
            )
        )
    return {job_id: tuple(found) for job_id, found in people.items()}


def _contacts(
    session: Session, vault: Vault, brand_id: UUID, people: Mapping[UUID, Person]
) -> Mapping[UUID, list[ContactSeen]]:
    rows = session.scalars(
        select(ContactPoint)
        .where(ContactPoint.person_id.in_(list(people)), ContactPoint.replaced_at.is_(None))
        .order_by(ContactPoint.created_at, ContactPoint.id)
    ).all()
    suppressed = {
        (channel, address_hash): WhyNot(why)
        for channel, address_hash, why in session.execute(
            select(Suppression.channel, Suppression.address_hash, Suppression.why).where(
                Suppression.brand_id == brand_id,
                Suppression.lifted_at.is_(None),
                Suppression.address_hash.in_([row.address_hash for row in rows]),
            )
        )
    }
    brand = session.get_one(Brand, brand_id)
    found: dict[UUID, list[ContactSeen]] = defaultdict(list)
    for row in rows:
        address = opened(vault, people[row.person_id].key, row.address)
        if address is None:
            continue
        found[row.person_id].append(
            ContactSeen(
                id=row.id,
                channel=Channel(row.channel),
                address=address,
                address_hash=row.address_hash,
                blocked=_blocked(row, brand, suppressed.get((row.channel, row.address_hash))),
                code=row.flagged_code,
            )
        )
    return found


def _blocked(row: ContactPoint, brand: Brand, suppressed: WhyNot | None) -> WhyNot | None:
    if suppressed is not None:
        return suppressed
    if row.landline:
        return WhyNot.LANDLINE
    if is_abroad(row.regions, brand.texts_to):
        return WhyNot.COUNTRY_CLOSED
    return WhyNot.INVALID_ADDRESS if row.flagged_code is not None else None
