"""The queries about paths: what each of them answered lately, and what is with it as a trial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from notifier.domain.messages import MessageStatus
from notifier.store.tables import Message, Receipt

# As written in the partial indexes: bound as parameters they would not be recognised.
_ANSWERS = text("receipts.origin = 'answer'")
_OPEN = text("messages.status IN ('claimed', 'unknown')")


@dataclass(frozen=True, slots=True)
class AnswerOnRecord:
    """What one attempt was answered."""

    at: datetime
    event: str
    code: str | None
    took: float | None
    wait: float | None


def latest_answers(session: Session, provider: str, *, limit: int) -> Sequence[AnswerOnRecord]:
    """Return at most `limit` of the latest answers of a path, oldest first."""
    rows = session.execute(
        select(Receipt.received_at, Receipt.event, Receipt.code, Receipt.took_s, Receipt.wait_s)
        .where(_ANSWERS, Receipt.provider == provider)
        .order_by(Receipt.received_at.desc(), Receipt.id.desc())
        .limit(limit)
    ).all()
    return [AnswerOnRecord(*row) for row in reversed(rows)]


def claimed_since(session: Session, provider: str, since: datetime) -> int:
    """Return how many messages were handed to a path since then and have no answer yet."""
    found = session.scalar(
        select(func.count())
        .select_from(Message)
        .where(
            _OPEN,
            Message.status == MessageStatus.CLAIMED,
            Message.provider == provider,
            Message.claimed_at >= since,
        )
    )
    return found or 0
