"""Record what a person agrees to or refuses, for the addresses that they can be reached at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.domain.facts import CLOCK_SKEW
from notifier.domain.messages import Channel, MessageKind
from notifier.domain.windows import utc_text
from notifier.errors import Invalid
from notifier.services import Services
from notifier.store.consents import refusals_of
from notifier.store.tables import Consent, ContactPoint, Person

_CORRECTED = "corrected_address"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConsent:
    """That somebody agrees to a kind of message, or does not want it."""

    kind: MessageKind
    granted: bool
    source: str  # where they said so: a form, a call, a shop's checkout
    at: datetime | None = None  # when; None: now
    channels: tuple[Channel, ...] = ()  # none: all by which they can be reached


def record_consents(
    session: Session,
    services: Services,
    person: Person,
    consents: Iterable[NewConsent],
    *,
    now: datetime,
) -> None:
    """Append what `person` said, for each of their addresses in use.

    :raises Invalid: if something was said at a time that is still to come, by any clock.
    """
    session.flush()
    points = session.scalars(
        select(ContactPoint).where(
            ContactPoint.person_id == person.id, ContactPoint.replaced_at.is_(None)
        )
    ).all()
    for consent in consents:
        if consent.at is not None and consent.at > now + CLOCK_SKEW:
            raise Invalid(
                f"consents.{consent.kind}.at", f"must not lie ahead: it is {utc_text(now)} now"
            )
        for point in points:
            if not consent.channels or point.channel in consent.channels:
                _append(session, services, point, consent, now)


def refuse(
    session: Session,
    services: Services,
    points: Iterable[ContactPoint],
    kinds: Iterable[MessageKind],
    *,
    source: str,
    now: datetime,
) -> None:
    """Append that nothing of `kinds` is wanted at `points` any more."""
    wanted = tuple(kinds)
    for point in points:
        for kind in wanted:
            refusal = NewConsent(kind=kind, granted=False, source=source)
            _append(session, services, point, refusal, now)


def carry_refusals_over(
    session: Session,
    services: Services,
    earlier: Sequence[ContactPoint],
    to: ContactPoint,
    *,
    now: datetime,
) -> None:
    """Let what was refused at addresses that `to` replaces be refused there too.

    An agreement is not carried over: it was given for that number or address.
    """
    kinds = refusals_of(session, [point.id for point in earlier])
    refuse(session, services, [to], sorted(kinds), source=_CORRECTED, now=now)


def _append(
    session: Session, services: Services, point: ContactPoint, said: NewConsent, now: datetime
) -> None:
    session.add(
        Consent(
            id=services.ids(),
            brand_id=point.brand_id,
            contact_point_id=point.id,
            kind=said.kind,
            granted=said.granted,
            source=said.source,
            at=min(said.at or now, now),  # from a clock that runs ahead: as of now
        )
    )
