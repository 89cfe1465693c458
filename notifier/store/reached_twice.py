"""Messages that reached one person twice: the second went, and then the first arrived.

Over two channels, where the first was silent for too long; or by two attempts over one, where
the first was taken for lost, and had been taken by the provider.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.util import AliasedClass

from notifier.domain.messages import MessageStatus
from notifier.store.tables import Message, Receipt

_DELIVERED = "delivered"  # what a receipt says


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


def count_arrived_twice(session: Session, *, since_id: UUID) -> int:
    """Return how many messages arrived by more than one of their attempts.

    :param since_id: only messages with this id or one after it count.
    """
    by_two = (
        select(Receipt.message_id)
        .join(Message, Message.id == Receipt.message_id)
        .where(
            Message.id >= since_id,
            Message.attempts > 1,
            Receipt.event == _DELIVERED,
        )
        .group_by(Receipt.message_id)
        .having(func.count(Receipt.attempt_id.distinct()) > 1)
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(by_two)) or 0


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
