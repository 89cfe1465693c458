"""Whom a reply comes from, and what they are most likely writing about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from notifier.domain.messages import UNDER_WAY, Channel, MessageStatus, Role
from notifier.store.tables import Brand, ContactPoint, Job, JobPerson, Message, Sender

#: Who writes back has read it, or may have; held after a claim, nobody knows.
_MAY_BE_READ = UNDER_WAY | {MessageStatus.DELIVERED, MessageStatus.HELD}


@dataclass(frozen=True, slots=True, kw_only=True)
class Correspondent:
    """The writer of a reply, as far as known, and the brands that they wrote to.

    The first brand is the one that the reply belongs to.
    """

    brands: tuple[Brand, ...]
    contact_point_id: UUID | None = None
    person_id: UUID | None = None
    job_id: UUID | None = None
    job_person_id: UUID | None = None
    role: Role | None = None


def find_correspondent(
    session: Session, *, channel: Channel, from_hash: bytes, to_address: str
) -> Correspondent | None:
    """Return who wrote from an address to one of ours; None if there is no brand at all.

    Several people may share a number, and one may have several jobs: it is the one to whom,
    and the job of which, the last message went that may have been read. Without a message it
    is the newest job.
    """
    brands = _brands(session, channel, from_hash, to_address)
    if not brands:
        return None
    points = {
        point.id: point
        for point in session.scalars(
            select(ContactPoint).where(
                ContactPoint.brand_id.in_([brand.id for brand in brands]),
                ContactPoint.channel == channel,
                ContactPoint.address_hash == from_hash,
            )
        )
    }
    latest = session.scalar(
        select(Message)
        .where(
            Message.contact_point_id.in_(points),
            Message.claimed_at.is_not(None),
            Message.status.in_(_MAY_BE_READ),
        )
        # Of a digest it is the one whose link was in it.
        .order_by(
            func.coalesce(Message.handed_over_at, Message.claimed_at).desc(),
            Message.carried_by.is_not(None),
            Message.id.desc(),
        )
        .limit(1)
    )
    if latest is not None and latest.contact_point_id is not None:
        point = points[latest.contact_point_id]
        return Correspondent(
            brands=_first(brands, latest.brand_id),
            contact_point_id=point.id,
            person_id=point.person_id,
            job_id=latest.job_id,
            job_person_id=latest.job_person_id,
            role=Role(session.get_one(JobPerson, latest.job_person_id).role),
        )
    return _of_newest_job(session, brands, list(points.values()))


def _brands(
    session: Session, channel: Channel, from_hash: bytes, to_address: str
) -> tuple[Brand, ...]:
    """Return the brands that own the address written to.

    Where none does (a messaging service answers from a pool of numbers), those that know the
    writer; where none knows them either, every brand: opting out must not get lost.
    """
    owners = session.scalars(
        select(Brand)
        .where(
            Brand.id.in_(
                select(Sender.brand_id).where(
                    Sender.channel == channel, Sender.address == to_address
                )
            )
        )
        .order_by(Brand.demo, Brand.created_at)
    ).all()
    if owners:
        return tuple(owners)
    every = session.scalars(select(Brand).order_by(Brand.demo, Brand.created_at)).all()
    known = set(
        session.scalars(
            select(ContactPoint.brand_id).where(
                ContactPoint.brand_id.in_([brand.id for brand in every]),
                ContactPoint.channel == channel,
                ContactPoint.address_hash == from_hash,
            )
        )
    )
    return tuple(brand for brand in every if brand.id in known) or tuple(every)


def _of_newest_job(
    session: Session, brands: tuple[Brand, ...], points: Sequence[ContactPoint]
) -> Correspondent:
    found = session.execute(
        select(JobPerson, Job.brand_id)
        .join(Job, Job.id == JobPerson.job_id)
        .where(JobPerson.person_id.in_([point.person_id for point in points]))
        .order_by(Job.created_at.desc(), Job.id.desc())
        .limit(1)
    ).first()
    if found is None:
        return Correspondent(brands=brands)
    job_person, brand_id = found
    point = next(point for point in points if point.person_id == job_person.person_id)
    return Correspondent(
        brands=_first(brands, brand_id),
        contact_point_id=point.id,
        person_id=point.person_id,
        job_id=job_person.job_id,
        job_person_id=job_person.id,
        role=Role(job_person.role),
    )


def _first(brands: tuple[Brand, ...], brand_id: UUID) -> tuple[Brand, ...]:
    """Return the brands with that one in front."""
    return tuple(sorted(brands, key=lambda brand: brand.id != brand_id))
