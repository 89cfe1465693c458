"""What customers write back: stored, acted on where it is plain, and always read by a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from notifier.customers.answering_offers import answer_offer
from notifier.customers.correspondents import Correspondent, find_correspondent
from notifier.customers.status_actions import say_here
from notifier.domain.messages import Channel, Role, WhyNot
from notifier.domain.phones import for_reading
from notifier.domain.reply_intents import CLOSES_ADDRESS, Intent, classify
from notifier.guards.texting_back import may_text_back
from notifier.links import person_token
from notifier.sending.suppressions import Address, drop_what_waits, lift, suppress, suppressed_among
from notifier.services import Services
from notifier.store.addresses import address_hash
from notifier.store.tables import (
    Brand,
    ContactPoint,
    Person,
    Reply,
    Task,
)
from notifier.store.tasks import owe_task
from notifier.technicians.replies import answer_by_text

_log = structlog.get_logger()

#: Minutes within which a person reads a reply. Of who is awaited somewhere, it is read at once.
_READ_WITHIN = 30
_SOONER = {Intent.ARRIVED: 5, Intent.CANCEL: 15, Intent.RESCHEDULE: 15, Intent.DECLINE: 15}


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingReply:
    """One text or email from a customer. `provider_id` is the same however often it comes."""

    channel: Channel
    provider_id: str
    from_address: str
    to_address: str
    body: str
    received_at: datetime


def take_reply(services: Services, reply: IncomingReply) -> str | None:
    """Store a reply, act on it, and return what to answer, if anything.

    Opting out is committed before this returns. The same reply again changes nothing.
    """
    hashed = address_hash(services.vault, reply.channel, reply.from_address)
    with services.sessions.begin() as session:
        if session.scalar(select(Reply.id).where(Reply.provider_id == reply.provider_id)):
            return None
        writer = find_correspondent(
            session, channel=reply.channel, from_hash=hashed, to_address=reply.to_address
        )
        if writer is None:
            _log.warning("reply_to_nobody", channel=reply.channel)
            return None
        addresses = {(brand.id, str(reply.channel), hashed) for brand in writer.brands}
        suppressed = _opted_out(session, addresses)
        intent = _intent(reply, writer, suppressed=suppressed)
        row = _store(session, services, writer, reply, intent)
        if intent is Intent.NO_CONTACT:
            addresses |= _addresses_of(session, writer)
        if intent in CLOSES_ADDRESS:
            _close(session, services, writer, addresses, intent)
        elif intent is Intent.OPT_IN:
            _open(session, services, addresses)
        _owe_reading(session, services, writer, row, intent)
        brand = writer.brands[0]
    answer = _help(brand) if intent is Intent.HELP else None
    if intent in CLOSES_ADDRESS:
        for brand_id, channel, closed in sorted(addresses):
            drop_what_waits(services, brand_id=brand_id, channel=channel, address_hash=closed)
    elif writer.role is Role.TECHNICIAN:
        heard = _hear_technician(services, writer, reply, row.id)
        answer = answer or (None if suppressed else heard)
    elif intent is Intent.ARRIVED and writer.job_person_id is not None:
        say_here(services, person_token(services.vault, writer.job_person_id))
    else:
        answer_offer(
            services,
            writer,
            intent,
            written_at=reply.received_at,
            external_id=reply.provider_id,
        )
    services.wake()
    if answer is None or reply.channel is not Channel.SMS:
        return answer
    may_go = may_text_back(services, brand.id, reply.from_address, hashed, answer)
    return answer if may_go else None


def _intent(reply: IncomingReply, writer: Correspondent, *, suppressed: bool) -> Intent:
    """Return what the reply asks for. A technician's "no" declines nothing: it is no customer's."""
    intent = classify(reply.body, suppressed=suppressed)
    for_anyone = CLOSES_ADDRESS | {Intent.OPT_IN, Intent.HELP}
    return Intent.OTHER if writer.role is Role.TECHNICIAN and intent not in for_anyone else intent


def _hear_technician(
    services: Services, writer: Correspondent, reply: IncomingReply, reply_id: UUID
) -> str | None:
    """Record what a technician answers, and return what to text back; else a person reads it."""
    if writer.person_id is None:
        return None
    heard = answer_by_text(
        services,
        writer.person_id,
        reply.body,
        external_id=reply.provider_id,
        received_at=reply.received_at,
    )
    if heard.recorded_of is not None:
        with services.sessions.begin() as session:
            session.get_one(Reply, reply_id).job_id = heard.recorded_of
            session.execute(
                update(Task)
                .where(Task.reply_id == reply_id, Task.done_at.is_(None))
                .values(done_at=services.now(), dropped=True)
            )
    return heard.text_back


def _opted_out(session: Session, addresses: set[Address]) -> bool:
    return WhyNot.OPTED_OUT in suppressed_among(session, addresses).values()


def _addresses_of(session: Session, writer: Correspondent) -> set[Address]:
    points = session.scalars(select(ContactPoint).where(ContactPoint.person_id == writer.person_id))
    return {(point.brand_id, point.channel, point.address_hash) for point in points}


def _store(
    session: Session,
    services: Services,
    writer: Correspondent,
    reply: IncomingReply,
    intent: Intent,
) -> Reply:
    """Keep the words under the writer's key, or under one of their own where none is known."""
    person = session.get(Person, writer.person_id) if writer.person_id else None
    own_key = None if person is not None and person.key is not None else services.vault.new_key()
    key = own_key or (person.key if person is not None else None)
    assert key is not None
    row = Reply(
        id=services.ids(),
        brand_id=writer.brands[0].id,
        job_id=writer.job_id,
        person_id=writer.person_id,
        contact_point_id=writer.contact_point_id,
        channel=reply.channel,
        provider_id=reply.provider_id,
        key=own_key,
        body=services.vault.seal(key, reply.body),
        intent=intent,
        received_at=reply.received_at,
    )
    session.add(row)
    session.flush()
    return row


def _close(
    session: Session,
    services: Services,
    writer: Correspondent,
    addresses: set[Address],
    intent: Intent,
) -> None:
    """Close the address for every brand that speaks from the number written to.

    No contact closes all that is known of the writer: a later booking with another of their
    addresses finds it closed.
    """
    for brand_id, channel, hashed in sorted(addresses):
        suppress(
            session,
            services,
            brand_id=brand_id,
            channel=channel,
            address_hash=hashed,
            why=WhyNot.OPTED_OUT,
            source="reply",
        )
    if intent is Intent.NO_CONTACT and writer.person_id is not None:
        session.execute(
            update(Person)
            .where(Person.id == writer.person_id, Person.no_contact_at.is_(None))
            .values(no_contact_at=services.now())
        )


def _open(session: Session, services: Services, addresses: set[Address]) -> None:
    """Open this one address again; whatever else was closed for its people stays so."""
    for brand_id, channel, hashed in sorted(addresses):
        lift(session, services, brand_id=brand_id, channel=channel, address_hash=hashed)
        people = select(ContactPoint.person_id).where(
            ContactPoint.brand_id == brand_id,
            ContactPoint.channel == channel,
            ContactPoint.address_hash == hashed,
        )
        session.execute(update(Person).where(Person.id.in_(people)).values(no_contact_at=None))


def _owe_reading(
    session: Session, services: Services, writer: Correspondent, row: Reply, intent: Intent
) -> None:
    now = services.now()
    owe_task(
        session,
        id=services.ids(),
        brand_id=row.brand_id,
        key=f"reply:{row.id}",
        kind="reply",
        why=intent,
        due_at=now + timedelta(minutes=_read_within(writer, intent)),
        created_at=now,
        job_id=row.job_id,
        job_person_id=writer.job_person_id,
        reply_id=row.id,
    )


def _read_within(writer: Correspondent, intent: Intent) -> int:
    if writer.role is Role.TECHNICIAN and intent is Intent.OTHER:
        return 0
    return _SOONER.get(intent, _READ_WITHIN)


def _help(brand: Brand) -> str:
    number = for_reading(brand.phone, brand.country)
    ring = f" Call {number}." if number else ""
    return f"{brand.name}: we text about your visit or order.{ring} Reply STOP for no more texts."
