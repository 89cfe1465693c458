"""Opening again what a guard closed: what waits for it goes, if it is still true."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from notifier.domain.messages import MessageStatus, WhyNot
from notifier.store.tables import Job, Message


def open_again(
    session: Session, brand_id: UUID, reasons: Collection[WhyNot], *, now: datetime
) -> None:
    """Let messages that were skipped for one of `reasons` be planned anew.

    Planning, at the next tick, sends each that is still true and reached nobody otherwise.
    """
    stopped = (
        Message.brand_id == brand_id,
        Message.status == MessageStatus.SKIPPED,
        Message.reason.in_(reasons),
        Message.claimed_at.is_(None),
        Message.expires_at > now,
    )
    theirs = Job.id.in_(select(Message.job_id).where(*stopped))
    session.execute(select(Job.id).where(theirs).order_by(Job.id).with_for_update()).all()
    without_sync = {"synchronize_session": False}
    session.execute(update(Job).where(theirs).values(look_at=now), execution_options=without_sync)
    session.execute(
        update(Message)
        .where(*stopped)
        .values(status=MessageStatus.SUPERSEDED, reason=WhyNot.NO_LONGER_OWED),
        execution_options=without_sync,
    )
