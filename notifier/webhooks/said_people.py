"""What a source says anew of the customer of its job: a number put right, another recipient."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.domain.facts import Fact, FactSource, FactType
from notifier.domain.messages import Channel, Role
from notifier.intake import NewFact, record_in
from notifier.people import UNSET, PeoplePatch, correct, index_job, normalised_address
from notifier.services import Services
from notifier.sources.protocol import BookedPerson, Booking
from notifier.store.addresses import address_hash
from notifier.store.known_jobs import KnownJob
from notifier.store.tables import Brand, ContactPoint, FactRow, Job, JobPerson, Person, Source


def correct_as_said(
    session: Session,
    services: Services,
    source: Source,
    job: KnownJob,
    asked: Booking,
    stated: Sequence[Fact],
    *,
    speaks_as: FactSource,
    happened: datetime,
) -> bool:
    """Take over an address of the customer that is new, inside a caller's transaction that has
    locked the job; return whether there was one.

    Only of the source that booked the job, and only what it says last. Where somebody else put
    an address right since, what it replaced is not news; nor is what the source itself replaced in
    the moment of which it says this.

    :raises Invalid: if an address can't be one.
    """
    said = next((one for one in asked.people if one.role is Role.CUSTOMER), None)
    last_said_at = max((fact.effective_at for fact in stated), default=None)
    said_later = last_said_at is not None and (
        last_said_at > happened or (asked.as_made and last_said_at == happened)
    )
    if said is None or said_later or job.source_id != source.id:
        return False
    person = session.scalars(
        select(Person)
        .join(JobPerson, JobPerson.person_id == Person.id)
        .where(JobPerson.job_id == job.id, JobPerson.role == Role.CUSTOMER)
        .order_by(JobPerson.position)
    ).first()
    brand = session.get_one(Brand, source.brand_id)
    if person is None or person.key is None:
        return False
    new = _new_addresses(session, services, source, job, brand, person, said, happened=happened)
    if not new:
        return False
    patch = PeoplePatch(
        name=said.name or UNSET,
        phone=new.get(Channel.SMS, UNSET),
        email=new.get(Channel.EMAIL, UNSET),
    )
    correct(session, services, brand, person, patch, now=services.now())
    index_job(session, services, session.get_one(Job, job.id))
    changed = NewFact(
        type=FactType.CONTACT_CHANGED,
        source=speaks_as,
        actor=f"source:{source.id}",
        occurred_at=happened,
        source_id=source.id,
    )
    record_in(session, services, source.brand_id, job.id, changed)
    return True


def _new_addresses(
    session: Session,
    services: Services,
    source: Source,
    job: KnownJob,
    brand: Brand,
    person: Person,
    said: BookedPerson,
    *,
    happened: datetime,
) -> dict[Channel, str]:
    """Return the addresses that were not the customer's so far."""
    corrected = session.execute(
        select(FactRow.source_id, FactRow.occurred_at)
        .where(FactRow.job_id == job.id, FactRow.type == FactType.CONTACT_CHANGED)
        .order_by(FactRow.seq.desc())
        .limit(1)
    ).one_or_none()
    points = select(ContactPoint.channel, ContactPoint.address_hash).where(
        ContactPoint.person_id == person.id
    )
    if corrected is None or (corrected[0] == source.id and corrected[1] != happened):
        points = points.where(ContactPoint.replaced_at.is_(None))
    known = {(Channel(channel), hashed) for channel, hashed in session.execute(points)}
    new: dict[Channel, str] = {}
    for channel, value in ((Channel.SMS, said.phone), (Channel.EMAIL, said.email)):
        if not value:
            continue
        address = normalised_address(channel, value, brand.country)
        if (channel, address_hash(services.vault, channel, address)) not in known:
            new[channel] = address
    return new
