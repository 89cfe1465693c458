"""A job as its business may see it: opened, whole, in a handful of queries however many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.domain.facts import Fact
from notifier.domain.folding import fold
from notifier.domain.guards.countries import is_abroad
from notifier.domain.jobs import JobKind
from notifier.domain.messages import Channel, Role, WhyNot
from notifier.domain.windows import Expectation, from_json
from notifier.links import person_token, status_url
from notifier.sending.suppressions import suppressed_among
from notifier.services import Services
from notifier.store.facts import fact_of
from notifier.store.tables import (
    Brand,
    ContactPoint,
    FactRow,
    Job,
    JobPerson,
    Parcel,
    Person,
    Technician,
)
from notifier.store.vault import Vault, opened


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelView:
    """One way to reach somebody, or why it is none. `to` is null once they are erased."""

    channel: Channel
    to: str | None
    usable: bool
    why: WhyNot | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """Somebody in a role, and the last window that reached them. `id` is of the job person."""

    id: UUID
    role: str
    name: str | None
    locale: str
    time_zone: str | None
    told: Expectation | None
    told_strength: str | None
    told_at: datetime | None
    status_url: str
    channels: tuple[ChannelView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelView:
    """One parcel of an order."""

    carrier: str
    tracking_code: str
    status: str
    expected: Expectation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactView:
    """A fact, and whether it still counts. The note is for the business only."""

    fact: Fact
    note: str | None
    applied: bool
    withdrawn: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """A job with everything that its business may see of it."""

    id: UUID
    kind: JobKind
    reference: str
    status: str
    service: str
    items: tuple[str, ...]
    parcels: tuple[ParcelView, ...]
    technician: str | None
    address: str | None
    time_zone: str
    promised: Expectation | None
    agreed: Expectation | None
    told: Expectation | None
    told_strength: str | None
    expected: Expectation | None
    late: bool
    reason: str | None
    by: str | None
    tell_by: datetime | None
    held: bool
    finished: bool
    status_url: str | None
    people: tuple[PersonView, ...]
    facts: tuple[FactView, ...]
    created_at: datetime
    version: int


def job_views(session: Session, services: Services, jobs: Sequence[Job]) -> list[JobView]:
    """Return the views of `jobs`, in their order."""
    ids = [job.id for job in jobs]
    facts, parcels = _facts(session, ids), _parcels(session, ids)
    people, keys = _people(session, services, ids)
    technicians = _technicians(session, services, jobs)
    views = []
    for job in jobs:
        key = keys.get(job.customer_id)
        folded = _fact_views(services.vault, key, job, facts[job.id], parcels[job.id])
        technician = technicians.get(job.technician_id) if job.technician_id else None
        views.append(
            _view(services.vault, key, job, parcels[job.id], people[job.id], folded, technician)
        )
    return views


def _view(
    vault: Vault,
    key: bytes | None,
    job: Job,
    parcels: Iterable[Parcel],
    people: Sequence[PersonView],
    facts: tuple[FactView, ...],
    technician: str | None,
) -> JobView:
    first = people[0] if people else None
    return JobView(
        id=job.id,
        kind=JobKind(job.kind),
        reference=job.reference,
        status=job.status,
        service=job.service,
        items=tuple(job.items),
        parcels=tuple(
            ParcelView(
                carrier=parcel.carrier,
                tracking_code=parcel.tracking_code,
                status=parcel.status,
                expected=from_json(parcel.expected),
            )
            for parcel in parcels
        ),
        technician=technician,
        address=opened(vault, key, job.address),
        time_zone=job.zone,
        promised=from_json(job.promised),
        agreed=from_json(job.agreed),
        told=first.told if first else None,
        told_strength=first.told_strength if first else None,
        expected=from_json(job.expected),
        late=job.late,
        reason=job.reason,
        by=job.by,
        tell_by=job.tell_by,
        held=job.held_at is not None,
        finished=job.finished,
        status_url=first.status_url if first else None,
        people=tuple(people),
        facts=facts,
        created_at=job.created_at,
        version=job.version,
    )


def _fact_views(
    vault: Vault,
    key: bytes | None,
    job: Job,
    rows: Sequence[FactRow],
    parcels: Iterable[Parcel],
) -> tuple[FactView, ...]:
    facts = [fact_of(row) for row in rows]
    state = fold(JobKind(job.kind), facts, [parcel.tracking_code for parcel in parcels])
    return tuple(
        FactView(
            fact=fact,
            note=opened(vault, key, row.note),
            applied=fact.id not in state.ignored,
            withdrawn=fact.id in state.withdrawn,
        )
        for fact, row in zip(facts, rows, strict=True)
    )


def _people(
    session: Session, services: Services, job_ids: list[UUID]
) -> tuple[dict[UUID, list[PersonView]], dict[UUID, bytes | None]]:
    """Return the people of each job, the first customer first, and the keys of all."""
    rows = session.execute(
        select(JobPerson, Person)
        .join(Person, Person.id == JobPerson.person_id)
        .where(JobPerson.job_id.in_(job_ids), JobPerson.role != Role.TECHNICIAN)
        .order_by(JobPerson.position)
    ).all()
    channels = _channels(session, services, {person.id: person for _, person in rows})
    people: dict[UUID, list[PersonView]] = defaultdict(list)
    for job_person, person in rows:
        token = person_token(services.vault, job_person.id)
        people[job_person.job_id].append(
            PersonView(
                id=job_person.id,
                role=job_person.role,
                name=opened(services.vault, person.key, person.name),
                locale=person.locale,
                time_zone=person.zone,
                told=from_json(job_person.told),
                told_strength=job_person.told_strength,
                told_at=job_person.told_at,
                status_url=status_url(services.public_url, token),
                channels=tuple(channels[person.id]),
            )
        )
    return people, {person.id: person.key for _, person in rows}


def _channels(
    session: Session, services: Services, people: dict[UUID, Person]
) -> dict[UUID, list[ChannelView]]:
    points = session.scalars(
        select(ContactPoint)
        .where(ContactPoint.person_id.in_(people), ContactPoint.replaced_at.is_(None))
        .order_by(ContactPoint.created_at, ContactPoint.id)
    ).all()
    suppressed = suppressed_among(
        session, [(point.brand_id, point.channel, point.address_hash) for point in points]
    )
    found: dict[UUID, list[ChannelView]] = defaultdict(list)
    for point in points:
        person = people[point.person_id]
        why = suppressed.get((point.brand_id, point.channel, point.address_hash))
        if person.no_contact_at is not None:
            why = WhyNot.OPTED_OUT
        elif why is None and point.landline:
            why = WhyNot.LANDLINE
        elif why is None and point.flagged_code is not None:
            why = WhyNot.INVALID_ADDRESS
        elif why is None and is_abroad(
            point.regions, session.get_one(Brand, point.brand_id).texts_to
        ):
            why = WhyNot.COUNTRY_CLOSED
        found[person.id].append(
            ChannelView(
                channel=Channel(point.channel),
                to=opened(services.vault, person.key, point.address),
                usable=why is None,
                why=why,
            )
        )
    return found


def _technicians(session: Session, services: Services, jobs: Sequence[Job]) -> dict[UUID, str]:
    ids = {job.technician_id for job in jobs if job.technician_id is not None}
    rows = session.scalars(select(Technician).where(Technician.id.in_(ids)))
    names = {row.id: opened(services.vault, row.key, row.name) for row in rows}
    return {id_: name for id_, name in names.items() if name is not None}


def _facts(session: Session, job_ids: list[UUID]) -> dict[UUID, list[FactRow]]:
    rows = session.scalars(select(FactRow).where(FactRow.job_id.in_(job_ids)).order_by(FactRow.seq))
    grouped: dict[UUID, list[FactRow]] = defaultdict(list)
    for row in rows:
        grouped[row.job_id].append(row)
    return grouped


def _parcels(session: Session, job_ids: list[UUID]) -> dict[UUID, list[Parcel]]:
    rows = session.scalars(select(Parcel).where(Parcel.job_id.in_(job_ids)).order_by(Parcel.id))
    grouped: dict[UUID, list[Parcel]] = defaultdict(list)
    for row in rows:
        grouped[row.job_id].append(row)
    return grouped
