"""How a source is doing: when it was heard of last, what became of that, how late its news is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from notifier.domain.deliveries import DeliveryStatus, Refusal
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.source_refusals import refusals_of
from notifier.store.tables import Delivery, FactRow, Source

#: What is counted: of so long ago.
LATELY = timedelta(days=7)

_FACTS = 100

#: Why something was refused, in words.
REFUSED_FOR: Mapping[Refusal, str] = {
    Refusal.SIGNATURE: "its signature is wrong, or too old",
    Refusal.SIZE: "it is longer than 1 MB",
    Refusal.CONTENT_TYPE: "it is not sent as JSON",
    Refusal.JSON: "it is not JSON, or nested too deep",
    Refusal.RATE: "more came than a source may send",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """One source as it stands. Counts are of the last seven days, but what waits and what
    failed is of all times: it is somebody's to mend."""

    name: str
    kind: str
    rotating: bool  # two secrets count
    last_at: datetime | None  # of a delivery
    counts: Mapping[DeliveryStatus, int]
    why: str | None  # the latest failure
    refused: Mapping[Refusal, int]  # the latest reason first
    late_by: timedelta | None  # the median of its last hundred facts; None: no news of it


def read_sources(services: Services, brand_id: UUID) -> list[SourceHealth]:
    """Return the sources of a brand, by name."""
    with reading(services.sessions) as session:
        sources = session.scalars(
            select(Source).where(Source.brand_id == brand_id).order_by(Source.name)
        ).all()
        since = services.now() - LATELY
        counts = _counts(session, brand_id, since=since)
        refused: dict[UUID, dict[Refusal, int]] = defaultdict(dict)
        for source_id, reason, number, _ in refusals_of(session, brand_id, since):
            refused[source_id][reason] = number
        return [
            _health(session, source, counts[source.id], refused[source.id]) for source in sources
        ]


def _counts(
    session: Session, brand_id: UUID, *, since: datetime
) -> Mapping[UUID, Mapping[DeliveryStatus, int]]:
    counts: dict[UUID, dict[DeliveryStatus, int]] = defaultdict(dict)
    to_mend = Delivery.status.in_((DeliveryStatus.WAITING, DeliveryStatus.FAILED))
    rows = session.execute(
        select(Delivery.source_id, Delivery.status, func.count())
        .where(Delivery.brand_id == brand_id, to_mend | (Delivery.received_at >= since))
        .group_by(Delivery.source_id, Delivery.status)
    )
    for source_id, status, number in rows:
        counts[source_id][DeliveryStatus(status)] = number
    return counts


def _health(
    session: Session,
    source: Source,
    counts: Mapping[DeliveryStatus, int],
    refused: Mapping[Refusal, int],
) -> SourceHealth:
    of_source = Delivery.source_id == source.id
    failed = (
        select(Delivery.why)
        .where(of_source, Delivery.status == DeliveryStatus.FAILED)
        .order_by(Delivery.received_at.desc())
        .limit(1)
    )
    return SourceHealth(
        name=source.name,
        kind=source.kind,
        rotating=source.next_secret is not None,
        last_at=session.scalar(select(func.max(Delivery.received_at)).where(of_source)),
        counts=counts,
        why=session.scalar(failed),
        refused=refused,
        late_by=_late_by(session, source),
    )


def _late_by(session: Session, source: Source) -> timedelta | None:
    rows = session.execute(
        select(FactRow.received_at, FactRow.occurred_at)
        .where(FactRow.brand_id == source.brand_id, FactRow.source_id == source.id)
        .order_by(FactRow.received_at.desc())
        .limit(_FACTS)
    )
    late = [(received - occurred).total_seconds() for received, occurred in rows]
    return timedelta(seconds=median(late)) if late else None
