"""The parcels of orders: who carries each, and where it stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.domain.jobs import JobStatus
from notifier.domain.windows import Expectation, from_json
from notifier.store.tables import Parcel


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelLine:
    """One parcel of an order."""

    carrier: str
    tracking_code: str
    status: JobStatus
    expected: Expectation | None


def read_parcels(session: Session, job_ids: list[UUID]) -> Mapping[UUID, list[ParcelLine]]:
    """Return the parcels of each job, in the order in which they were named."""
    found: dict[UUID, list[ParcelLine]] = defaultdict(list)
    for row in session.scalars(
        select(Parcel).where(Parcel.job_id.in_(job_ids)).order_by(Parcel.id)
    ):
        found[row.job_id].append(
            ParcelLine(
                carrier=row.carrier,
                tracking_code=row.tracking_code,
                status=JobStatus(row.status),
                expected=from_json(row.expected),
            )
        )
    return found
