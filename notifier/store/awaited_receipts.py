"""What was taken and not reported on for good, of jobs that are looked at soon."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select

from notifier.domain.messages import MessageStatus
from notifier.store.tables import Job, Message, Receipt

#: Begins the id of the event that notes what a provider's record said of an attempt it took.
ASKED = "asked:"


def awaited_query(
    *,
    paths: Collection[str],
    taken_after: datetime,
    now: datetime,
    until: datetime,
    limit: int,
) -> Select[UUID, UUID]:
    """Return the query of messages, each with its job, that still wait for their last receipt.

    Of jobs that are looked at after `now` and by `until`, which one index gives in their order:
    no `reach` ends unseen by the look of its job. Whatever was asked about is passed over.
    """
    asked = (
        select(Receipt.id)
        .where(
            Receipt.message_id == func.coalesce(Message.carried_by, Message.id),
            Receipt.attempt_id == Message.attempt_id,
            Receipt.event_id.startswith(ASKED),
        )
        .exists()
    )
    return (
        select(Message.id, Job.id)
        .join(Job, Job.id == Message.job_id)
        .where(
            Job.look_at > now,
            Job.look_at <= until,
            Message.status.in_((MessageStatus.ACCEPTED, MessageStatus.SENT)),
            # So written, no index of messages by provider is taken: it has all that ever went.
            func.coalesce(Message.provider, "").in_(paths),
            Message.accepted_at > taken_after,
            ~asked,
        )
        .order_by(Job.look_at)
        .limit(limit)
    )
