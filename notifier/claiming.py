"""Claiming: what is due is checked against the truth once more, worded, and handed to a worker.

One transaction. When it commits, the intent to send is on record; a worker that dies from
here on leaves a claim whose lease lapses, and the provider's own record settles it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier import planner
from notifier.composing import Composed, compose
from notifier.domain.messages import Channel, MessageStatus, WhyNot
from notifier.links import status_url
from notifier.providers.protocols import EmailProvider, OutgoingEmail, OutgoingSms, SmsProvider
from notifier.rendering import RenderFailed
from notifier.routing import Route, route
from notifier.services import Services
from notifier.store import outbox
from notifier.store.tables import (
    Attempt,
    Brand,
    ContactPoint,
    Job,
    Message,
    Person,
    Sender,
    Staff,
)
from notifier.store.tasks import owe_task
from notifier.store.vault import Unreadable
from notifier.suppressions import Address, suppressed_among

_log = structlog.get_logger()

_Row = TypeVar("_Row", Job, ContactPoint, Person, Brand)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a message that is due is not sent, and what its row becomes."""

    status: MessageStatus
    why: WhyNot


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One message that this process alone will hand to a provider, once."""

    message_id: UUID
    attempt_id: UUID
    started_at: datetime
    lease_until: datetime  # the call must have begun by then
    provider: SmsProvider | EmailProvider
    outgoing: OutgoingSms | OutgoingEmail


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What one claim took, and how many due messages it dealt with, sent or not."""

    claims: tuple[Claim, ...]
    dealt_with: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """What stands around the due rows, read at once for all of them."""

    jobs: dict[UUID, Job]
    points: dict[UUID, ContactPoint]
    people: dict[UUID, Person]
    brands: dict[UUID, Brand]
    senders: Sequence[Sender]
    staff_phones: set[tuple[UUID, bytes]]
    suppressed: dict[Address, WhyNot]


def claim_due(services: Services, *, limit: int) -> Claimed:
    """Claim at most `limit` due messages, each for the one call to its provider that follows.

    What is no longer true, not allowed, or can't be worded is not claimed; its row says why.
    """
    now = services.now()
    with services.sessions.begin() as session:
        found = outbox.lock_due(session, now=now, limit=limit)
        if not found:
            return Claimed(claims=(), dealt_with=0)
        job_ids = sorted({due.job_id for due in found})
        planner.bring_up_to_date(session, services, job_ids, now=now)
        session.flush()
        rows = outbox.due_of_jobs(session, job_ids, now=now)
        around = _around(session, rows)
        claims, waiting = _claim_each(session, services, rows, around, now)
        session.flush()
        refused = outbox.jobs_with(session, [due.message_id for due in found], _REFUSED)
        if refused:  # another channel may carry them now
            planner.bring_up_to_date(session, services, refused, now=now)
    dealt_with = len({due.message_id for due in found} - waiting)
    return Claimed(claims=tuple(claims), dealt_with=dealt_with)


_REFUSED = frozenset({MessageStatus.SUPPRESSED, MessageStatus.SKIPPED, MessageStatus.EXPIRED})


def _claim_each(
    session: Session,
    services: Services,
    rows: Sequence[Message],
    around: _Around,
    now: datetime,
) -> tuple[list[Claim], set[UUID]]:
    """Claim or refuse each row; return the claims, and the rows that wait for another."""
    busy = outbox.people_with_a_claim(session, [row.job_id for row in rows])
    claims: list[Claim] = []
    waiting: set[UUID] = set()
    for row in rows:
        if row.job_person_id in busy or around.jobs[row.job_id].held_at is not None:
            waiting.add(row.id)
            continue
        refusal = _refusal(row, around, now)
        way = None if refusal else _way(services, row, around)
        if refusal is None and way is None:
            refusal = Refusal(MessageStatus.SKIPPED, WhyNot.NO_PROVIDER)
        if refusal is not None or way is None:
            assert refusal is not None
            row.status, row.reason = refusal.status, refusal.why
            row.settled_at = now
            continue
        rests_until = way.rests_until(now)
        if rests_until is not None:
            row.due_at = rests_until
            continue
        composed = _compose(session, services, row, now)
        if composed is None:
            row.settled_at = now
            continue
        claims.append(_claim(session, services, row, way, composed, around, now))
        busy.add(row.job_person_id)
    return claims, waiting


def _around(session: Session, rows: Sequence[Message]) -> _Around:
    jobs = _by_id(session, Job, {row.job_id for row in rows})
    points = _by_id(
        session, ContactPoint, {row.contact_point_id for row in rows if row.contact_point_id}
    )
    people = _by_id(session, Person, {point.person_id for point in points.values()})
    brand_ids = {row.brand_id for row in rows}
    brands = _by_id(session, Brand, brand_ids)
    staff_phones = session.execute(
        select(Staff.brand_id, Staff.phone_hash).where(
            Staff.brand_id.in_([b.id for b in brands.values() if b.live_at is None]),
            Staff.phone_hash.is_not(None),
            Staff.disabled_at.is_(None),
        )
    )
    return _Around(
        jobs=jobs,
        points=points,
        people=people,
        brands=brands,
        senders=list(session.scalars(select(Sender).where(Sender.brand_id.in_(brand_ids)))),
        staff_phones={(brand, phone) for brand, phone in staff_phones if phone is not None},
        suppressed=suppressed_among(
            session,
            {(point.brand_id, point.channel, point.address_hash) for point in points.values()},
        ),
    )


def _by_id(session: Session, table: type[_Row], ids: set[UUID]) -> dict[UUID, _Row]:
    return {row.id: row for row in session.scalars(select(table).where(table.id.in_(ids)))}


def _refusal(row: Message, around: _Around, now: datetime) -> Refusal | None:
    """Return why `row` must not go, judged on what is committed now; None lets it pass."""
    brand = around.brands[row.brand_id]
    point = around.points.get(row.contact_point_id) if row.contact_point_id else None
    if row.expires_at <= now:
        return Refusal(MessageStatus.EXPIRED, WhyNot.EXPIRED)
    if point is None or point.replaced_at is not None:
        return Refusal(MessageStatus.SKIPPED, WhyNot.NO_CONTACT)
    person = around.people[point.person_id]
    if person.key is None:
        return Refusal(MessageStatus.SKIPPED, WhyNot.NO_CONTACT)
    if person.no_contact_at is not None:
        return Refusal(MessageStatus.SUPPRESSED, WhyNot.OPTED_OUT)
    listed = around.suppressed.get((brand.id, point.channel, point.address_hash))
    if listed is not None:
        return Refusal(MessageStatus.SUPPRESSED, listed)
    if row.channel == Channel.SMS and point.landline:
        return Refusal(MessageStatus.SKIPPED, WhyNot.LANDLINE)
    if point.flagged_code is not None:
        return Refusal(MessageStatus.SKIPPED, WhyNot.INVALID_ADDRESS)
    in_shadow = brand.live_at is None and not brand.demo
    if in_shadow and (brand.id, point.address_hash) not in around.staff_phones:
        return Refusal(MessageStatus.SKIPPED, WhyNot.SHADOW)
    return None


def _way(services: Services, row: Message, around: _Around) -> Route | None:
    return route(services, around.brands[row.brand_id], Channel(row.channel), around.senders)


def _compose(session: Session, services: Services, row: Message, now: datetime) -> Composed | None:
    """Return the words, or None where there are none: the row says so, and a person is told."""
    try:
        return compose(session, services, row, now=now)
    except Unreadable:
        row.status, row.reason = MessageStatus.SKIPPED, WhyNot.NO_CONTACT
    except RenderFailed as error:
        _log.error("render_failed", message_id=str(row.id), why=str(error))
        row.status, row.reason = MessageStatus.SKIPPED, WhyNot.RENDER_FAILED
        owe_task(
            session,
            id=services.ids(),
            brand_id=row.brand_id,
            key=f"render_failed:{row.id}",
            kind="look_into",
            why=WhyNot.RENDER_FAILED,
            due_at=now,
            created_at=now,
            job_id=row.job_id,
            job_person_id=row.job_person_id,
            message_id=row.id,
        )
    return None


def _claim(
    session: Session,
    services: Services,
    row: Message,
    way: Route,
    composed: Composed,
    around: _Around,
    now: datetime,
) -> Claim:
    """Put the intent to send on record, with the words as they will be sent."""
    assert row.contact_point_id is not None
    key = around.people[around.points[row.contact_point_id].person_id].key
    assert key is not None
    seal = services.vault.seal
    attempt_id, lease_until = services.ids(), now + timedelta(seconds=services.timing.lease)
    row.recipient = seal(key, composed.recipient)
    row.body = seal(key, composed.body)
    row.subject = seal(key, composed.subject) if composed.subject is not None else None
    row.html = seal(key, composed.html) if composed.html is not None else None
    row.segments, row.template_hash = composed.segments, composed.template_hash
    row.status, row.reason = MessageStatus.CLAIMED, None
    row.claimed_at, row.due_at = now, lease_until
    row.attempts += 1
    row.attempt_id, row.provider, row.provider_id = attempt_id, way.provider.name, None
    session.add(
        Attempt(
            id=attempt_id,
            brand_id=row.brand_id,
            message_id=row.id,
            number=row.attempts,
            provider=way.provider.name,
            started_at=now,
            lease_until=lease_until,
        )
    )
    brand = around.brands[row.brand_id]
    return Claim(
        message_id=row.id,
        attempt_id=attempt_id,
        started_at=now,
        lease_until=lease_until,
        provider=way.provider,
        outgoing=_outgoing(services, row, composed, brand, way, attempt_id),
    )


def _outgoing(
    services: Services,
    row: Message,
    composed: Composed,
    brand: Brand,
    way: Route,
    attempt_id: UUID,
) -> OutgoingSms | OutgoingEmail:
    if row.channel == Channel.SMS:
        return OutgoingSms(
            message_id=row.id,
            attempt_id=attempt_id,
            to=composed.recipient,
            body=composed.body,
            link_token=composed.link_token,
            valid_until=row.expires_at,
        )
    assert composed.subject is not None
    assert composed.html is not None
    return OutgoingEmail(
        message_id=row.id,
        attempt_id=attempt_id,
        to=composed.recipient,
        from_name=(way.sender.name if way.sender else None) or brand.name,
        subject=composed.subject,
        text=composed.body,
        html=composed.html,
        link_token=composed.link_token,
        unsubscribe_url=f"{status_url(services.public_url, composed.link_token)}/stop",
    )
