"""What a failure means beyond its own message: for the address, the contact, the sender."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import update
from sqlalchemy.orm import Session

from notifier.domain.messages import WhyNot
from notifier.providers.codes import Reaction
from notifier.sending.suppressions import suppress
from notifier.services import Services
from notifier.store.tables import ContactPoint, Message, Sender
from notifier.store.tasks import owe_task

_log = structlog.get_logger()

#: Codes that say that no text will ever arrive, whatever it says: not a mobile number.
_LANDLINE = frozenset({"21614", "30006"})

#: The task that asks a person to mend a sender.
SENDER_HALTED = "sender_halted"

_LONGEST_CODE = 40


def react(
    session: Session,
    services: Services,
    message: Message,
    reaction: Reaction,
    *,
    path: str | None,
    code: str | None,
    why: WhyNot = WhyNot.OPTED_OUT,
    now: datetime,
) -> bool:
    """Draw the consequences of a failure; return whether the address is closed by them now.

    The message's own status is not touched.

    :param path: the one that it failed by; the message may be on another by now.
    :param why: what a suppression will say.
    """
    match reaction:
        case Reaction.SUPPRESS:
            return _close(session, services, message, why)
        case Reaction.FLAG_CONTACT:
            _flag(session, message, code or why)
        case Reaction.HALT_CHANNEL:
            _halt(session, services, message, path, code or "refused", now)
        case _:
            pass
    return False


def close_bounced(session: Session, services: Services, message: Message) -> bool:
    """Close an address that refuses mail for good, for everyone who shares it."""
    return _close(session, services, message, WhyNot.BOUNCED)


def wake_sender(
    session: Session, message: Message, *, path: str | None, started_at: datetime
) -> None:
    """Let a sender that rested speak again: the provider took something that went by `path`
    after it was refused. What was on its way by then says nothing.
    """
    session.execute(
        update(Sender)
        .where(
            Sender.brand_id == message.brand_id,
            Sender.channel == message.channel,
            Sender.provider == path,
            Sender.halted_at < started_at,
        )
        .values(halted_at=None, halted_code=None)
    )


def _close(session: Session, services: Services, message: Message, why: WhyNot) -> bool:
    point = _point(session, message)
    if point is None:
        return False
    return suppress(
        session,
        services,
        brand_id=message.brand_id,
        channel=point.channel,
        address_hash=point.address_hash,
        why=why,
        source="provider",
    )


def _flag(session: Session, message: Message, code: str) -> None:
    point = _point(session, message)
    if point is None:
        return
    point.flagged_code = code[:_LONGEST_CODE]
    point.landline = point.landline or code in _LANDLINE
    session.flush()


def _halt(
    session: Session,
    services: Services,
    message: Message,
    path: str | None,
    code: str,
    now: datetime,
) -> None:
    session.execute(
        update(Sender)
        .where(
            Sender.brand_id == message.brand_id,
            Sender.channel == message.channel,
            Sender.provider == path,
        )
        .values(halted_at=now, halted_code=code[:_LONGEST_CODE])
    )
    is_new = owe_task(
        session,
        id=services.ids(),
        brand_id=message.brand_id,
        # One a day and cause: a sender that stays refused is not forgotten.
        key=f"halted:{message.channel}:{path}:{code}:{now.date()}",
        kind=SENDER_HALTED,
        path=path,
        why=code[:_LONGEST_CODE],
        due_at=now,
        created_at=now,
        message_id=message.id,
    )
    if is_new:
        _log.error("sender_halted", path=path, code=code[:_LONGEST_CODE])


def _point(session: Session, message: Message) -> ContactPoint | None:
    if message.contact_point_id is None:
        return None
    return session.get(ContactPoint, message.contact_point_id)
