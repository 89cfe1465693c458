"""The messages of jobs without their words: what was sent, and what will be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from notifier.board_reading.people import PersonSeen
from notifier.domain.messages import TAKEN, Channel, MessageStatus
from notifier.domain.windows import Expectation, from_json
from notifier.store.tables import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLine:
    """One message without its words."""

    id: UUID
    job_person_id: UUID
    to_name: str | None
    message: str
    channel: Channel
    status: MessageStatus
    reason: str | None
    due_at: datetime
    asserts: Expectation | None
    moves_told: bool  # False: an offer
    settled_at: datetime | None

    @property
    def taken(self) -> bool:
        """Whether a provider took it, and when is on record."""
        return self.status in TAKEN and self.settled_at is not None


def read_message_lines(
    session: Session,
    job_ids: list[UUID],
    people: Mapping[UUID, tuple[PersonSeen, ...]],
    on_trial: frozenset[str],
) -> Mapping[UUID, list[MessageLine]]:
    """Return what was sent and what will be; a rule on trial sends nothing."""
    rows = session.execute(
        select(
            Message.job_id,
            Message.id,
            Message.job_person_id,
            Message.message,
            Message.channel,
            Message.status,
            Message.reason,
            Message.due_at,
            Message.asserts,
            Message.moves_told,
            Message.settled_at,
            Message.accepted_at,
        )
        .where(
            Message.job_id.in_(job_ids),
            or_(Message.rule.not_in(on_trial), Message.claimed_at.is_not(None)),
        )
        .order_by(Message.due_at, Message.id)
    )
    names = {person.id: person.name for found in people.values() for person in found}
    lines: dict[UUID, list[MessageLine]] = defaultdict(list)
    for row in rows:
        lines[row.job_id].append(
            MessageLine(
                id=row.id,
                job_person_id=row.job_person_id,
                to_name=names.get(row.job_person_id),
                message=row.message,
                channel=Channel(row.channel),
                status=MessageStatus(row.status),
                reason=row.reason,
                due_at=row.due_at,
                asserts=from_json(row.asserts),
                moves_told=row.moves_told,
                settled_at=row.accepted_at or row.settled_at,
            )
        )
    return lines
