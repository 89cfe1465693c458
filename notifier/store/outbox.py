"""The queries of delivery: what is due, what is in doubt, and the locks that order them.

Jobs are locked before their messages, by everyone, so a job's lock is what guards its
messages. The conditions on status stand in the SQL as written in the partial indexes:
bound as parameters they would not be recognised, and a tick would read every planned row.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from notifier.domain.messages import MessageStatus
from notifier.store.tables import Job, Message, Receipt

_WAITING = text("messages.status IN ('planned', 'ready', 'deferred')")
_OPEN = text("messages.status IN ('claimed', 'unknown')")


@dataclass(frozen=True, slots=True)
class Due:
    """A message whose time has come, and the job to lock for it."""

    message_id: UUID
    job_id: UUID


def lock_due(session: Session, *, now: datetime, limit: int) -> list[Due]:
    """Lock the jobs of at most `limit` messages due at `now`, the longest due first.

    A job that somebody else holds is passed over rather than waited for.
    """
    found = session.execute(due_query(now=now, limit=limit))
    return [Due(message_id, job_id) for message_id, job_id in found]


def due_query(*, now: datetime, limit: int) -> Select[UUID, UUID]:
    """Return the query of `lock_due`: message and job of what is due and may be claimed.

    It passes over whoever has another message with a provider at this moment. That has no
    index of its own: it costs one short look at the job's messages for each row that is due.
    """
    other = aliased(Message)
    with_a_provider = (
        select(other.id)
        .where(
            other.job_id == Message.job_id,
            other.job_person_id == Message.job_person_id,
            other.status == MessageStatus.CLAIMED,
        )
        .exists()
    )
    return (
        select(Message.id, Job.id)
        .join(Job, Job.id == Message.job_id)
        .where(_WAITING, Message.due_at <= now, Job.held_at.is_(None), ~with_a_provider)
        .order_by(Message.due_at)
        .limit(limit)
        .with_for_update(of=Job, skip_locked=True)
    )


def due_of_jobs(session: Session, job_ids: Sequence[UUID], *, now: datetime) -> list[Message]:
    """Return what is due at `now` of jobs that are locked, the longest due first."""
    return list(
        session.scalars(
            select(Message)
            .where(Message.job_id.in_(job_ids), _WAITING, Message.due_at <= now)
            .order_by(Message.due_at, Message.created_at, Message.id)
            .with_for_update(of=Message)
            .execution_options(populate_existing=True)
        )
    )


def jobs_with(
    session: Session, message_ids: Sequence[UUID], statuses: Collection[MessageStatus]
) -> list[UUID]:
    """Return the jobs, in id order, of those messages that have one of `statuses`."""
    return sorted(
        set(
            session.scalars(
                select(Message.job_id).where(
                    Message.id.in_(message_ids), Message.status.in_(statuses)
                )
            )
        )
    )


def people_with_a_claim(session: Session, job_ids: Sequence[UUID]) -> set[UUID]:
    """Return the job people of whom a message is with a provider at this moment."""
    return set(
        session.scalars(
            select(Message.job_person_id).where(
                Message.job_id.in_(job_ids), Message.status == MessageStatus.CLAIMED
            )
        )
    )


def lock_lapsed(session: Session, *, now: datetime, limit: int) -> list[Due]:
    """Lock the jobs of at most `limit` claims whose lease is over at `now`."""
    return _lock_open(session, MessageStatus.CLAIMED, now=now, limit=limit)


def lock_in_doubt(session: Session, *, now: datetime, limit: int) -> list[Due]:
    """Lock the jobs of at most `limit` unknown messages to be looked up at `now`."""
    return _lock_open(session, MessageStatus.UNKNOWN, now=now, limit=limit)


def _lock_open(session: Session, status: MessageStatus, *, now: datetime, limit: int) -> list[Due]:
    found = session.execute(
        select(Message.id, Job.id)
        .join(Job, Job.id == Message.job_id)
        .where(_OPEN, Message.status == status, Message.due_at <= now)
        .order_by(Message.due_at)
        .limit(limit)
        .with_for_update(of=Job, skip_locked=True)
    )
    return [Due(message_id, job_id) for message_id, job_id in found]


def lock_message(session: Session, message_id: UUID) -> Message | None:
    """Lock the message's job, then the message, and return it; None if there is none.

    Waits for whoever holds them.
    """
    job_id = session.scalar(select(Message.job_id).where(Message.id == message_id))
    if job_id is None:
        return None
    session.execute(select(Job.id).where(Job.id == job_id).with_for_update())
    return session.scalar(
        select(Message)
        .where(Message.id == message_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def waiting_jobs(session: Session, contact_point_ids: Sequence[UUID]) -> list[UUID]:
    """Return the jobs that owe something to these contact points, in id order."""
    return sorted(
        set(
            session.scalars(
                select(Message.job_id).where(
                    Message.contact_point_id.in_(contact_point_ids), _WAITING
                )
            )
        )
    )


def find_message_id(
    session: Session, *, message_id: UUID | None, provider: str, provider_id: str | None
) -> UUID | None:
    """Return the message that a receipt speaks of: by our own id, else by the provider's."""
    if message_id is not None:
        known = session.scalar(select(Message.id).where(Message.id == message_id))
        if known is not None:
            return known
    if provider_id is None:
        return None
    return session.scalar(
        select(Message.id).where(Message.provider == provider, Message.provider_id == provider_id)
    )


def append_receipt(session: Session, **values: Any) -> bool:
    """Append a receipt row and return whether it is new: (provider, event_id) is unique."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    appended = insert(Receipt).values(**values).on_conflict_do_nothing().returning(Receipt.id)
    return session.scalar(appended) is not None
