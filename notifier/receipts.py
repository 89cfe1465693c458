"""Receipts: what a provider says later moves the message, the ledger and what is owed next."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from notifier import planner
from notifier.domain.messages import TAKEN, MessageStatus, Strength, WhyNot
from notifier.domain.sending.transitions import COUNTS_FOR_ANY_ATTEMPT, MessageEvent, after
from notifier.giving import give, take_back
from notifier.isolation import Planning, planned_or_soon
from notifier.providers.codes import Reaction, receipt_reaction
from notifier.providers.receipt import Receipt, ReceiptEvent
from notifier.providers.second import paths_of
from notifier.sending.in_doubt import need_no_look
from notifier.sending.reactions import close_bounced, react
from notifier.sending.settling import take
from notifier.sending.suppressions import drop_what_waits
from notifier.services import Services
from notifier.store import outbox
from notifier.store.tables import Attempt, ContactPoint, Message

_EVENTS = {event: MessageEvent(f"receipt_{event.value}") for event in ReceiptEvent}


def apply_receipt(services: Services, receipt: Receipt, *, origin: str) -> None:
    """Record one receipt and draw its consequences. The same event again changes nothing.

    A receipt of a message that we don't know is kept all the same.

    :param origin: callback or look_up.
    """
    changed, closed = planned_or_soon(
        planner.bring_up_to_date, lambda plan: _record(services, receipt, origin, plan)
    )
    if closed is not None:
        drop_what_waits(
            services,
            brand_id=closed.brand_id,
            channel=closed.channel,
            address_hash=closed.address_hash,
        )
    if changed:
        services.wake()


def _record(
    services: Services, receipt: Receipt, origin: str, plan: Planning
) -> tuple[bool, ContactPoint | None]:
    """Record it; return whether it changed anything, and the address that it closed."""
    now = services.now()
    with services.sessions.begin() as session:
        message_id = outbox.find_message_id(
            session,
            message_id=receipt.message_id,
            paths=paths_of(receipt.provider),
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
            return False, None
        attempt_id = receipt.attempt_id or message.attempt_id
        attempt = _attempt(session, message, attempt_id)
        told = [message, *outbox.carried_with(session, message, attempt_id)]
        closed = moved = False
        for one in told:
            closed |= _react(session, services, one, receipt, attempt, now)
            moved |= _move(session, services, one, receipt, attempt, now)
        if not moved and not closed and not _is_failure(receipt):
            return False, None
        session.flush()
        plan(session, services, sorted({one.job_id for one in told}), now=now)
        return True, session.get(ContactPoint, message.contact_point_id) if closed else None


def _move(
    session: Session,
    services: Services,
    message: Message,
    receipt: Receipt,
    attempt: Attempt | None,
    now: datetime,
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
    if before in (MessageStatus.UNKNOWN, MessageStatus.HELD):
        need_no_look(session, message, now)
    if status in TAKEN:
        message.reason = None
        take(
            session,
            message,
            path=_path(message, attempt),
            provider_id=receipt.provider_id,
            created_at=None,
            started_at=attempt.started_at if attempt is not None else message.claimed_at or now,
            now=now,
        )
    elif status is MessageStatus.SUPPRESSED:
        message.reason = WhyNot.OPTED_OUT
    else:
        message.reason = receipt.code or receipt.event.value
        if message.carried_by is None:
            message.provider_id = message.provider_id or receipt.provider_id
    if status is MessageStatus.DELIVERED:
        give(session, services, message, Strength.DELIVERED, now=now)
    elif status is MessageStatus.UNDELIVERED:
        take_back(session, services, message, now=now)
    return True


def _react(
    session: Session,
    services: Services,
    message: Message,
    receipt: Receipt,
    attempt: Attempt | None,
    now: datetime,
) -> bool:
    """Draw the consequences for the address; return whether it is closed by them now."""
    reaction = receipt_reaction(receipt.provider, event=receipt.event, code=receipt.code)
    if reaction is None:
        return False
    path, code = _path(message, attempt), receipt.code
    if reaction is Reaction.FLAG_CONTACT and receipt.event is ReceiptEvent.BOUNCED:
        react(session, services, message, reaction, path=path, code=code or "bounced", now=now)
        return close_bounced(session, services, message)
    return react(session, services, message, reaction, path=path, code=code, now=now)


def _is_failure(receipt: Receipt) -> bool:
    return receipt_reaction(receipt.provider, event=receipt.event, code=receipt.code) is not None


def _attempt(session: Session, message: Message, attempt_id: UUID | None) -> Attempt | None:
    """Return the attempt that a receipt is about, whether it is the latest or not."""
    attempt = session.get(Attempt, attempt_id) if attempt_id is not None else None
    return attempt if attempt is not None and attempt.message_id == message.id else None


def _path(message: Message, attempt: Attempt | None) -> str | None:
    return attempt.provider if attempt is not None else message.provider
