"""Who should be at a visit by now and has not said so, and how dispatch reaches them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.board_reading.people import PersonSeen
from notifier.domain.jobs import AWAITED
from notifier.domain.messages import WhyNot
from notifier.domain.windows import Window, from_json
from notifier.services import Services
from notifier.store.tables import Job, Technician
from notifier.store.vault import opened

#: What a tap says that they are late, in minutes from what was agreed.
_LATE = (15, 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """The technician assigned to a visit."""

    name: str | None
    phone: str | None  # to ring; None: nobody told us
    unreachable: WhyNot | None  # why no text reaches them
    late: tuple[int, ...]  # so many minutes late they can still say that they are


def read_going(
    session: Session,
    services: Services,
    jobs: Sequence[Job],
    people: Mapping[UUID, tuple[PersonSeen, ...]],
    now: datetime,
) -> dict[UUID, Going]:
    """Return who goes, by job; not for jobs that are not due, or that somebody has come to."""
    awaited = [
        job
        for job in jobs
        if job.status in AWAITED and job.starts_at is not None and job.starts_at <= now
    ]
    wanted = {job.technician_id for job in awaited if job.technician_id is not None}
    rows = session.scalars(select(Technician).where(Technician.id.in_(wanted)))
    technicians = {row.id: row for row in rows}
    going = {}
    for job in awaited:
        row = technicians.get(job.technician_id) if job.technician_id else None
        if row is None:
            continue
        asked = next((p for p in people.get(job.id, ()) if p.person_id == row.person_id), None)
        going[job.id] = Going(
            name=opened(services.vault, row.key, row.name),
            phone=asked.phone if asked is not None else None,
            unreachable=asked.unreachable if asked is not None else WhyNot.NO_CONTACT,
            late=_late(job, now),
        )
    return going


def _late(job: Job, now: datetime) -> tuple[int, ...]:
    base = from_json(job.agreed or job.promised)
    if not isinstance(base, Window):
        return ()
    return tuple(minutes for minutes in _LATE if now < base.shifted(minutes).end)
