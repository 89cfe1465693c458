"""Addresses that must not be written to. Opting out wins over everything, at once.

A claim reads this list in its own transaction: if it can't be read, nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from uuid import UUID

from sqlalchemy import CursorResult, Select, select, update
from sqlalchemy.orm import Session

from notifier import planner
from notifier.domain.messages import Channel, WhyNot
from notifier.isolation import Planning, planned_or_soon
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.outbox import waiting_jobs
from notifier.store.tables import ContactPoint, Suppression

#: (brand, channel, address hash)
Address = tuple[UUID, str, bytes]


def suppress(
    session: Session,
    services: Services,
    *,
    brand_id: UUID,
    channel: Channel | str,
    address_hash: bytes,
    why: WhyNot,
    source: str,
) -> bool:
    """Put an address on the list and return whether it was not there yet for this reason.

    :param source: who said so: reply, provider, staff, customer, source.
    """
    open_rows = _open(brand_id, channel, address_hash).where(Suppression.why == why)
    if session.scalar(open_rows.limit(1)) is not None:
        return False
    session.add(
        Suppression(
            id=services.ids(),
            brand_id=brand_id,
            channel=Channel(channel),
            address_hash=address_hash,
            why=why,
            source=source,
            since=services.now(),
            lifted_at=None,
        )
    )
    session.flush()
    return True


def lift(
    session: Session,
    services: Services,
    *,
    brand_id: UUID,
    channel: Channel | str,
    address_hash: bytes,
    why: WhyNot = WhyNot.OPTED_OUT,
) -> bool:
    """Take an address off the list, as far as it stood there for `why`; False if it did not."""
    result = session.execute(
        update(Suppression)
        .where(
            Suppression.brand_id == brand_id,
            Suppression.channel == Channel(channel),
            Suppression.address_hash == address_hash,
            Suppression.why == why,
            Suppression.lifted_at.is_(None),
        )
        .values(lifted_at=services.now())
    )
    assert isinstance(result, CursorResult)
    return result.rowcount > 0


def is_suppressed(
    session: Session, *, brand_id: UUID, channel: Channel | str, address_hash: bytes
) -> WhyNot | None:
    """Return why an address must not be written to, or None."""
    rows = _open(brand_id, channel, address_hash).order_by(Suppression.since)
    row = session.scalar(rows.limit(1))
    return WhyNot(row.why) if row is not None else None


def suppressed_among(session: Session, addresses: Collection[Address]) -> dict[Address, WhyNot]:
    """Return those of `addresses` that must not be written to, and why."""
    if not addresses:
        return {}
    rows = session.scalars(
        select(Suppression)
        .where(
            Suppression.brand_id.in_({brand for brand, _, _ in addresses}),
            Suppression.address_hash.in_({hashed for _, _, hashed in addresses}),
            Suppression.lifted_at.is_(None),
        )
        .order_by(Suppression.since.desc())
    )
    found = {(row.brand_id, row.channel, row.address_hash): WhyNot(row.why) for row in rows}
    return {address: why for address, why in found.items() if address in set(addresses)}


def drop_what_waits(
    services: Services, *, brand_id: UUID, channel: Channel | str, address_hash: bytes
) -> None:
    """Close what is still planned for an address that is on the list now, in every job.

    Nothing of it could be claimed any more; this shows it, and lets other channels take over.
    The first pass closes the rows of the address, the second plans who carries on.
    """
    with reading(services.sessions) as session:
        points = session.scalars(
            select(ContactPoint.id).where(
                ContactPoint.brand_id == brand_id,
                ContactPoint.channel == Channel(channel),
                ContactPoint.address_hash == address_hash,
            )
        ).all()
        job_ids = waiting_jobs(session, points)
    for start in range(0, len(job_ids), planner.STEP):
        step = job_ids[start : start + planner.STEP]
        planned_or_soon(planner.bring_up_to_date, partial(_plan_twice, services, step))


def _plan_twice(services: Services, job_ids: Sequence[UUID], plan: Planning) -> None:
    with services.sessions.begin() as session:
        for _ in range(2):
            plan(session, services, job_ids, now=services.now())


def _open(brand_id: UUID, channel: Channel | str, address_hash: bytes) -> Select[Suppression]:
    return select(Suppression).where(
        Suppression.brand_id == brand_id,
        Suppression.channel == Channel(channel),
        Suppression.address_hash == address_hash,
        Suppression.lifted_at.is_(None),
    )
