"""What was known of a job's people beyond the job at a moment in the past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.domain.consent import ConsentPolicy
from notifier.domain.folding import fold
from notifier.domain.jobs import JobKind
from notifier.store.consents import closed_among
from notifier.store.facts import fact_of
from notifier.store.person_views import Humans
from notifier.store.same_human import heard_of
from notifier.store.tables import Brand, ContactPoint, FactRow, Job, JobPerson, Parcel, Person


def humans_as_of(
    session: Session,
    brand: Brand,
    people: Sequence[Person],
    contacts: Mapping[UUID, Sequence[ContactPoint]],
    at: datetime,
    *,
    consent: ConsentPolicy,
    heard_since: datetime | None,
) -> Humans:
    """Return what was known of `people` at `at` (UTC).

    :param heard_since: how far back to read what they had got; None where nothing was capped.
    """
    return Humans(
        closed=closed_among(
            session,
            consent,
            [(way, person, brand) for person in people for way in contacts.get(person.id, ())],
            at=at,
        ),
        with_other_jobs={one.id for one in people if _had_other_jobs(session, one, at)},
        heard=heard_of(session, people, contacts, since=heard_since, until=at)
        if heard_since is not None
        else {},
    )


def _had_other_jobs(session: Session, person: Person, at: datetime) -> bool:
    """Whether the same human had another job at `at`, open by the facts known then."""
    if person.identity_hash is None:
        return False
    jobs = session.scalars(
        select(Job)
        .join(JobPerson, JobPerson.job_id == Job.id)
        .join(Person, Person.id == JobPerson.person_id)
        .where(
            Person.brand_id == person.brand_id,
            Person.identity_hash == person.identity_hash,
            Person.id != person.id,
            Job.created_at <= at,
        )
        .distinct()
    )
    return any(_was_open(session, job, at) for job in jobs)


def _was_open(session: Session, job: Job, at: datetime) -> bool:
    facts = session.scalars(
        select(FactRow).where(FactRow.job_id == job.id, FactRow.received_at <= at)
    )
    codes = session.scalars(select(Parcel.tracking_code).where(Parcel.job_id == job.id))
    return not fold(JobKind(job.kind), map(fact_of, facts), codes).finished
