"""Messages that reached one person over two channels: the second went, then the first arrived."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.util import AliasedClass

from notifier.domain.messages import MessageStatus
from notifier.store.tables import Message


def count_reached_twice(
    session: Session, *, since_id: UUID, without_receipts: Collection[str]
) -> int:
    """Return of how many episodes somebody has the message twice, over different channels.

    :param since_id: the later of the two, which is a row since the first was silent for too
        long, has this id or one after it; the first may have been planned long before.
    :param without_receipts: the providers of whose silence nothing can be learnt.
    """
    first = aliased(Message)
    twice = (
        select(Message.job_person_id, Message.rule, Message.episode)
        .join(
            first,
            and_(
                first.job_id == Message.job_id,
                first.job_person_id == Message.job_person_id,
                first.rule == Message.rule,
                first.episode == Message.episode,
                first.channel != Message.channel,
            ),
        )
        .where(
            Message.id >= since_id,
            _reached(Message, without_receipts),
            _reached(first, without_receipts),
        )
        .distinct()
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(twice)) or 0


def _reached(
    message: type[Message] | AliasedClass[Message], without_receipts: Collection[str]
) -> ColumnElement[bool]:
    """It arrived, or it was taken by somebody who would never say so."""
    return or_(
        message.status == MessageStatus.DELIVERED,
        and_(
            message.status.in_((MessageStatus.ACCEPTED, MessageStatus.SENT)),
            message.provider.in_(without_receipts),
        ),
    )
