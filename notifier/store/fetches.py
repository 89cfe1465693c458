"""Queries on deliveries whose vendor is to be asked. Each is due at a time of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from notifier.domain.deliveries import DeliveryStatus
from notifier.store.tables import Delivery, Source


def due_to_ask(session: Session, now: datetime, limit: int) -> Sequence[tuple[UUID, UUID]]:
    """Return up to `limit` deliveries and their sources, the longest due first.

    Those of a vendor that is left in peace are not due.
    """
    rows = session.execute(
        select(Delivery.id, Delivery.source_id)
        .join(Source, Source.id == Delivery.source_id)
        .where(
            Delivery.status == DeliveryStatus.FETCHING,
            Delivery.fetch_at <= now,
            or_(Source.asks_again_at.is_(None), Source.asks_again_at <= now),
        )
        .order_by(Delivery.fetch_at, Delivery.id)
        .limit(limit)
    )
    return [(delivery_id, source_id) for delivery_id, source_id in rows]


def take_fetching(
    session: Session, delivery_id: UUID, *, due_at: datetime | None = None
) -> tuple[Delivery, Source] | None:
    """Lock a delivery whose vendor is being asked; None if another worker has it.

    With `due_at`, only if it is due then.
    """
    due = [Delivery.fetch_at <= due_at] if due_at is not None else []
    row = session.execute(
        select(Delivery, Source)
        .join(Source, Source.id == Delivery.source_id)
        .where(Delivery.id == delivery_id, Delivery.status == DeliveryStatus.FETCHING, *due)
        .with_for_update(of=Delivery, skip_locked=True)
    ).one_or_none()
    return (row[0], row[1]) if row is not None else None


def lock_source(session: Session, source_id: UUID) -> Source:
    """Lock a source and return it as it stands now."""
    return session.scalars(select(Source).where(Source.id == source_id).with_for_update()).one()
