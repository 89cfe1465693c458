"""A technician's link to one day: no login, to be taken back at any time, over by the next day."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from notifier.errors import NotFound, NotifierError
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Brand, DayLink, Technician

_TOKEN_BYTES = 16
#: A day's last visit may run past midnight.
_AFTER_MIDNIGHT = timedelta(hours=4)


class LinkClosed(NotifierError):
    """The link was real, and works no more. A 410."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDay:
    """Whose day a link opens."""

    link_id: UUID
    brand_id: UUID
    technician_id: UUID
    day: date
    zone: ZoneInfo

    @property
    def actor(self) -> str:
        """How facts name who said them."""
        return f"day_link:{self.link_id}"

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """When the day begins and ends, in the brand's zone."""
        start = datetime.combine(self.day, time(), self.zone)
        return start, datetime.combine(self.day + timedelta(days=1), time(), self.zone)


def make_day_link(services: Services, brand_id: UUID, technician_id: UUID, day: date) -> str:
    """Return a link to `technician_id`'s `day`, a date in the brand's zone.

    :raises NotFound: if the brand has no such technician.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with services.sessions.begin() as session:
        technician = session.get(Technician, technician_id)
        if technician is None or technician.brand_id != brand_id:
            raise NotFound("There is no such technician.")
        zone = ZoneInfo(session.get_one(Brand, brand_id).zone)
        midnight = datetime.combine(day + timedelta(days=1), time(), zone)
        session.add(
            DayLink(
                id=services.ids(),
                brand_id=brand_id,
                technician_id=technician_id,
                day=day.isoformat(),
                token_hash=_token_hash(services, token),
                created_at=services.now(),
                expires_at=midnight + _AFTER_MIDNIGHT,
                revoked_at=None,
            )
        )
    return f"{services.public_url}/day/{token}"


def revoke_day_links(
    services: Services, brand_id: UUID, technician_id: UUID, day: date | None = None
) -> int:
    """Close a technician's links, those of `day` or all; return how many were open."""
    links = update(DayLink).where(
        DayLink.brand_id == brand_id,
        DayLink.technician_id == technician_id,
        DayLink.revoked_at.is_(None),
    )
    if day is not None:
        links = links.where(DayLink.day == day.isoformat())
    with services.sessions.begin() as session:
        closed = session.scalars(links.values(revoked_at=services.now()).returning(DayLink.id))
        return len(closed.all())


def resolve_day_link(services: Services, token: str) -> OpenDay:
    """Return whose day `token` opens.

    :raises NotFound: if no link has that token.
    :raises LinkClosed: if it was taken back or its day is over.
    """
    with reading(services.sessions) as session:
        link = session.scalar(
            select(DayLink).where(DayLink.token_hash == _token_hash(services, token))
        )
        if link is None:
            raise NotFound("There is no such link.")
        if link.revoked_at is not None:
            raise LinkClosed("This link was taken back. Please ask the office for a new one.")
        if link.expires_at <= services.now():
            raise LinkClosed("This day is over. Please ask the office for today’s link.")
        zone = session.get_one(Brand, link.brand_id).zone
    return OpenDay(
        link_id=link.id,
        brand_id=link.brand_id,
        technician_id=link.technician_id,
        day=date.fromisoformat(link.day),
        zone=ZoneInfo(zone),
    )


def _token_hash(services: Services, token: str) -> bytes:
    return services.vault.blind(f"day:{token}")
