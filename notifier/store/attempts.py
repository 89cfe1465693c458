"""The queries of attempts: that a call begins, and that one never began.

Written down in a transaction of its own, right before the call. So of a worker that died, what
it had claimed and not begun was certainly not taken. Whoever declares a claim over locks its
message first, and so does whoever begins: one of the two comes first, and the other sees it.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, insert, literal, select
from sqlalchemy.orm import Session

from notifier.domain.messages import MessageStatus
from notifier.store.tables import Attempt, CallBegun, Message


def begin_call(session: Session, attempt_id: UUID, message_id: UUID, *, now: datetime) -> bool:
    """Note that the call of an attempt begins; False if its message is not claimed by it now."""
    still_its_own = (
        select(
            literal(attempt_id, CallBegun.attempt_id.type),
            Message.brand_id,
            literal(now, CallBegun.began_at.type),
        )
        .where(
            Message.id == message_id,
            Message.attempt_id == attempt_id,
            Message.status == MessageStatus.CLAIMED,
        )
        .with_for_update(read=True)
    )
    begun = insert(CallBegun).from_select(["attempt_id", "brand_id", "began_at"], still_its_own)
    return session.scalar(begun.returning(CallBegun.attempt_id)) is not None


def never_began(session: Session, attempt_id: UUID) -> bool:
    """Return whether an attempt would have noted that its call begins, and did not.

    Its message is locked by whoever asks: from now on it can't begin.
    """
    began = exists().where(CallBegun.attempt_id == Attempt.id)
    found = session.scalar(
        select(Attempt.id).where(Attempt.id == attempt_id, Attempt.notes_call, ~began)
    )
    return found is not None
