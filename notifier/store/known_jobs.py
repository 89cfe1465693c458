"""Which job a delivery is about: by its reference or a later name, or by a tracking code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from notifier.domain.deliveries import CodeUse, code_use
from notifier.domain.facts import Fact
from notifier.store.awaited_names import release_named
from notifier.store.facts import fact_of
from notifier.store.inserts import insert_into
from notifier.store.tables import FactRow, Job, JobName, Parcel
from notifier.store.vault import Vault


@dataclass(frozen=True, slots=True)
class KnownJob:
    """What an event needs to know of its job, without loading the row before it is locked."""

    id: UUID
    reference: str
    kind: str
    zone: str  # IANA, of the place
    source_id: UUID | None  # that booked it
    account: str | None  # at its vendor
    finished: bool


def jobs_named(session: Session, brand_id: UUID, names: Sequence[str]) -> list[KnownJob]:
    """Return the brand's jobs that have these names, in the order of the names, each once."""
    found = {one.id: one for name in names for one in _named(session, brand_id, name)}
    return list(found.values())


def jobs_with_ids(session: Session, job_ids: Sequence[UUID]) -> list[KnownJob]:
    """Return the jobs with these ids, in any order."""
    return _known(session, Job.id.in_(job_ids))


def uses_of_code(session: Session, brand_id: UUID, code: str) -> list[CodeUse]:
    """Return the orders that have a parcel with this tracking code."""
    rows = session.execute(
        select(Job.id, Job.ends_at, Job.finished)
        .join(Parcel, Parcel.job_id == Job.id)
        .where(Parcel.brand_id == brand_id, Parcel.tracking_code == code)
    ).all()
    said: dict[UUID, list[Fact]] = defaultdict(list)
    of_these = FactRow.job_id.in_([row.id for row in rows])
    for fact in session.scalars(select(FactRow).where(of_these)) if rows else ():
        said[fact.job_id].append(fact_of(fact))
    return [
        code_use(row.id, said[row.id], due_at=row.ends_at, finished=row.finished) for row in rows
    ]


def name_job(
    session: Session, vault: Vault, brand_id: UUID, job_id: UUID, names: Sequence[str]
) -> None:
    """Let the job be found by these names, too, and send round again what waited for them.

    Inside the transaction of a caller who has locked the job. A name that is another job's, or
    the reference of one, stays that one's.
    """
    references = set(
        session.scalars(
            select(Job.reference).where(Job.brand_id == brand_id, Job.reference.in_(names))
        )
    )
    rows = [
        {"brand_id": brand_id, "name": name, "job_id": job_id}
        for name in names
        if name not in references
    ]
    if not rows:
        return
    named = insert_into(session, JobName).on_conflict_do_nothing().returning(JobName.name)
    new = session.scalars(named, rows).all()
    release_named(session, vault, brand_id, new)


def give_names(session: Session, brand_id: UUID, job: KnownJob, goes_on: KnownJob) -> None:
    """Let `goes_on` be found by all that `job` was found by, which has ended as it.

    Inside the transaction of a caller who has locked both.
    """
    session.execute(update(JobName).where(JobName.job_id == job.id).values(job_id=goes_on.id))
    row = {"brand_id": brand_id, "name": job.reference, "job_id": goes_on.id}
    session.execute(insert_into(session, JobName).on_conflict_do_nothing(), [row])


def _named(session: Session, brand_id: UUID, name: str) -> list[KnownJob]:
    """Return the job that has the name, or, if that ended as another one, that one."""
    found = _known(session, Job.brand_id == brand_id, Job.reference == name)
    if found and not found[0].finished:
        return found
    later = select(JobName.job_id).where(JobName.brand_id == brand_id, JobName.name == name)
    return _known(session, Job.id.in_(later)) or found


def _known(session: Session, *where: ColumnElement[bool]) -> list[KnownJob]:
    its = (Job.id, Job.reference, Job.kind, Job.zone, Job.source_id, Job.account, Job.finished)
    return [KnownJob(*row) for row in session.execute(select(*its).where(*where))]
