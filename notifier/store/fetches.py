"""Queries on deliveries whose vendor is to be asked. Each is due at a time of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from notifier.domain.deliveries import DeliveryStatus
from notifier.store.tables import Delivery, Source


def due_sources(session: Session, now: datetime) -> Sequence[UUID]:
    """Return the sources whose vendor is to be asked. One that is left in peace is not due."""
    return session.scalars(
        select(Source.id)
        .where(
            or_(Source.asks_again_at.is_(None), Source.asks_again_at <= now),
            Source.id.in_(select(Delivery.source_id).where(*_due(now))),
        )
        .order_by(Source.id)
    ).all()


def due_of(session: Session, source_id: UUID, now: datetime, limit: int) -> Sequence[UUID]:
    """Return up to `limit` deliveries of a source for which to ask, the longest due first."""
    return session.scalars(
        select(Delivery.id)
        .where(Delivery.source_id == source_id, *_due(now))
        .order_by(Delivery.fetch_at, Delivery.id)
        .limit(limit)
    ).all()


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Delivery.status == DeliveryStatus.FETCHING, Delivery.fetch_at <= now


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
