"""Whether a due message may go, judged on what is committed at the moment of its claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.domain.guards.countries import is_abroad
from notifier.domain.messages import Channel, MessageKind, MessageStatus, WhyNot
from notifier.sending.suppressions import Address, suppressed_among
from notifier.services import Services
from notifier.store.consents import closed_among
from notifier.store.tables import Brand, ContactPoint, Job, Message, Person, Sender, Staff

_Row = TypeVar("_Row", Job, ContactPoint, Person, Brand)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a message that is due is not sent, and what its row becomes."""

    status: MessageStatus
    why: WhyNot


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What stands around the due rows, read at once for all of them."""

    jobs: dict[UUID, Job]
    points: dict[UUID, ContactPoint]
    people: dict[UUID, Person]
    brands: dict[UUID, Brand]
    senders: Sequence[Sender]
    staff_phones: set[tuple[UUID, bytes]]
    suppressed: dict[Address, WhyNot]
    closed: Mapping[UUID, frozenset[MessageKind]]  # by contact point: no consent for these
    on_trial: frozenset[str]  # rules that plan and record, and send nothing


def stand_around(session: Session, services: Services, rows: Sequence[Message]) -> Around:
    """Read what `refusal` judges `rows` by."""
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
    return Around(
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
        closed=closed_among(
            session,
            services.consent,
            [(p, people[p.person_id], brands[p.brand_id]) for p in points.values()],
        ),
        on_trial=services.rulebook.on_trial,
    )


def refusal(row: Message, around: Around, now: datetime) -> Refusal | None:
    """Return why `row` must not go, judged on what is committed now; None lets it pass."""
    brand = around.brands[row.brand_id]
    point = around.points.get(row.contact_point_id) if row.contact_point_id else None
    if row.expires_at <= now:
        return Refusal(MessageStatus.EXPIRED, WhyNot.EXPIRED)
    if row.rule in around.on_trial:
        return Refusal(MessageStatus.SKIPPED, WhyNot.TRIAL)
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
    if row.kind in around.closed[point.id]:
        return Refusal(MessageStatus.SKIPPED, WhyNot.NO_CONSENT)
    if row.channel == Channel.SMS and point.landline:
        return Refusal(MessageStatus.SKIPPED, WhyNot.LANDLINE)
    if is_abroad(point.regions, brand.texts_to):
        return Refusal(MessageStatus.SKIPPED, WhyNot.COUNTRY_CLOSED)
    if point.flagged_code is not None:
        return Refusal(MessageStatus.SKIPPED, WhyNot.INVALID_ADDRESS)
    in_shadow = brand.live_at is None and not brand.demo
    if in_shadow and (brand.id, point.address_hash) not in around.staff_phones:
        return Refusal(MessageStatus.SKIPPED, WhyNot.SHADOW)
    return None


def _by_id(session: Session, table: type[_Row], ids: set[UUID]) -> dict[UUID, _Row]:
    return {row.id: row for row in session.scalars(select(table).where(table.id.in_(ids)))}
