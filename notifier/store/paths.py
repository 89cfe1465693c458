"""The queries about paths: what each answered and reported, and what is with it as a trial."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session, aliased

from notifier.domain.messages import MessageStatus
from notifier.store.tables import Message, Receipt

# As written in the partial indexes: bound as parameters they would not be recognised.
_ANSWERS = text("receipts.origin = 'answer'")
_OPEN = text("messages.status IN ('claimed', 'unknown')")

#: Keeps our advisory locks of trials apart from others.
_TRIALS = 0x7472


@dataclass(frozen=True, slots=True)
class AnswerOnRecord:
    """What one attempt was answered."""

    at: datetime
    event: str
    code: str | None
    took: float | None
    wait: float | None


def latest_answers(
    session: Session, provider: str, *, but: Collection[str], limit: int
) -> Sequence[AnswerOnRecord]:
    """Return at most `limit` of the latest answers of a path, oldest first.

    :param but: codes of what is on record without a call; they count for nothing.
    """
    rows = session.execute(
        select(Receipt.received_at, Receipt.event, Receipt.code, Receipt.took_s, Receipt.wait_s)
        .where(
            _ANSWERS,
            Receipt.provider == provider,
            or_(Receipt.code.is_(None), Receipt.code.not_in(but)),
        )
        .order_by(Receipt.received_at.desc(), Receipt.id.desc())
        .limit(limit)
    ).all()
    return [AnswerOnRecord(*row) for row in reversed(rows)]


def lost_at(session: Session, attempt_id: UUID, message_id: UUID) -> datetime | None:
    """Return when the answer of an attempt was noted as lost; None: nobody lived to note it."""
    return session.scalar(
        select(Receipt.received_at).where(
            _ANSWERS,
            Receipt.message_id == message_id,
            Receipt.attempt_id == attempt_id,
            Receipt.event == "unknown",
        )
    )


@dataclass(frozen=True, slots=True)
class TakenOnRecord:
    """What a path took, and when it first reported it by callback; None: not yet."""

    at: datetime
    reported_at: datetime | None


def taken_around(
    session: Session, provider: str, at: datetime, *, since: datetime, until: datetime, limit: int
) -> tuple[Sequence[TakenOnRecord], Sequence[TakenOnRecord]]:
    """Return what a path took before `at`, and after it.

    Of each the `limit` nearest to `at`, from `since` until `until`.
    """
    told = aliased(Receipt)
    reported_at = select(func.min(told.received_at)).where(
        told.message_id == Receipt.message_id,
        told.attempt_id == Receipt.attempt_id,
        told.origin == "callback",
    )
    taken = (
        select(Receipt.received_at, reported_at.scalar_subquery())
        .where(_ANSWERS, Receipt.provider == provider, Receipt.event == "accepted")
        .limit(limit)
    )
    before = taken.where(Receipt.received_at >= since, Receipt.received_at < at)
    after = taken.where(Receipt.received_at >= at, Receipt.received_at <= until)
    return (
        [
            TakenOnRecord(*row)
            for row in session.execute(before.order_by(Receipt.received_at.desc()))
        ],
        [TakenOnRecord(*row) for row in session.execute(after.order_by(Receipt.received_at))],
    )


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


def may_try(session: Session, provider: str) -> bool:
    """Return whether this transaction may hand trials to a path: one at a time does, until it
    ends. On SQLite there is no other writer.
    """
    if session.get_bind().dialect.name != "postgresql":
        return True
    key = func.hashtext(f"trial:{provider}")
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(_TRIALS, key))))
