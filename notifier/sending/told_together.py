"""The other jobs that one message told of: what stands on the page behind a digest's link."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from notifier.links import message_token
from notifier.services import Services
from notifier.store.tables import ContactPoint, Job, Message, Person


@dataclass(frozen=True, slots=True)
class ToldTogether:
    """Another job of the same human, and the token of its own page."""

    service: str
    reference: str
    token: str


def told_together(
    session: Session, services: Services, message_id: UUID, reader: Person
) -> tuple[ToldTogether, ...]:
    """Return the other jobs that the latest sending of a message told `reader` of.

    Only those that are still the same human's: a corrected name takes a job off the page.
    """
    message = session.get_one(Message, message_id)
    if message.attempt_id is None or reader.identity_hash is None:
        return ()
    carrier = message.carried_by or message.id
    rows = session.execute(
        select(Message.id, Job.service, Job.reference)
        .join(Job, Job.id == Message.job_id)
        .join(ContactPoint, ContactPoint.id == Message.contact_point_id)
        .join(Person, Person.id == ContactPoint.person_id)
        .where(
            or_(Message.id == carrier, Message.carried_by == carrier),
            Message.attempt_id == message.attempt_id,
            Message.id != message.id,
            Person.identity_hash == reader.identity_hash,
            Person.key.is_not(None),
        )
        .order_by(Message.created_at, Message.id)
    )
    return tuple(
        ToldTogether(service, reference, message_token(services.vault, one))
        for one, service, reference in rows
    )
