"""Queries on the journal of webhook deliveries, and on what they have said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, literal_column, or_, select, update
from sqlalchemy.orm import Session, defer

from notifier.domain.deliveries import DeliveryStatus
from notifier.domain.facts import Fact, FactType
from notifier.domain.tracking_codes import normal_tracking_code
from notifier.store.facts import fact_of
from notifier.store.inserts import insert_into
from notifier.store.tables import Delivery, FactRow, Job, Source
from notifier.store.vault import Vault

#: In bytes, a body with its vendor's answers; NULL where it is no longer kept.
_SIZE = func.length(Delivery.body) + func.coalesce(func.length(Delivery.answers), 0)


def source_named(session: Session, name: str) -> Source | None:
    """Return the source whose URL ends in `name`."""
    return session.scalar(select(Source).where(Source.name == name))


def keep(
    session: Session,
    source: Source,
    *,
    delivery_id: UUID,
    delivery_key: bytes,
    headers: bytes,
    body: bytes,
    received_at: datetime,
) -> tuple[UUID, int]:
    """Journal one delivery, or count it again; return its id and how often it was repeated.

    One statement, so that two copies arriving together can't both be the first.
    """
    made = insert_into(session, Delivery).values(
        id=delivery_id,
        brand_id=source.brand_id,
        source_id=source.id,
        delivery_key=delivery_key,
        headers=headers,
        body=body,
        received_at=received_at,
        repeats=0,
        status=DeliveryStatus.RECEIVED,
    )
    counted = made.on_conflict_do_update(
        index_elements=["source_id", "delivery_key"],
        set_={"repeats": Delivery.repeats + 1},
    ).returning(Delivery.id, Delivery.repeats)
    kept_id, repeats = session.execute(counted).one()
    return kept_id, repeats


def received_ids(session: Session, limit: int) -> Sequence[UUID]:
    """Return up to `limit` deliveries that wait for translation, the oldest first."""
    return session.scalars(
        select(Delivery.id)
        .where(Delivery.status == DeliveryStatus.RECEIVED)
        .order_by(Delivery.received_at, Delivery.id)
        .limit(limit)
    ).all()


def old_bodies(before: datetime, *, limit: int) -> Select[UUID]:
    """Return the query of at most `limit` deliveries from before that time that have a body still.

    The oldest first; it locks them, and passes over whatever somebody reads again. What was never
    read is none of them.
    """
    return (
        select(Delivery.id)
        .where(
            Delivery.received_at < before,
            Delivery.body.is_not(None),
            Delivery.status.not_in((DeliveryStatus.RECEIVED, DeliveryStatus.FETCHING)),
        )
        .order_by(Delivery.received_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def take_received(session: Session, delivery_id: UUID) -> tuple[Delivery, Source] | None:
    """Lock a delivery that still waits for translation; None if another worker has it."""
    row = session.execute(
        select(Delivery, Source)
        .join(Source, Source.id == Delivery.source_id)
        .where(Delivery.id == delivery_id, Delivery.status == DeliveryStatus.RECEIVED)
        .with_for_update(of=Delivery, skip_locked=True)
    ).one_or_none()
    return (row[0], row[1]) if row is not None else None


def lock_jobs(session: Session, job_ids: Iterable[UUID]) -> None:
    """Lock these jobs in id order, as everything does that changes jobs."""
    session.execute(
        select(Job.id).where(Job.id.in_(sorted(job_ids))).order_by(Job.id).with_for_update()
    )


def said_under(session: Session, job_id: UUID, source_id: UUID, external_id: str) -> Fact | None:
    """Return what the source already said of this job under this id."""
    row = session.scalars(
        select(FactRow)
        .where(
            FactRow.job_id == job_id,
            FactRow.source_id == source_id,
            FactRow.external_id == external_id,
        )
        .order_by(FactRow.seq)
    ).first()
    return fact_of(row) if row is not None else None


def said_of(session: Session, job_id: UUID, source_id: UUID) -> list[Fact]:
    """Return what the source said of the job, and the job's booking, in order of effect."""
    rows = session.scalars(
        select(FactRow).where(
            FactRow.job_id == job_id,
            or_(FactRow.source_id == source_id, FactRow.type == FactType.BOOKED),
        )
    )
    return sorted(map(fact_of, rows), key=lambda fact: (fact.effective_at, fact.seq))


def reference_key(vault: Vault, brand_id: UUID, reference: str) -> bytes:
    """Return what a delivery waits for when no job has this reference."""
    return vault.blind(f"waits:{brand_id}:reference:{reference}")


def code_key(vault: Vault, brand_id: UUID, code: str) -> bytes:
    """Return what a delivery waits for when no order has this tracking code."""
    return vault.blind(f"waits:{brand_id}:code:{normal_tracking_code(code)}")


def said_key(vault: Vault, source_id: UUID, reference: str) -> bytes:
    """Return what a delivery is found by that told no news of the source's job when it was read."""
    return vault.blind(f"said:{source_id}:{reference}")


def lock_keys(session: Session, keys: Iterable[bytes]) -> None:
    """Let a booking and a delivery that looks for it pass one after the other, until commit.

    Otherwise a booking could commit between "there is no such job" and "so it waits", and
    the delivery would wait for ever. SQLite has one writer at a time anyway.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    for number in sorted({int.from_bytes(key[:8], signed=True) for key in keys}):
        session.execute(select(func.pg_advisory_xact_lock(literal_column(str(number)))))


def release_waiting(
    session: Session, vault: Vault, brand_id: UUID, tracking_codes: Iterable[str]
) -> None:
    """Send round again the deliveries that waited for an order with one of these codes.

    Called in the transaction that gives an order its parcel.
    """
    keys = [code_key(vault, brand_id, one) for one in tracking_codes]
    if not keys:
        return
    lock_keys(session, keys)
    session.execute(
        update(Delivery)
        .where(
            Delivery.brand_id == brand_id,
            Delivery.status == DeliveryStatus.WAITING,
            Delivery.waits_for.in_(keys),
        )
        .values(status=DeliveryStatus.RECEIVED, waits_for=None, why=None)
    )


def read_again_said(session: Session, key: bytes) -> None:
    """Send round again what told no news when it was read, where its body is kept."""
    session.execute(
        update(Delivery)
        .where(
            Delivery.waits_for == key,
            Delivery.status == DeliveryStatus.APPLIED,
            Delivery.body.is_not(None),
        )
        .values(status=DeliveryStatus.RECEIVED, waits_for=None, why=None)
    )


def read_again(
    session: Session,
    source_id: UUID,
    statuses: Iterable[DeliveryStatus],
    *,
    only: UUID | None = None,
) -> int:
    """Send deliveries of these statuses round again, where their body is kept; return how many.

    :param only: of this delivery; None: of all.
    """
    again = session.execute(
        update(Delivery)
        .where(
            Delivery.source_id == source_id,
            Delivery.status.in_(list(statuses)),
            Delivery.body.is_not(None),
            *([Delivery.id == only] if only is not None else []),
        )
        .values(status=DeliveryStatus.RECEIVED, why=None)
        .returning(Delivery.id)
    )
    return len(again.all())


def put_aside(
    session: Session,
    source_id: UUID,
    *,
    statuses: Iterable[DeliveryStatus],
    why: str,
    until: datetime | None = None,
    only: UUID | None = None,
) -> int:
    """Let deliveries of these statuses count as nothing for us; return how many.

    :param until: those that came by then; None: whenever they came.
    :param only: this delivery; None: all.
    """
    aside = session.execute(
        update(Delivery)
        .where(
            Delivery.source_id == source_id,
            Delivery.status.in_(list(statuses)),
            *([Delivery.received_at <= until] if until is not None else []),
            *([Delivery.id == only] if only is not None else []),
        )
        .values(status=DeliveryStatus.IGNORED, why=why, waits_for=None)
        .returning(Delivery.id)
    )
    return len(aside.all())


def of_source(
    session: Session, source_id: UUID, statuses: Iterable[DeliveryStatus], limit: int
) -> tuple[Sequence[tuple[Delivery, int | None]], int]:
    """Return the latest deliveries of these statuses, up to `limit`, and how many there are.

    Each comes with its `size`, and without what it holds: that is fetched once it is looked at.
    """
    its = _of_source(source_id, statuses)
    latest = (Delivery.received_at.desc(), Delivery.id.desc())
    rows = session.execute(
        select(Delivery, _SIZE)
        .options(defer(Delivery.body), defer(Delivery.answers))
        .where(*its)
        .order_by(*latest)
        .limit(limit)
    )
    return [(row, bytes_) for row, bytes_ in rows], number_of_source(session, source_id, statuses)


def size(session: Session, delivery_id: UUID) -> int | None:
    """Return how many bytes a delivery and its answers have; None: it is no longer kept."""
    return session.scalar(select(_SIZE).where(Delivery.id == delivery_id))


def number_of_source(session: Session, source_id: UUID, statuses: Iterable[DeliveryStatus]) -> int:
    """Return how many deliveries of these statuses a source has."""
    its = _of_source(source_id, statuses)
    return session.scalar(select(func.count()).select_from(Delivery).where(*its)) or 0


def _of_source(
    source_id: UUID, statuses: Iterable[DeliveryStatus]
) -> tuple[ColumnElement[bool], ...]:
    return (Delivery.source_id == source_id, Delivery.status.in_(list(statuses)))
