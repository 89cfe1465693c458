"""Queries on what was refused at the addresses of sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from notifier.domain.deliveries import Refusal
from notifier.store.inserts import insert_into
from notifier.store.tables import Source, SourceRefusals


@dataclass(frozen=True, slots=True, order=True)
class RefusedInHour:
    """How often one source's address refused for one reason, in the hour from `hour` on."""

    source_id: UUID
    hour: datetime
    reason: Refusal
    number: int
    latest_at: datetime


def add_refusals(session: Session, found: Sequence[RefusedInHour]) -> None:
    """Add these to what is on record."""
    made = insert_into(session, SourceRefusals).values(
        [
            {
                "source_id": one.source_id,
                "hour": one.hour,
                "reason": one.reason,
                "number": one.number,
                "latest_at": one.latest_at,
            }
            for one in sorted(found)  # every process locks the rows in this order
        ]
    )
    session.execute(
        made.on_conflict_do_update(
            index_elements=["source_id", "hour", "reason"],
            set_={
                "number": SourceRefusals.number + made.excluded.number,
                "latest_at": made.excluded.latest_at,
            },
        )
    )


def refusals_of(
    session: Session, brand_id: UUID, since: datetime
) -> list[tuple[UUID, Refusal, int, datetime]]:
    """Return source, reason, number and the latest time of what was refused, the latest first."""
    latest = func.max(SourceRefusals.latest_at)
    rows = session.execute(
        select(
            SourceRefusals.source_id, SourceRefusals.reason, func.sum(SourceRefusals.number), latest
        )
        .join(Source, Source.id == SourceRefusals.source_id)
        .where(Source.brand_id == brand_id, SourceRefusals.hour > since)
        .group_by(SourceRefusals.source_id, SourceRefusals.reason)
        .order_by(latest.desc())
    )
    return [(source, Refusal(why), int(number), at) for source, why, number, at in rows]


def count_refusals(session: Session, since: datetime) -> dict[tuple[str, str], int]:
    """Return how much was refused at the addresses of all brands, by kind and reason."""
    rows = session.execute(
        select(Source.kind, SourceRefusals.reason, func.sum(SourceRefusals.number))
        .join(Source, Source.id == SourceRefusals.source_id)
        .where(SourceRefusals.hour > since)
        .group_by(Source.kind, SourceRefusals.reason)
    )
    return {(kind, why): int(number) for kind, why, number in rows}
