"""What one human has heard from the brand lately, in all their jobs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, union
from sqlalchemy.orm import Session

from notifier.domain.caps import Heard
from notifier.domain.messages import TAKEN, MessageKind, MessageStatus, WhyNot
from notifier.store.tables import ContactPoint, Message, Person

#: Taken by a provider, or perhaps: it may have been read.
_MAY_BE_HEARD = [*TAKEN, MessageStatus.CLAIMED, MessageStatus.UNKNOWN]


def heard_of(
    session: Session,
    people: Sequence[Person],
    contacts: Mapping[UUID, Sequence[ContactPoint]],
    *,
    since: datetime,
    until: datetime | None = None,
) -> dict[UUID, tuple[Heard, ...]]:
    """Return, by person, what has gone to each of `people` since then, or to their addresses.

    What several jobs were told in one message is one message. One query however many people.

    :param contacts: the addresses in use of each person.
    :param until: what was known at that moment; None: what is known now.
    """
    hashes = {point.address_hash for points in contacts.values() for point in points}
    identities = {one.identity_hash for one in people if one.identity_hash is not None}
    theirs = union(
        select(ContactPoint.id).where(
            ContactPoint.brand_id.in_({one.brand_id for one in people}),
            ContactPoint.address_hash.in_(hashes),
        ),
        select(ContactPoint.id)
        .join(Person, Person.id == ContactPoint.person_id)
        .where(Person.identity_hash.in_(identities), Person.key.is_not(None)),
        select(ContactPoint.id).where(ContactPoint.person_id.in_([one.id for one in people])),
    )
    rows = session.execute(
        select(
            Message.kind,
            Message.accepted_at,
            Message.claimed_at,
            ContactPoint.brand_id,
            ContactPoint.channel,
            ContactPoint.address_hash,
            Person.id,
            Person.identity_hash,
        )
        .join(ContactPoint, ContactPoint.id == Message.contact_point_id)
        .join(Person, Person.id == ContactPoint.person_id)
        .where(
            ContactPoint.id.in_(theirs),
            Message.claimed_at >= since,
            Message.carried_by.is_(None),
            _may_be_heard(until),
        )
        .order_by(Message.claimed_at, Message.id)
    ).all()
    heard: dict[UUID, list[Heard]] = defaultdict(list)
    for kind, accepted_at, claimed_at, brand_id, channel, hashed, person_id, identity in rows:
        for person in people:
            same = person_id == person.id or (
                identity is not None and identity == person.identity_hash
            )
            assert claimed_at is not None  # by the query
            way = next(
                (
                    point.id
                    for point in contacts.get(person.id, ())
                    if (point.brand_id, point.channel, point.address_hash)
                    == (brand_id, channel, hashed)
                ),
                None,
            )
            if same or way is not None:
                heard[person.id].append(
                    Heard(
                        at=accepted_at or claimed_at,
                        kind=MessageKind(kind),
                        to_them=same,
                        contact=way,
                    )
                )
    return {person: tuple(found) for person, found in heard.items()}


def _may_be_heard(until: datetime | None) -> ColumnElement[bool]:
    """What a provider took, or perhaps. At `until` that was so of what has failed since, too."""
    in_doubt = and_(Message.status == MessageStatus.HELD, Message.reason == WhyNot.OUTCOME_UNKNOWN)
    now = or_(Message.status.in_(_MAY_BE_HEARD), in_doubt)
    if until is None:
        return now
    failed_since = and_(Message.status == MessageStatus.UNDELIVERED, Message.settled_at > until)
    return and_(Message.claimed_at <= until, or_(now, failed_since))
