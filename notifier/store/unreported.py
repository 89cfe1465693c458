"""What providers took and never reported on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from notifier.domain.messages import MessageStatus
from notifier.store.tables import Attempt, Message, Receipt

# Also what the provider's own record said the rest of: that callbacks reach us it does not show.
_TAKEN = (
    MessageStatus.ACCEPTED,
    MessageStatus.SENT,
    MessageStatus.DELIVERED,
    MessageStatus.UNDELIVERED,
)


@dataclass(frozen=True, slots=True)
class Unreported:
    """How many messages of one brand a path took in silence."""

    brand_id: UUID
    path: str
    count: int


def unreported(
    session: Session, *, since_id: UUID, taken_before: datetime, paths: Collection[str]
) -> list[Unreported]:
    """Return what of the attempts from `since_id` on was taken, and no callback ever came.

    What a message carried along has its reports on that message, and counts with it.

    :param paths: those that give receipts.
    """
    rows = session.execute(
        select(Message.brand_id, Message.provider, func.count())
        .join(Attempt, and_(Attempt.message_id == Message.id, Attempt.id == Message.attempt_id))
        .where(
            Attempt.id >= since_id,
            Message.status.in_(_TAKEN),
            Message.provider.in_(paths),
            Message.accepted_at < taken_before,
            ~select(Receipt.id)
            .where(Receipt.message_id == Message.id, Receipt.origin == "callback")
            .exists(),
        )
        .group_by(Message.brand_id, Message.provider)
        .order_by(Message.provider, Message.brand_id)
    )
    return [Unreported(brand_id, path or "", n) for brand_id, path, n in rows]
