"""The rows of jobs and of all around them that planning reads, in a handful of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    Connection,
    Result,
    Row,
    ScalarResult,
    and_,
    bindparam,
    case,
    func,
    select,
)
from sqlalchemy.orm import Session, aliased, defer

from notifier.domain.jobs import JobKind
from notifier.domain.messages import (
    Channel,
    MessageStatus,
    Role,
)
from notifier.store.tables import (
    Brand,
    Consent,
    ContactPoint,
    FactRow,
    Job,
    JobPerson,
    Message,
    Parcel,
    Person,
    Promise,
    Sender,
    Source,
    Suppression,
    Task,
    Technician,
)

# The queries are built once: building one anew costs more than running it.
_OF_JOBS: BindParameter[UUID] = bindparam("job_ids", expanding=True)
_LOCK = select(Job.id).where(Job.id.in_(_OF_JOBS)).order_by(Job.id).with_for_update()
_SUPPRESSED = (
    select(Suppression.why)
    .where(
        Suppression.brand_id == ContactPoint.brand_id,
        Suppression.channel == ContactPoint.channel,
        Suppression.address_hash == ContactPoint.address_hash,
        Suppression.lifted_at.is_(None),
    )
    .order_by(Suppression.since.desc())
    .limit(1)
    .scalar_subquery()
)
_OTHER_PERSON, _OTHER_LINK, _OTHER_JOB = aliased(Person), aliased(JobPerson), aliased(Job)
_HAS_OTHER_JOBS = (
    select(_OTHER_LINK.id)
    .join(_OTHER_PERSON, _OTHER_PERSON.id == _OTHER_LINK.person_id)
    .join(_OTHER_JOB, _OTHER_JOB.id == _OTHER_LINK.job_id)
    .where(
        _OTHER_PERSON.brand_id == Person.brand_id,
        _OTHER_PERSON.identity_hash == Person.identity_hash,
        _OTHER_PERSON.id != Person.id,
        _OTHER_JOB.finished.is_(False),
    )
    .exists()
)
_SAME_ADDRESS = aliased(ContactPoint)
_SAID_SOMETHING = (  # of consent, anybody at this address
    select(Consent.id)
    .join(_SAME_ADDRESS, _SAME_ADDRESS.id == Consent.contact_point_id)
    .where(
        _SAME_ADDRESS.brand_id == ContactPoint.brand_id,
        _SAME_ADDRESS.channel == ContactPoint.channel,
        _SAME_ADDRESS.address_hash == ContactPoint.address_hash,
    )
    .exists()
)
_ASSIGNED_PERSON = (
    select(Technician.person_id).where(Technician.id == Job.technician_id).scalar_subquery()
)
_WHICH_TECHNICIAN = case(
    (
        JobPerson.role == Role.TECHNICIAN,
        select(Technician.id).where(Technician.person_id == Person.id).scalar_subquery(),
    )
)
_AROUND = (
    select(
        Job,
        Brand,
        Source,
        select(Task.id).where(Task.job_id == Job.id).exists(),
        _ASSIGNED_PERSON,
        JobPerson,
        Person,
        _WHICH_TECHNICIAN,
        _HAS_OTHER_JOBS,
        ContactPoint,
        _SUPPRESSED,
        _SAID_SOMETHING,
    )
    .join(Brand, Brand.id == Job.brand_id)
    .outerjoin(Source, Source.id == Job.source_id)
    .outerjoin(JobPerson, JobPerson.job_id == Job.id)
    .outerjoin(Person, Person.id == JobPerson.person_id)
    .outerjoin(
        ContactPoint,
        and_(ContactPoint.person_id == Person.id, ContactPoint.replaced_at.is_(None)),
    )
    .where(Job.id.in_(_OF_JOBS))
    .order_by(Job.id, JobPerson.position, ContactPoint.created_at, ContactPoint.id)
    .execution_options(populate_existing=True)
)
_FACTS = select(
    FactRow.job_id,
    FactRow.id,
    FactRow.seq,
    FactRow.type,
    FactRow.source,
    FactRow.occurred_at,
    FactRow.received_at,
    FactRow.body,
).where(FactRow.job_id.in_(_OF_JOBS))
_PARCELS = select(Parcel).where(Parcel.job_id.in_(_OF_JOBS))
_PROMISES = (
    select(
        Promise.job_id,
        Promise.job_person_id,
        Promise.asserts,
        Promise.what,
        Promise.moment,
        Promise.given_at,
        Promise.tell_by,
        Promise.strength,
        Promise.message_id,
        Promise.fact_id,
    )
    .where(Promise.job_id.in_(_OF_JOBS))
    .order_by(Promise.recorded_at, Promise.id)
)
_MESSAGES = (
    select(Message)
    .where(Message.job_id.in_(_OF_JOBS))
    .order_by(Message.created_at, Message.id)
    # What went out is nothing to planning, and long.
    .options(*map(defer, (Message.recipient, Message.subject, Message.body, Message.html)))
)
_OF_BRANDS: BindParameter[UUID] = bindparam("brand_ids", expanding=True)
_HALTED = (
    select(Sender.brand_id, Sender.channel)
    .where(Sender.brand_id.in_(_OF_BRANDS))
    .group_by(Sender.brand_id, Sender.channel)
    .having(func.count(Sender.halted_at) == func.count(Sender.id))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """Whose job it is, who is concerned, and how they are reached."""

    job: Job
    brand: Brand
    source: Source | None  # that booked it
    has_tasks: bool
    assigned_person: UUID | None
    technicians: dict[UUID, UUID] = field(default_factory=dict)  # job people by technician
    people: dict[UUID, tuple[JobPerson, Person]] = field(default_factory=dict)
    contacts: dict[UUID, list[ContactPoint]] = field(default_factory=lambda: defaultdict(list))
    suppressed: dict[tuple[UUID, str, bytes], str] = field(default_factory=dict)
    with_other_jobs: set[UUID] = field(default_factory=set)  # people
    spoken_of: set[UUID] = field(default_factory=set)  # contact points with a consent on record


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRows:
    """What was read of some jobs, by job."""

    around: Mapping[UUID, Around]
    facts: Mapping[UUID, list[Row[Any]]]
    parcels: Mapping[UUID, list[Parcel]]
    promises: Mapping[UUID, list[Row[Any]]]
    messages: Mapping[UUID, list[Message]]
    halted: Mapping[UUID, frozenset[Channel]]  # by brand, where a message waits to be taken


def load_rows(session: Session, job_ids: Sequence[UUID], *, lock: bool) -> JobRows:
    """Return what planning reads of `job_ids`; with `lock`, the jobs are locked in id order.

    Locking is a statement of its own: what it waited for is seen only by those after it.
    SQLite needs none: its writers begin one after the other.
    """
    wanted = {"job_ids": list(job_ids)}
    session.flush()
    connection = session.connection()  # what makes no entities is read without the ORM
    if lock and connection.dialect.name != "sqlite":
        connection.execute(_LOCK, wanted)
    around = _gathered(session.execute(_AROUND, wanted))
    orders = [found.job.id for found in around.values() if found.job.kind == JobKind.ORDER]
    messages: Mapping[UUID, list[Message]] = _grouped(session.scalars(_MESSAGES, wanted))
    return JobRows(
        around=around,
        facts=_grouped(connection.execute(_FACTS, wanted)),
        parcels=_grouped(session.scalars(_PARCELS, {"job_ids": orders})) if orders else {},
        promises=_grouped(connection.execute(_PROMISES, wanted)),
        messages=messages,
        halted=_halted(connection, messages),
    )


def _halted(
    connection: Connection, messages: Mapping[UUID, list[Message]]
) -> Mapping[UUID, frozenset[Channel]]:
    """Return the channels of which every sender is halted, of brands for which it matters."""
    deferred = {
        row.brand_id
        for rows in messages.values()
        for row in rows
        if row.status == MessageStatus.DEFERRED
    }
    if not deferred:
        return {}
    found: dict[UUID, set[Channel]] = defaultdict(set)
    for brand, channel in connection.execute(_HALTED, {"brand_ids": list(deferred)}):
        found[brand].add(Channel(channel))
    return {brand: frozenset(channels) for brand, channels in found.items()}


def _gathered(rows: Iterable[Row[*tuple[Any, ...]]]) -> dict[UUID, Around]:
    """Gather rows of `_AROUND`: one for each way to reach each person of each job."""
    found: dict[UUID, Around] = {}
    for job, brand, source, has_tasks, assigned, job_person, person, technician, *ways in rows:
        other_jobs, contact, suppressed, said = ways
        around = found.get(job.id)
        if around is None:
            around = found[job.id] = Around(
                job=job,
                brand=brand,
                source=source,
                has_tasks=has_tasks,
                assigned_person=assigned,
            )
        if job_person is None:
            continue
        around.people.setdefault(job_person.id, (job_person, person))
        if technician is not None:
            around.technicians[technician] = job_person.id
        if other_jobs:
            around.with_other_jobs.add(person.id)
        if contact is None:
            continue
        if said:
            around.spoken_of.add(contact.id)
        if contact not in around.contacts[person.id]:
            around.contacts[person.id].append(contact)
        if suppressed is not None:
            key = (contact.brand_id, contact.channel, contact.address_hash)
            around.suppressed[key] = suppressed
    return found


def _grouped(rows: Result[*tuple[Any, ...]] | ScalarResult[Any]) -> dict[UUID, list[Any]]:
    grouped: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows.all():  # one by one they cost psycopg three times as much
        grouped[row.job_id].append(row)
    return grouped
