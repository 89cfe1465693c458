"""Which sources need somebody, and why: what they send does not count, or not all of it.

Every page of the board asks, every few seconds, so whatever it reads is found by an index.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from notifier.domain.deliveries import UNREAD, DeliveryStatus, Refusal
from notifier.store.tables import Delivery, Source, SourceRefusals
from notifier.webhooks.set_up import lacks_key

#: Whoever was refused before that has given up, or never was the vendor. And a source of which
#: something found its job lately has jobs here: the rest is mostly somebody else's, as in an
#: account that several shops share.
_LATELY = timedelta(days=7)

#: What came out of order has found its job by then, and what was to be fetched was.
_LONG = timedelta(days=1)


class Need(StrEnum):
    """Why a source needs somebody, the most pressing first."""

    REFUSED = "refused"  # what came last was refused, and nothing was taken since
    NO_KEY = "no_key"  # nothing of it can be read without asking its vendor
    FAILED = "failed"  # some could not be read
    WAITS = "waits"  # for its vendor, for more than a day; or for jobs, and none finds any


@dataclass(frozen=True, slots=True)
class SourceNeeds:
    """One source, and what it needs somebody for; mostly nothing."""

    id: UUID
    name: str
    needs: tuple[Need, ...]


def read_needs(
    session: Session, *, now: datetime, brand_id: UUID | None = None
) -> list[SourceNeeds]:
    """Return each source (of that brand, if given) with its needs, by name."""
    found = select(
        Source,
        _any_of(Delivery.status == DeliveryStatus.FAILED),
        or_(
            _any_of(Delivery.status == DeliveryStatus.FETCHING, Delivery.received_at < now - _LONG),
            and_(
                _any_of(
                    Delivery.status == DeliveryStatus.WAITING, Delivery.received_at < now - _LONG
                ),
                ~_any_of(
                    Delivery.status == DeliveryStatus.APPLIED, Delivery.received_at > now - _LATELY
                ),
            ),
        ),
        select(func.max(SourceRefusals.latest_at))
        .where(
            SourceRefusals.source_id == Source.id,
            SourceRefusals.hour > now - _LATELY,
            SourceRefusals.reason != Refusal.RATE,  # beside it others were taken
        )
        .scalar_subquery(),
    ).order_by(Source.name)
    if brand_id is not None:
        found = found.where(Source.brand_id == brand_id)
    rows = session.execute(found).all()
    refused: dict[UUID, datetime | None] = {source.id: at for source, _, _, at in rows}
    silenced = {
        id for id, at in refused.items() if at is not None and not _took_any(session, id, since=at)
    }
    return [
        SourceNeeds(
            source.id,
            source.name,
            tuple(_needs(source, failed=failed, waits=waits, refused=source.id in silenced)),
        )
        for source, failed, waits, _ in rows
    ]


def count_unread(
    session: Session, *, by: InstrumentedAttribute[str]
) -> Mapping[tuple[str, DeliveryStatus], int]:
    """Return how many deliveries are not on record, by the source's name or kind and by how they
    stand; 0 where there is none."""
    named = {row[0]: row[1] for row in session.execute(select(Source.id, by).order_by(by))}
    counted = {(one, status): 0 for one in named.values() for status in UNREAD}
    rows = session.execute(
        select(Delivery.source_id, Delivery.status, func.count())
        .where(Delivery.source_id.in_(named), Delivery.status.in_(UNREAD))
        .group_by(Delivery.source_id, Delivery.status)
    )
    for source_id, status, number in rows:
        counted[named[source_id], DeliveryStatus(status)] += number
    return counted


def _needs(source: Source, *, failed: bool, waits: bool, refused: bool) -> Iterator[Need]:
    if refused:
        yield Need.REFUSED
    if lacks_key(source):
        yield Need.NO_KEY
    if failed:
        yield Need.FAILED
    if waits:
        yield Need.WAITS


def _any_of(*which: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Delivery.source_id == Source.id, *which)


def _took_any(session: Session, source_id: UUID, *, since: datetime) -> bool:
    """Return whether a delivery was taken. It is asked of every status: so the index finds it."""
    taken = exists().where(
        Delivery.source_id == source_id,
        Delivery.status.in_(list(DeliveryStatus)),
        Delivery.received_at >= since,
    )
    return bool(session.scalar(select(taken)))
