"""When a message that was not taken goes again, or that it is too late for that."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from notifier.domain.messages import MessageStatus, WhyNot
from notifier.domain.sending.retries import GiveUp, after_deferral
from notifier.store import outbox
from notifier.store.tables import Message


def rest(message: Message, until: datetime, *, now: datetime) -> None:
    """Let a message wait for its path, or give it up where that would be too late."""
    if until < message.expires_at:
        if message.claimed_at is None:  # else its row says why it was not taken
            message.status, message.reason = MessageStatus.DEFERRED, WhyNot.WAITS_FOR_SENDER
            message.turn_at = message.turn_at or now
        message.due_at = until
        return
    message.status, message.reason = MessageStatus.EXPIRED, WhyNot.GAVE_UP
    message.settled_at = now


def defer(
    session: Session, message: Message, *, since: datetime, wait: float | None = None
) -> None:
    """Set when it goes again, or give it up when that would be too late.

    :param since: when the attempt that came to nothing ended, or began where nobody knows.
    :param wait: seconds that the provider asks for.
    """
    failed = message.attempts - outbox.paced_attempts(session, message)
    decision = after_deferral(
        max(failed, 1), now=since, retry_after=wait, expires_at=message.expires_at
    )
    if isinstance(decision, GiveUp):
        message.status, message.reason = MessageStatus.EXPIRED, WhyNot.GAVE_UP
    else:
        message.due_at = decision.at
