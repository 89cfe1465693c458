"""What rules on trial would have said. It was planned and recorded, and never sent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from notifier.domain.messages import WAITING, Channel, MessageStatus, WhyNot
from notifier.rendering import RenderFailed
from notifier.sending.composing import compose
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import JobPerson, Message, Person
from notifier.store.vault import Unreadable, opened


def is_trial(services: Services) -> ColumnElement[bool]:
    """Return the condition that a message was not sent, or will not be, for its rule's trial."""
    return or_(
        and_(Message.status == MessageStatus.SKIPPED, Message.reason == WhyNot.TRIAL),
        and_(Message.status.in_(WAITING), Message.rule.in_(services.rulebook.on_trial)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialMessage:
    """One message that was not sent, with the words that it would have, as they read now."""

    id: UUID
    rule: str
    to_name: str | None
    channel: Channel
    send_at: datetime
    subject: str | None
    body: str | None  # None: there are no words for it, or nobody to write to


def read_trials(services: Services, brand_id: UUID, job_id: UUID) -> tuple[TrialMessage, ...]:
    """Return what rules on trial would have said about a job, the latest first."""
    with reading(services.sessions) as session:
        rows = session.execute(
            select(Message, Person)
            .join(JobPerson, JobPerson.id == Message.job_person_id)
            .join(Person, Person.id == JobPerson.person_id)
            .where(Message.brand_id == brand_id, Message.job_id == job_id, is_trial(services))
            .order_by(Message.send_at.desc(), Message.id.desc())
        )
        return tuple(_trial(session, services, row, person) for row, person in rows)


def count_trials(session: Session, services: Services, job_ids: Collection[UUID]) -> int:
    """Return how many messages about these jobs were not sent because their rule is on trial."""
    query = select(func.count()).select_from(Message)
    return session.scalar(query.where(Message.job_id.in_(job_ids), is_trial(services))) or 0


def _trial(session: Session, services: Services, row: Message, person: Person) -> TrialMessage:
    subject, body = None, None
    if row.contact_point_id is not None:
        try:
            composed = compose(session, services, row, now=services.now())
            subject, body = composed.subject, composed.body
        except (RenderFailed, Unreadable):
            pass  # shown without words
    return TrialMessage(
        id=row.id,
        rule=row.rule,
        to_name=opened(services.vault, person.key, person.name),
        channel=Channel(row.channel),
        send_at=row.send_at,
        subject=subject,
        body=body,
    )
