"""The queries of delivery: what is due, what is in doubt, and the locks that order them.

Jobs are locked before their messages, by everyone, so a job's lock is what guards its
messages. Whoever locks a message locks the jobs of those that it carries with it (a digest),
in id order. The conditions on status stand in the SQL as written in the partial indexes:
bound as parameters they would not be recognised, and a tick would read every planned row.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, text, true, update
from sqlalchemy.orm import Session, aliased

from notifier.domain.messages import Channel, MessageStatus, Priority
from notifier.store.inserts import insert_into
from notifier.store.tables import ContactPoint, Job, Message, Person, Receipt

#: Made once: what is made in a query is made anew, with all its columns, each time.
_OTHER_MESSAGE = aliased(Message)
_ITS_POINT, _ITS_PERSON = (
    aliased(ContactPoint, name="its_point"),
    aliased(Person, name="its_person"),
)

_WAITING = text("messages.status IN ('planned', 'ready', 'deferred')")
_OPEN = text("messages.status IN ('claimed', 'unknown')")


#: What goes first when several are due: 0 is the most urgent.
PRIORITIES = {Priority.HIGH: 0, Priority.NORMAL: 1, Priority.LOW: 2}


@dataclass(frozen=True, slots=True)
class Due:
    """A message whose time has come, and the job to lock for it."""

    message_id: UUID
    job_id: UUID


def lock_due(
    session: Session, *, now: datetime, limit: int, channel: Channel | None = None
) -> list[Due]:
    """Lock the jobs of at most `limit` messages due at `now`: what matters most, longest due.

    A job that somebody else holds is passed over rather than waited for.

    :param channel: only messages of it; None: of any.
    """
    found: list[Due] = []
    for priority in PRIORITIES.values():
        left = limit - len(found)
        if left > 0:
            rows = session.execute(due_query(priority, now=now, limit=left, channel=channel))
            found += [Due(message_id, job_id) for message_id, job_id in rows]
    return found


def due_query(
    priority: int, *, now: datetime, limit: int, channel: Channel | None = None
) -> Select[UUID, UUID]:
    """Return the query of `lock_due`: message and job of what is due and may be claimed.

    One priority at a time, for then one index gives its rows in their order. It has the channel,
    too: what waits by the other is passed over without reading its row.

    It passes over whoever has another message with a provider at this moment. That has no
    index of its own: it costs one short look at the job's messages for each row that is due.
    """
    with_a_provider = (
        select(_OTHER_MESSAGE.id)
        .where(
            _OTHER_MESSAGE.job_id == Message.job_id,
            _OTHER_MESSAGE.job_person_id == Message.job_person_id,
            _OTHER_MESSAGE.status == MessageStatus.CLAIMED,
        )
        .exists()
    )
    return (
        select(Message.id, Job.id)
        .join(Job, Job.id == Message.job_id)
        .where(
            _WAITING,
            Message.priority == priority,
            Message.due_at <= now,
            _goes_by(channel),
            Job.held_at.is_(None),
            ~with_a_provider,
        )
        .order_by(Message.due_at)
        .limit(limit)
        .with_for_update(of=Job, skip_locked=True)
    )


def _goes_by(channel: Channel | None) -> ColumnElement[bool]:
    return true() if channel is None else Message.channel == channel


def due_of_jobs(
    session: Session,
    job_ids: Sequence[UUID],
    *,
    now: datetime,
    channel: Channel | None = None,
) -> list[Message]:
    """Return what is due at `now` of jobs that are locked: what matters most, longest due."""
    return list(
        session.scalars(
            select(Message)
            .where(Message.job_id.in_(job_ids), _WAITING, Message.due_at <= now, _goes_by(channel))
            .order_by(Message.priority, Message.due_at, Message.created_at, Message.id)
            .with_for_update(of=Message)
            .execution_options(populate_existing=True)
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
    """What another message carries is left alone: its fate is decided with that one."""
    found = session.execute(
        select(Message.id, Job.id)
        .join(Job, Job.id == Message.job_id)
        .where(
            _OPEN,
            Message.status == status,
            Message.due_at <= now,
            Message.carried_by.is_(None),
        )
        .order_by(Message.due_at)
        .limit(limit)
        .with_for_update(of=Job, skip_locked=True)
    )
    return [Due(message_id, job_id) for message_id, job_id in found]


def lock_message(session: Session, message_id: UUID, *, wait: bool = True) -> Message | None:
    """Lock the message with its job and the jobs of what it carries; return it, None if there
    is none.

    Waits for whoever holds them. Without `wait`, for callers that hold other locks already, it
    returns None if somebody does.
    """
    of_them = or_(Message.id == message_id, Message.carried_by == message_id)
    job_ids = sorted(set(session.scalars(select(Message.job_id).where(of_them))))
    if not job_ids or len(lock_jobs(session, job_ids, wait=wait)) < len(job_ids):
        return None
    return session.scalar(
        select(Message)
        .where(Message.id == message_id)
        .with_for_update(skip_locked=not wait)
        .execution_options(populate_existing=True)
    )


def put_off(session: Session, job_id: UUID, *, due_by: datetime, until: datetime) -> None:
    """Let what is due of a locked job wait until `until`: its messages, and looking at it."""
    session.execute(
        update(Message)
        .where(Message.job_id == job_id, or_(_WAITING, _OPEN), Message.due_at <= due_by)
        .values(due_at=until)
    )
    session.execute(
        update(Job).where(Job.id == job_id, Job.look_at <= due_by).values(look_at=until)
    )


def lock_jobs(session: Session, job_ids: Sequence[UUID], *, wait: bool) -> list[UUID]:
    """Lock jobs in id order and return which; without `wait` those that others hold are left."""
    return list(
        session.scalars(
            select(Job.id)
            .where(Job.id.in_(job_ids))
            .order_by(Job.id)
            .with_for_update(skip_locked=not wait)
        )
    )


def carried_with(session: Session, message: Message, attempt_id: UUID | None) -> list[Message]:
    """Return what the attempt `attempt_id` of `message` carried beside it, oldest first.

    Also what has been let go since: if that attempt was taken after all, it reached them too.
    `lock_message` has locked their jobs.
    """
    return list(
        session.scalars(
            select(Message)
            .where(Message.carried_by == message.id, Message.attempt_id == attempt_id)
            .order_by(Message.created_at, Message.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def digest_candidates(
    session: Session, message: Message, *, due_by: datetime, limit: int
) -> list[UUID]:
    """Return at most `limit` messages that could go with `message` as one, oldest first.

    They wait with the same news for the same human at the same address, about other jobs. A
    number alone makes nobody the same human, and what is not due by `due_by` goes by itself.
    """
    return list(
        session.scalars(
            select(Message.id)
            .join(ContactPoint, ContactPoint.id == Message.contact_point_id)
            .join(Person, Person.id == ContactPoint.person_id)
            .join(_ITS_POINT, _ITS_POINT.id == message.contact_point_id)
            .join(_ITS_PERSON, _ITS_PERSON.id == _ITS_POINT.person_id)
            .join(Job, Job.id == Message.job_id)
            .where(
                ContactPoint.brand_id == _ITS_POINT.brand_id,
                ContactPoint.channel == _ITS_POINT.channel,
                ContactPoint.address_hash == _ITS_POINT.address_hash,
                Person.identity_hash == _ITS_PERSON.identity_hash,
                Message.job_id != message.job_id,
                Message.rule == message.rule,
                Message.message == message.message,
                Message.locale == message.locale,
                Message.channel == message.channel,
                _WAITING,
                Message.due_at <= due_by,
                Job.held_at.is_(None),
            )
            .order_by(Message.created_at, Message.id)
            .limit(limit)
        )
    )


def lock_messages(
    session: Session, message_ids: Sequence[UUID], job_ids: Collection[UUID]
) -> list[Message]:
    """Lock and return those of the messages that are of `job_ids`, which are locked already."""
    return list(
        session.scalars(
            select(Message)
            .where(Message.id.in_(message_ids), Message.job_id.in_(job_ids))
            .order_by(Message.created_at, Message.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
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
    session: Session,
    *,
    message_id: UUID | None,
    paths: Collection[str],
    provider_id: str | None,
) -> UUID | None:
    """Return the message that a receipt speaks of: by our own id, else by the provider's.

    :param paths: what the paths of that provider are called.
    """
    if message_id is not None:
        known = session.scalar(select(Message.id).where(Message.id == message_id))
        if known is not None:
            return known
    if provider_id is None:
        return None
    return session.scalar(
        select(Message.id).where(Message.provider.in_(paths), Message.provider_id == provider_id)
    )


def paced_attempts(session: Session, message: Message) -> int:
    """Return how many attempts of a message came to nothing for our being too fast alone.

    What it was carried by has the answers of both on record. A worker that hung may say of its
    attempt what was said for it meanwhile.
    """
    found = session.scalar(
        select(func.count(Receipt.attempt_id.distinct())).where(
            Receipt.message_id == (message.carried_by or message.id),
            Receipt.origin == "answer",
            Receipt.event == "paced",
        )
    )
    return found or 0


def attempts_answered(
    session: Session, message_ids: Collection[UUID], codes: Collection[str]
) -> dict[UUID, int]:
    """Return how many attempts of each message were answered with one of `codes`."""
    rows = session.execute(
        select(Receipt.message_id, func.count(Receipt.attempt_id.distinct()))
        .where(
            Receipt.message_id.in_(message_ids),
            Receipt.origin == "answer",
            Receipt.code.in_(codes),
        )
        .group_by(Receipt.message_id)
    )
    return {message_id: count for message_id, count in rows if message_id is not None}


def append_receipt(session: Session, **values: Any) -> bool:
    """Append a receipt row and return whether it is new: (provider, event_id) is unique."""
    appended = insert_into(session, Receipt).values(**values).on_conflict_do_nothing()
    return session.scalar(appended.returning(Receipt.id)) is not None
