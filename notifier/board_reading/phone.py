"""The customer's phone in the sandbox: the texts of one number, both ways."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.board_reading.cards import Card
from notifier.board_reading.message_lines import MessageLine
from notifier.domain.messages import WAITING, Channel, MessageStatus
from notifier.services import Services
from notifier.store.tables import ContactPoint, Message, Person, Reply, SandboxItem
from notifier.store.vault import opened

_MOST_BUBBLES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """One text, or an email that shows as a notification."""

    id: UUID
    at: datetime
    body: str
    from_customer: bool
    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """The phone of a job's customer. `coming` are the texts that are about to go."""

    job_id: UUID
    service: str
    owner: str | None
    number: str | None
    late_by: UUID | None  # the fact to take back while the job is late
    bubbles: tuple[Bubble, ...]
    coming: tuple[MessageLine, ...]


def read_phone(session: Session, services: Services, card: Card) -> Phone | None:
    """Return the phone of the card's first customer, or None if it names nobody."""
    customer = card.customer
    if customer is None:
        return None
    hashes = [contact.address_hash for contact in customer.contacts]
    bubbles = [
        *_taken_by_sandbox(session, services, hashes),
        *_replies(session, services, [contact.id for contact in customer.contacts]),
    ]
    newest = sorted(bubbles, key=lambda bubble: (bubble.at, bubble.id))[-_MOST_BUBBLES:]
    moving = WAITING | {MessageStatus.CLAIMED}
    return Phone(
        job_id=card.id,
        service=card.service,
        owner=customer.name,
        number=customer.phone,
        late_by=card.late_by,
        bubbles=tuple(newest),
        coming=tuple(
            line
            for line in card.next_up
            if line.job_person_id == customer.id and line.status in moving
        ),
    )


def _taken_by_sandbox(session: Session, services: Services, hashes: list[bytes]) -> list[Bubble]:
    rows = session.execute(
        select(SandboxItem, Message.id, Message.subject, Message.body, Person.key)
        .join(Message, Message.id == SandboxItem.message_id)
        .join(ContactPoint, ContactPoint.id == Message.contact_point_id)
        .join(Person, Person.id == ContactPoint.person_id)
        .where(SandboxItem.address_hash.in_(hashes))
        .order_by(SandboxItem.at.desc())
        .limit(_MOST_BUBBLES)
    )
    found = []
    for item, message_id, subject, body, key in rows:
        channel = Channel(item.channel)
        words = opened(services.vault, key, subject if channel is Channel.EMAIL else body)
        if words is not None:
            found.append(
                Bubble(id=message_id, at=item.at, body=words, from_customer=False, channel=channel)
            )
    return found


def _replies(session: Session, services: Services, contacts: list[UUID]) -> list[Bubble]:
    rows = session.execute(
        select(Reply, Person.key)
        .outerjoin(Person, Person.id == Reply.person_id)
        .where(Reply.contact_point_id.in_(contacts))
        .order_by(Reply.received_at.desc())
        .limit(_MOST_BUBBLES)
    )
    found = []
    for reply, key in rows:
        words = opened(services.vault, reply.key or key, reply.body)
        if words is not None:
            found.append(
                Bubble(
                    id=reply.id,
                    at=reply.received_at,
                    body=words,
                    from_customer=True,
                    channel=Channel(reply.channel),
                )
            )
    return found
