"""Receipts: what a provider says later moves the message, the ledger and what is owed next."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier import planner
from notifier.domain.jobs import JobKind
from notifier.domain.messages import TAKEN, MessageStatus, Strength, WhyNot
from notifier.domain.promises import tell_by
from notifier.domain.transitions import COUNTS_FOR_ANY_ATTEMPT, MessageEvent, after
from notifier.domain.windows import Window, from_json
from notifier.providers.codes import Reaction, receipt_reaction
from notifier.providers.receipt import Receipt, ReceiptEvent
from notifier.reactions import close_bounced, react
from notifier.services import Services
from notifier.settling import take
from notifier.store import outbox
from notifier.store.snapshots import refresh_told
from notifier.store.tables import Attempt, ContactPoint, Job, Message, Promise
from notifier.suppressions import drop_what_waits

_EVENTS = {event: MessageEvent(f"receipt_{event.value}") for event in ReceiptEvent}


def apply_receipt(services: Services, receipt: Receipt, *, origin: str) -> None:
    """Record one receipt and draw its consequences. The same event again changes nothing.

    A receipt of a message that we don't know is kept all the same.

    :param origin: callback or look_up.
    """
    now = services.now()
    with services.sessions.begin() as session:
        message_id = outbox.find_message_id(
            session,
            message_id=receipt.message_id,
            provider=receipt.provider,
            provider_id=receipt.provider_id,
        )
        message = outbox.lock_message(session, message_id) if message_id else None
        is_new = outbox.append_receipt(
            session,
            id=services.ids(),
            brand_id=message.brand_id if message is not None else None,
            message_id=message.id if message is not None else receipt.message_id,
            attempt_id=receipt.attempt_id,
            provider=receipt.provider,
            provider_id=receipt.provider_id,
            event_id=receipt.event_id,
            origin=origin,
            event=receipt.event,
            code=receipt.code,
            occurred_at=receipt.occurred_at,
            received_at=now,
        )
        if not is_new or message is None:
            return
        closed = _react(session, services, message, receipt, now)
        moved = _move(session, services, message, receipt, now)
        if not moved and not closed and not _is_failure(receipt):
            return
        session.flush()
        planner.bring_up_to_date(session, services, [message.job_id], now=now)
        point = session.get(ContactPoint, message.contact_point_id)
    if closed and point is not None:
        drop_what_waits(
            services,
            brand_id=point.brand_id,
            channel=point.channel,
            address_hash=point.address_hash,
        )
    services.wake()


def _move(
    session: Session, services: Services, message: Message, receipt: Receipt, now: datetime
) -> bool:
    """Move the message on, and the ledger with it; return whether anything moved."""
    event = _EVENTS[receipt.event]
    overtaken = receipt.attempt_id is not None and receipt.attempt_id != message.attempt_id
    if overtaken and event not in COUNTS_FOR_ANY_ATTEMPT:
        return False
    before = MessageStatus(message.status)
    status = after(before, event)
    if status is before:
        return False
    message.status = status
    message.settled_at = now
    if status in TAKEN:
        message.reason = None
        take(
            session,
            message,
            provider_id=receipt.provider_id,
            created_at=None,
            started_at=_started_at(session, message, receipt, now),
            now=now,
        )
    elif status is MessageStatus.SUPPRESSED:
        message.reason = WhyNot.OPTED_OUT
    else:
        message.reason = receipt.code or receipt.event.value
        message.provider_id = message.provider_id or receipt.provider_id
    if status is MessageStatus.DELIVERED:
        _give(session, services, message, now)
    elif status is MessageStatus.UNDELIVERED:
        _take_back(session, services, message, now)
    return True


def _give(session: Session, services: Services, message: Message, now: datetime) -> None:
    """It reached them: the ledger says so, and `told` with it if this hand-over is the latest."""
    given_at = message.handed_over_at or now
    asserts = from_json(message.asserts)
    if message.moves_told and asserts is not None:
        job = session.get_one(Job, message.job_id)
        heard_by = None
        if isinstance(asserts, Window):
            heard_by = tell_by(
                JobKind(job.kind), asserts, given_at=given_at, zone=ZoneInfo(job.zone)
            )
        _append(
            session,
            services,
            message,
            Strength.DELIVERED,
            given_at=given_at,
            asserts=message.asserts,
            tell_by=heard_by,
            recorded_at=now,
        )
    if message.next_update_at is not None:
        _append(
            session,
            services,
            message,
            Strength.DELIVERED,
            given_at=given_at,
            moment=message.next_update_at,
            tell_by=message.next_update_at,
            recorded_at=now,
        )
    session.flush()
    refresh_told(session, message.job_person_id)


def _take_back(session: Session, services: Services, message: Message, now: datetime) -> None:
    """A failure after we held that it had reached them: it had not."""
    rows = list(
        session.scalars(
            select(Promise)
            .where(Promise.message_id == message.id)
            .order_by(Promise.recorded_at, Promise.id)
        )
    )
    if not rows or rows[-1].strength == Strength.NONE:
        return
    for row in {(row.moment is None): row for row in rows}.values():
        _append(
            session,
            services,
            message,
            Strength.NONE,
            given_at=row.given_at,
            asserts=row.asserts,
            moment=row.moment,
            tell_by=row.tell_by,
            recorded_at=now,
        )
    session.flush()
    refresh_told(session, message.job_person_id)


def _append(
    session: Session, services: Services, message: Message, strength: Strength, **values: object
) -> None:
    session.add(
        Promise(
            id=services.ids(),
            brand_id=message.brand_id,
            job_id=message.job_id,
            job_person_id=message.job_person_id,
            strength=strength,
            message_id=message.id,
            fact_id=None,
            **values,
        )
    )


def _react(
    session: Session, services: Services, message: Message, receipt: Receipt, now: datetime
) -> bool:
    """Draw the consequences for the address; return whether it is closed by them now."""
    reaction = receipt_reaction(receipt.provider, event=receipt.event, code=receipt.code)
    if reaction is None:
        return False
    if reaction is Reaction.FLAG_CONTACT and receipt.event is ReceiptEvent.BOUNCED:
        react(session, services, message, reaction, code=receipt.code or "bounced", now=now)
        return close_bounced(session, services, message)
    return react(session, services, message, reaction, code=receipt.code, now=now)


def _is_failure(receipt: Receipt) -> bool:
    return receipt_reaction(receipt.provider, event=receipt.event, code=receipt.code) is not None


def _started_at(session: Session, message: Message, receipt: Receipt, now: datetime) -> datetime:
    attempt_id = receipt.attempt_id or message.attempt_id
    attempt = session.get(Attempt, attempt_id) if attempt_id is not None else None
    if attempt is None or attempt.message_id != message.id:
        return message.claimed_at or now
    return attempt.started_at
