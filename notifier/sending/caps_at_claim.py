"""Whether a reader has had enough, counted once more as their messages are claimed.

Planning knew only what had gone before it. Of several messages due at once each had room, so
what one claim takes is counted as it takes it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from notifier.domain.caps import Heard, cap_reached, longest_period
from notifier.domain.messages import MessageKind
from notifier.sending.refusals import Around
from notifier.services import Services
from notifier.store.same_human import heard_of
from notifier.store.tables import ContactPoint, Message


@dataclass(slots=True)
class Tally:
    """What the readers of one claim's messages heard lately, and hear by this claim."""

    services: Services
    around: Around
    now: datetime
    before: Mapping[UUID, tuple[Heard, ...]]  # by person
    claimed: list[Message] = field(default_factory=list)

    def has_enough(self, row: Message) -> bool:
        """Return whether whom `row` is for should not get it now."""
        rules = self.services.rulebook.rules
        rule = rules.by_id.get(row.rule)
        if rule is None or not rules.caps or row.contact_point_id is None:
            return False
        point = self.around.points[row.contact_point_id]
        heard = list(self.before.get(point.person_id, ()))
        heard += [found for one in self.claimed if (found := self._heard(one, point)) is not None]
        frees_at = cap_reached(
            rules.caps,
            heard,
            priority=rule.at_a_cap,
            kind=rule.kind,
            contact=point.id,
            now=self.now,
        )
        return frees_at is not None

    def _heard(self, message: Message, point: ContactPoint) -> Heard | None:
        """Return what a message claimed just now is to whoever has `point`; None: nothing."""
        assert message.contact_point_id is not None
        other = self.around.points[message.contact_point_id]
        mine, theirs = self.around.people[point.person_id], self.around.people[other.person_id]
        same_human = mine.id == theirs.id or (
            mine.identity_hash is not None and mine.identity_hash == theirs.identity_hash
        )
        same_address = (point.brand_id, point.channel, point.address_hash) == (
            other.brand_id,
            other.channel,
            other.address_hash,
        )
        if not same_human and not same_address:
            return None
        return Heard(
            at=self.now,
            kind=MessageKind(message.kind),
            to_them=same_human,
            contact=point.id if same_address else None,
        )


def begin_tally(session: Session, services: Services, around: Around, *, now: datetime) -> Tally:
    """Return the tally of a claim of the messages that `around` stands around."""
    period = longest_period(services.rulebook.rules.caps)
    if period is None or not around.people:
        return Tally(services, around, now, {})
    contacts: dict[UUID, list[ContactPoint]] = defaultdict(list)
    for point in around.points.values():
        contacts[point.person_id].append(point)
    before = heard_of(session, list(around.people.values()), contacts, since=now - period)
    return Tally(services, around, now, before)
