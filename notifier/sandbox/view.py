"""The phones and mailboxes that the sandbox stands in for, with what arrived on each."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from notifier.domain.messages import Channel, MessageStatus
from notifier.errors import NotFound
from notifier.services import Services
from notifier.store.tables import ContactPoint, Message, Person, Reply, SandboxItem, Sender
from notifier.store.vault import Unreadable, Vault

#: More than this on one page helps nobody.
MOST_ITEMS = 400

_LINK = re.compile(r"https?://\S+/(?:s|day)/[\w-]{16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """One text or email on a phone or in a mailbox; `from_customer` ones they wrote."""

    id: UUID
    at: datetime
    text: str
    from_customer: bool = False
    subject: str | None = None
    has_html: bool = False
    link: str | None = None
    status: MessageStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """One phone or mailbox. Several people may share it: `owners` are all of them."""

    contact_point_id: UUID
    channel: Channel
    address: str
    owners: tuple[str, ...]
    bubbles: tuple[Bubble, ...]

    @property
    def last_at(self) -> datetime | None:
        """When something last arrived or left."""
        return self.bubbles[-1].at if self.bubbles else None

    @property
    def seen(self) -> str:
        """A short mark that changes whenever what is shown does."""
        said = "|".join(f"{bubble.id}{bubble.status or ''}" for bubble in self.bubbles)
        return hashlib.blake2b(said.encode(), digest_size=8).hexdigest()


def read_inboxes(session: Session, services: Services, brand_id: UUID) -> list[Inbox]:
    """Return every phone and mailbox that got something, the latest first."""
    addresses = session.execute(
        select(SandboxItem.channel, SandboxItem.address_hash)
        .where(SandboxItem.brand_id == brand_id)
        .distinct()
    )
    points: dict[tuple[str, bytes], list[ContactPoint]] = {
        (channel, hashed): [] for channel, hashed in addresses
    }
    rows = session.scalars(
        select(ContactPoint)
        .where(
            ContactPoint.brand_id == brand_id,
            ContactPoint.address_hash.in_([hashed for _, hashed in points]),
        )
        .order_by(ContactPoint.id)
    )
    for row in rows:
        if (row.channel, row.address_hash) in points:
            points[row.channel, row.address_hash].append(row)
    inboxes = _inboxes(session, services, brand_id, [found for found in points.values() if found])
    return sorted(inboxes, key=lambda inbox: inbox.last_at or services.now(), reverse=True)


def count_inboxes(session: Session, brand_id: UUID) -> int:
    """Return how many phones and mailboxes `read_inboxes` has."""
    addresses = (
        select(SandboxItem.channel, SandboxItem.address_hash)
        .where(SandboxItem.brand_id == brand_id)
        .distinct()
    )
    return session.scalar(select(func.count()).select_from(addresses.subquery())) or 0


def read_inbox(
    session: Session, services: Services, brand_id: UUID, contact_point_id: UUID
) -> Inbox:
    """Return the phone or mailbox of one contact point, empty if nothing has come yet.

    :raises NotFound: if the brand has no such contact point.
    """
    point = session.get(ContactPoint, contact_point_id)
    if point is None or point.brand_id != brand_id:
        raise NotFound("There is no such phone or mailbox.")
    same = session.scalars(
        select(ContactPoint)
        .where(
            ContactPoint.brand_id == brand_id,
            ContactPoint.channel == point.channel,
            ContactPoint.address_hash == point.address_hash,
        )
        .order_by(ContactPoint.id)
    ).all()
    return _inboxes(session, services, brand_id, [list(same)])[0]


def read_email_html(session: Session, services: Services, brand_id: UUID, message_id: UUID) -> str:
    """Return the HTML of an email that the sandbox took.

    :raises NotFound: if there is none, or its person was erased.
    """
    found = session.execute(
        select(Message.html, Person.key)
        .join(SandboxItem, SandboxItem.message_id == Message.id)
        .join(ContactPoint, ContactPoint.id == Message.contact_point_id)
        .join(Person, Person.id == ContactPoint.person_id)
        .where(Message.id == message_id, Message.brand_id == brand_id)
        .limit(1)
    ).first()
    html = _open(services.vault, found.key, found.html) if found else None
    if html is None:
        raise NotFound("There is no such email.")
    return html


def _inboxes(
    session: Session, services: Services, brand_id: UUID, groups: list[list[ContactPoint]]
) -> list[Inbox]:
    """Build one inbox a group: the contact points that share an address."""
    points = {point.id: point for group in groups for point in group}
    people = {
        person.id: person
        for person in session.scalars(
            select(Person).where(Person.id.in_({point.person_id for point in points.values()}))
        )
    }
    bubbles = _bubbles(session, services.vault, brand_id, points, people)
    inboxes = []
    for group in groups:
        owners = [people[point.person_id] for point in group]
        keys = [person.key for person in owners]
        address = next(
            (
                opened
                for point, key in zip(group, keys, strict=True)
                if (opened := _open(services.vault, key, point.address)) is not None
            ),
            "erased",
        )
        names = [_open(services.vault, person.key, person.name) for person in owners]
        mine = [bubble for point in group for bubble in bubbles[point.id]]
        inboxes.append(
            Inbox(
                contact_point_id=group[0].id,
                channel=Channel(group[0].channel),
                address=address,
                owners=tuple(dict.fromkeys(name for name in names if name)),
                bubbles=tuple(sorted(mine, key=lambda bubble: (bubble.at, bubble.id))),
            )
        )
    return inboxes


def _bubbles(
    session: Session,
    vault: Vault,
    brand_id: UUID,
    points: dict[UUID, ContactPoint],
    people: dict[UUID, Person],
) -> defaultdict[UUID, list[Bubble]]:
    bubbles: defaultdict[UUID, list[Bubble]] = defaultdict(list)
    taken = session.execute(
        select(SandboxItem, Message)
        .join(Message, Message.id == SandboxItem.message_id)
        .where(SandboxItem.brand_id == brand_id, Message.contact_point_id.in_(list(points)))
        .order_by(SandboxItem.at.desc(), SandboxItem.id.desc())
        .limit(MOST_ITEMS)
    )
    for item, message in taken:
        assert message.contact_point_id is not None
        key = people[points[message.contact_point_id].person_id].key
        text = _open(vault, key, message.body) or "(erased)"
        link = _LINK.search(text)
        bubbles[message.contact_point_id].append(
            Bubble(
                id=message.id,
                at=item.at,
                text=text,
                subject=_open(vault, key, message.subject),
                has_html=message.html is not None and key is not None,
                link=link.group() if link else None,
                status=MessageStatus(message.status),
            )
        )
    for reply in _replies(session, brand_id, points):
        assert reply.contact_point_id is not None
        person = people[points[reply.contact_point_id].person_id]
        bubbles[reply.contact_point_id].append(
            Bubble(
                id=reply.id,
                at=reply.received_at,
                text=_open(vault, reply.key or person.key, reply.body) or "(erased)",
                from_customer=True,
            )
        )
    return bubbles


def _replies(session: Session, brand_id: UUID, points: dict[UUID, ContactPoint]) -> Iterable[Reply]:
    return session.scalars(
        select(Reply)
        .where(Reply.brand_id == brand_id, Reply.contact_point_id.in_(list(points)))
        .order_by(Reply.received_at.desc())
        .limit(MOST_ITEMS)
    )


def _open(vault: Vault, key: bytes | None, sealed: bytes | None) -> str | None:
    if key is None or sealed is None:
        return None
    try:
        return vault.open(key, sealed)
    except Unreadable:
        return None


def find_sender(session: Session, brand_id: UUID, channel: Channel) -> str:
    """Return the number or address that the brand speaks from, which a reply goes to.

    :raises NotFound: if it has none on that channel.
    """
    address = session.scalar(
        select(Sender.address)
        .where(Sender.brand_id == brand_id, Sender.channel == channel)
        .order_by(Sender.id)
        .limit(1)
    )
    if address is None:
        raise NotFound("This brand has no sender on that channel.")
    return address
