"""Messages that reached one person over two channels: the second went, then the first arrived."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from notifier.domain.messages import MessageStatus
from notifier.store.tables import Message


def count_reached_twice(
    session: Session, *, since_id: UUID, without_receipts: Collection[str]
) -> int:
    """Return of how many episodes somebody has the message twice, over different channels.

    :param since_id: of the messages from this id on.
    :param without_receipts: the providers of whose silence nothing can be learnt.
    """
    twice = (
        select(Message.job_person_id)
        .where(Message.id >= since_id, _reached(without_receipts))
        .group_by(Message.job_person_id, Message.rule, Message.episode)
        .having(func.count(Message.channel.distinct()) > 1)
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(twice)) or 0


def _reached(without_receipts: Collection[str]) -> ColumnElement[bool]:
    """It arrived, or it was taken by somebody who would never say so."""
    return or_(
        Message.status == MessageStatus.DELIVERED,
        and_(
            Message.status.in_((MessageStatus.ACCEPTED, MessageStatus.SENT)),
            Message.provider.in_(without_receipts),
        ),
    )
