"""What people agreed to or refused, as it counts for an address at a moment.

Rows are only ever appended, one for each thing said. Every booking has people and contact
points of its own, so what was said is looked for at the address: a refusal counts for everyone
who uses it, an agreement only for the human who gave it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from notifier.domain.consent import ConsentPolicy
from notifier.domain.messages import MessageKind
from notifier.domain.phones import countries_of
from notifier.store.tables import Brand, Consent, ContactPoint, Person

#: Made once: what is made in a query is made anew, with all its columns, each time.
_ASKED, _OF = aliased(ContactPoint, name="asked"), aliased(Person, name="of")

#: What counts for one contact point: of each kind spoken of, whether it is agreed to.
Recorded = Mapping[MessageKind, bool]


@dataclass(frozen=True, slots=True)
class _Said:
    """The latest word of one human at one address about one kind."""

    mine: bool  # the contact point's own human said it
    granted: bool


def consents_of(
    session: Session, contact_point_ids: Sequence[UUID], *, at: datetime | None = None
) -> dict[UUID, Recorded]:
    """Return what counts for each of `contact_point_ids`; only those of which anything was said.

    :param at: as it was on record then, for looking back.
    """
    query = (
        select(_ASKED.id, _OF.id, _OF.identity_hash, Person.id, Person.identity_hash, Consent)
        .join(_OF, _OF.id == _ASKED.person_id)
        .join(
            ContactPoint,
            and_(
                ContactPoint.brand_id == _ASKED.brand_id,
                ContactPoint.channel == _ASKED.channel,
                ContactPoint.address_hash == _ASKED.address_hash,
            ),
        )
        .join(Person, Person.id == ContactPoint.person_id)
        .join(Consent, Consent.contact_point_id == ContactPoint.id)
        .where(_ASKED.id.in_(contact_point_ids))
        # Of two said at the same moment the refusal comes last, and counts.
        .order_by(Consent.at, Consent.granted.desc(), Consent.id)
    )
    if at is not None:
        query = query.where(Consent.at <= at)
    said: dict[UUID, dict[tuple[MessageKind, object], _Said]] = defaultdict(dict)
    for contact, my_person, my_identity, person, identity, row in session.execute(query):
        mine = person == my_person or (identity is not None and identity == my_identity)
        who = "me" if mine else identity or person
        said[contact][MessageKind(row.kind), who] = _Said(mine, row.granted)
    return {contact: _counts(words) for contact, words in said.items()}


def closed_among(
    session: Session,
    policy: ConsentPolicy,
    ways: Iterable[tuple[ContactPoint, Person, Brand]],
    *,
    at: datetime | None = None,
    recorded: Mapping[UUID, Recorded] | None = None,
) -> dict[UUID, frozenset[MessageKind]]:
    """Return, by contact point, to which kinds of message each of `ways` is closed.

    :param at: as it was on record then, for looking back.
    :param recorded: what `consents_of` said of them, where the caller knows already.
    """
    known = {point.id: (point, person, brand) for point, person, brand in ways}
    said = consents_of(session, list(known), at=at) if recorded is None else recorded
    return {
        point.id: policy.closed_to(said.get(point.id, {}), _regions(point, person, brand))
        for point, person, brand in known.values()
    }


def _regions(point: ContactPoint, person: Person, brand: Brand) -> frozenset[str]:
    """Return every country whose reading may apply: the brand's, the number's, the reader's."""
    of_number = (
        {region.partition("/")[0] for region in point.regions}
        if point.regions is not None
        else countries_of(point.zones)
    )
    stated = countries_of([person.zone]) if person.zone is not None else ()
    return frozenset({brand.country, *of_number, *stated})


def _counts(said: Mapping[tuple[MessageKind, object], _Said]) -> Recorded:
    """A refusal by anybody at the address closes it; an agreement opens it for its giver."""
    counts: dict[MessageKind, bool] = {}
    for (kind, _), word in said.items():
        if not word.granted:
            counts[kind] = False
        elif word.mine:
            counts.setdefault(kind, True)
    return counts


def refusals_of(session: Session, contact_point_ids: Iterable[UUID]) -> frozenset[MessageKind]:
    """Return the kinds that were refused last at any of these contact points themselves."""
    rows = session.scalars(
        select(Consent)
        .where(Consent.contact_point_id.in_(list(contact_point_ids)))
        .order_by(Consent.at, Consent.granted.desc(), Consent.id)
    )
    latest = {(row.contact_point_id, row.kind): row.granted for row in rows}
    return frozenset(MessageKind(kind) for (_, kind), granted in latest.items() if not granted)
