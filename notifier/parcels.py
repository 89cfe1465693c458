"""The parcels of an order: those that it was booked with, and those that it is given later."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.domain.jobs import FIRST_STATUS, JobKind
from notifier.domain.tracking_codes import normal_tracking_code
from notifier.services import Services
from notifier.store.deliveries import release_waiting
from notifier.store.tables import Job, Parcel


@dataclass(frozen=True, slots=True, kw_only=True)
class NewParcel:
    """One parcel of an order."""

    carrier: str
    tracking_code: str


def add_parcels(
    session: Session, services: Services, job: Job, parcels: Iterable[NewParcel]
) -> None:
    """Give an order parcels that it does not have."""
    session.add_all(
        Parcel(
            id=services.ids(),
            brand_id=job.brand_id,
            job_id=job.id,
            carrier=parcel.carrier,
            tracking_code=normal_tracking_code(parcel.tracking_code),
            status=FIRST_STATUS[JobKind.ORDER],
        )
        for parcel in parcels
    )


def add_parcel_later(session: Session, services: Services, job_id: UUID, new: NewParcel) -> None:
    """Give an order a parcel, unless it has it, and let what waited for its code go round again.

    Inside the transaction of a caller who has locked the job, and plans it afterwards.
    """
    code = normal_tracking_code(new.tracking_code)
    known = select(Parcel.id).where(Parcel.job_id == job_id, Parcel.tracking_code == code)
    if session.scalar(known) is not None:
        return
    job = session.get_one(Job, job_id)
    add_parcels(session, services, job, [new])
    session.flush()
    release_waiting(session, services.vault, job.brand_id, tracking_codes=[code])
