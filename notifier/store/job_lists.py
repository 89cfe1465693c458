"""Pages of a brand's jobs, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.store.tables import Job, SearchTerm


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs are sought. `terms`: of each set of hashes, one must be a job's."""

    kind: str
    reference: str | None = None
    status: str | None = None
    late: bool | None = None
    terms: Sequence[frozenset[bytes]] = ()


def page_of_jobs(
    session: Session, brand_id: UUID, sought: JobFilter, *, before: UUID | None, limit: int
) -> list[Job]:
    """Return at most `limit` jobs made before the job `before` (from the newest, if None)."""
    query = select(Job).where(Job.brand_id == brand_id, Job.kind == sought.kind)
    if sought.reference is not None:
        query = query.where(Job.reference == sought.reference)
    if sought.status is not None:
        query = query.where(Job.status == sought.status)
    if sought.late is not None:
        query = query.where(Job.late == sought.late)
    for hashes in sought.terms:
        found = select(SearchTerm.job_id).where(
            SearchTerm.brand_id == brand_id, SearchTerm.term_hash.in_(hashes)
        )
        query = query.where(Job.id.in_(found))
    if before is not None:
        query = query.where(Job.id < before)  # ids are ordered by when they were made
    return list(session.scalars(query.order_by(Job.id.desc()).limit(limit)))
