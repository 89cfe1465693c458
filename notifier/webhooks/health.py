"""How a source is doing: when it was heard of last, what became of that, how late its news is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from notifier.domain.deliveries import UNREAD, DeliveryStatus, Refusal
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.id_times import first_id
from notifier.store.source_refusals import refusals_of
from notifier.store.tables import Delivery, FactRow, Source
from notifier.webhooks.needs import Need, read_needs
from notifier.webhooks.set_up import lacks_key

#: What is counted: of so long ago.
LATELY = timedelta(days=7)

_FACTS = 100
_WAITS = (DeliveryStatus.WAITING, DeliveryStatus.FETCHING)
_DONE = tuple(status for status in DeliveryStatus if status not in UNREAD)

#: Why something was refused, in words.
REFUSED_FOR: Mapping[Refusal, str] = {
    Refusal.SIGNATURE: "its signature is wrong, or too old",
    Refusal.SIZE: "it is longer than 1 MB",
    Refusal.CONTENT_TYPE: "it is not sent as JSON",
    Refusal.JSON: "it is not JSON in UTF-8, or nested too deep",
    Refusal.RATE: "more came than a source may send",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """One source as it stands. Counts are of the last seven days, but what waits and what
    failed is of all times: it is somebody's to mend."""

    name: str
    kind: str
    live: bool  # what it says counts; else it is on record, and owes nothing
    says_itself: Sequence[str]  # statuses that its vendor tells customers of
    rotating: bool  # two secrets count
    needs: Sequence[Need]  # what it needs somebody for
    lacks_key: bool  # its deliveries only point to what is at its vendor, which we can't ask
    last_at: datetime | None  # of a delivery
    counts: Mapping[DeliveryStatus, int]
    waits: Mapping[str, int]  # by what for, in words
    why: str | None  # the latest failure
    failed_at: datetime | None  # when what failed last had come
    can_read_again: int  # of what failed: its body is still kept
    refused: Mapping[Refusal, int]  # the latest reason first
    refused_at: datetime | None  # the latest
    late_by: timedelta | None  # the median of its last hundred facts; None: none in seven days


@dataclass(frozen=True, slots=True)
class _Pile:
    """Deliveries of one source that stand alike."""

    source_id: UUID
    status: DeliveryStatus
    why: str | None
    number: int
    readable: int  # their body is kept
    latest_at: datetime


def read_sources(services: Services, brand_id: UUID) -> list[SourceHealth]:
    """Return the sources of a brand, by name."""
    since = services.now() - LATELY
    piles: dict[UUID, list[_Pile]] = defaultdict(list)
    refused: dict[UUID, dict[Refusal, int]] = defaultdict(dict)
    refused_at: dict[UUID, datetime] = {}
    with reading(services.sessions) as session:
        sources = session.scalars(
            select(Source).where(Source.brand_id == brand_id).order_by(Source.name)
        ).all()
        for pile in _piles(session, brand_id, since):
            piles[pile.source_id].append(pile)
        for source_id, reason, number, at in refusals_of(session, brand_id, since):
            refused[source_id][reason] = number
            refused_at.setdefault(source_id, at)
        needs = {
            one.id: one.needs for one in read_needs(session, now=services.now(), brand_id=brand_id)
        }
        return [
            _health(
                source,
                piles[source.id],
                needs=needs[source.id],
                last_at=_last_at(session, source, piles[source.id], since),
                refused=refused[source.id],
                refused_at=refused_at.get(source.id),
                late_by=_late_by(session, source, since),
            )
            for source in sources
        ]


def _piles(session: Session, brand_id: UUID, since: datetime) -> list[_Pile]:
    """Return what is to be mended, of all times, and the rest of lately.

    Both are asked by their status, which is what finds them in a long journal.
    """
    to_mend = Delivery.status.in_(UNREAD)
    lately = Delivery.status.in_(_DONE) & (Delivery.received_at >= since)
    rows = session.execute(
        select(
            Delivery.source_id,
            Delivery.status,
            Delivery.why,
            func.count(),
            func.count(Delivery.body),
            func.max(Delivery.received_at),
        )
        .where(Delivery.brand_id == brand_id, to_mend | lately)
        .group_by(Delivery.source_id, Delivery.status, Delivery.why)
    )
    return [
        _Pile(source_id, DeliveryStatus(status), why, number, readable, latest_at)
        for source_id, status, why, number, readable, latest_at in rows
    ]


def _health(
    source: Source,
    piles: Sequence[_Pile],
    *,
    needs: Sequence[Need],
    last_at: datetime | None,
    refused: Mapping[Refusal, int],
    refused_at: datetime | None,
    late_by: timedelta | None,
) -> SourceHealth:
    counts: Counter[DeliveryStatus] = Counter()
    for pile in piles:
        counts[pile.status] += pile.number
    failed = [pile for pile in piles if pile.status is DeliveryStatus.FAILED]
    last = max(failed, key=lambda pile: pile.latest_at, default=None)
    return SourceHealth(
        name=source.name,
        kind=source.kind,
        live=source.live_at is not None,
        says_itself=source.says_itself,
        rotating=source.next_secret is not None,
        last_at=last_at,
        counts=counts,
        waits={pile.why or "": pile.number for pile in piles if pile.status in _WAITS},
        needs=needs,
        lacks_key=lacks_key(source),
        why=last.why if last is not None else None,
        failed_at=last.latest_at if last is not None else None,
        can_read_again=sum(pile.readable for pile in failed),
        refused=refused,
        refused_at=refused_at,
        late_by=late_by,
    )


def _last_at(
    session: Session, source: Source, piles: Sequence[_Pile], since: datetime
) -> datetime | None:
    lately = max((pile.latest_at for pile in piles), default=since)
    if lately > since:
        return lately
    of_source = Delivery.source_id == source.id
    return session.scalar(select(func.max(Delivery.received_at)).where(of_source))


def _late_by(session: Session, source: Source, since: datetime) -> timedelta | None:
    # By the time in their ids, for facts have no index on their source.
    rows = session.execute(
        select(FactRow.received_at, FactRow.occurred_at)
        .where(FactRow.id >= first_id(since), FactRow.source_id == source.id)
        .order_by(FactRow.id.desc())
        .limit(_FACTS)
    )
    late = [(received - occurred).total_seconds() for received, occurred in rows]
    return timedelta(seconds=median(late)) if late else None
