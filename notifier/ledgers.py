"""Read what the people of jobs were promised, and how each promise ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, defer

from notifier.domain.facts import Fact, FactSource, FactType
from notifier.domain.folding import fold
from notifier.domain.jobs import JobKind
from notifier.domain.ledger.endings import PromiseView, endings_of
from notifier.domain.messages import Role
from notifier.store.facts import fact_of
from notifier.store.ledger_rows import entries_of, words_of
from notifier.store.person_views import past_of
from notifier.store.tables import FactRow, Job, JobPerson, Message, Parcel, Promise

_OfJob = TypeVar("_OfJob", FactRow, JobPerson, Message, Parcel, Promise)


class GivenBy(StrEnum):
    """How a promise came to somebody."""

    BOOKING = "booking"
    PHONE = "phone"  # staff said it
    ANSWER = "answer"  # they accepted it
    ASKED = "asked"  # they asked for it on their page
    MESSAGE = "message"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLedger:
    """What one person of a job was promised, in the order in which they were."""

    job_person: UUID
    role: Role
    promises: tuple[PromiseView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLedger:
    """The ledger of one job: of the first customer first."""

    job_id: UUID
    kind: JobKind
    zone: str
    technician: UUID | None
    facts: dict[UUID, Fact]
    integrations: dict[UUID, UUID]  # of the facts that an integration sent, its source row
    people: tuple[PersonLedger, ...]

    def given_by(self, view: PromiseView) -> GivenBy:
        """Return how a promise of this job came to its person."""
        fact = self.facts.get(view.entry.fact) if view.entry.fact is not None else None
        if fact is None:
            return GivenBy.MESSAGE
        if fact.type is FactType.BOOKED:
            return GivenBy.BOOKING
        if fact.type is FactType.PROMISED and fact.source is FactSource.CUSTOMER:
            return GivenBy.ASKED
        return GivenBy.ANSWER if fact.type is FactType.ACCEPTED else GivenBy.PHONE


def read_ledgers(session: Session, job_ids: Sequence[UUID], *, now: datetime) -> list[JobLedger]:
    """Return the ledgers of `job_ids` as they stand at `now`, in the order of the ids.

    Five queries, however many jobs. Whom nothing was promised has no promises in theirs.
    """
    jobs = session.scalars(select(Job).where(Job.id.in_(job_ids)).order_by(Job.id)).all()
    facts = _by_job(session, select(FactRow).where(FactRow.job_id.in_(job_ids)))
    parcels = _by_job(session, select(Parcel).where(Parcel.job_id.in_(job_ids)))
    people = _by_job(
        session,
        select(JobPerson)
        .where(JobPerson.job_id.in_(job_ids), JobPerson.role != Role.TECHNICIAN)
        .order_by(JobPerson.position),
    )
    promises = _by_job(
        session,
        select(Promise)
        .where(Promise.job_id.in_(job_ids))
        .order_by(Promise.recorded_at, Promise.id),
    )
    sealed = (Message.recipient, Message.subject, Message.body, Message.html)
    messages = _by_job(
        session,
        select(Message).where(Message.job_id.in_(job_ids)).options(*(defer(c) for c in sealed)),
    )
    return [
        _ledger(
            job,
            facts[job.id],
            parcels[job.id],
            people[job.id],
            promises[job.id],
            messages[job.id],
            now=now,
        )
        for job in jobs
    ]


def _ledger(
    job: Job,
    fact_rows: Sequence[FactRow],
    parcels: Iterable[Parcel],
    people: Iterable[JobPerson],
    promises: Sequence[Promise],
    messages: Sequence[Message],
    *,
    now: datetime,
) -> JobLedger:
    kind, facts = JobKind(job.kind), [fact_of(row) for row in fact_rows]
    state = fold(kind, facts, [parcel.tracking_code for parcel in parcels])
    ledgers = []
    for person in people:
        past = [past_of(row) for row in messages if row.job_person_id == person.id]
        entries = entries_of((row for row in promises if row.job_person_id == person.id), past)
        views = endings_of(
            state,
            facts,
            entries,
            words_of(past, entries),
            person=person.id,
            zone=ZoneInfo(job.zone),
            now=now,
        )
        ledgers.append(PersonLedger(job_person=person.id, role=Role(person.role), promises=views))
    return JobLedger(
        job_id=job.id,
        kind=kind,
        zone=job.zone,
        technician=job.technician_id,
        facts={fact.id: fact for fact in facts},
        integrations={row.id: row.source_id for row in fact_rows if row.source_id is not None},
        people=tuple(ledgers),
    )


def _by_job(session: Session, query: Select[_OfJob]) -> dict[UUID, list[_OfJob]]:
    grouped: dict[UUID, list[_OfJob]] = defaultdict(list)
    for row in session.scalars(query):
        grouped[row.job_id].append(row)
    return grouped
