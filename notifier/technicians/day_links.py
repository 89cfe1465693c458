"""A technician's link to one day: no login, to be taken back at any time, over by the next day."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from notifier.domain.messages import Role
from notifier.errors import Invalid, NotFound, NotifierError
from notifier.links import day_url, link_hash
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Brand, DayLink, Job, JobPerson, Message, Technician

_TOKEN_BYTES = 16
#: A day's last visit may run past midnight.
_AFTER_MIDNIGHT = timedelta(hours=4)
#: Nobody plans a day that is further off: its year is mistyped, and the link would stand open.
_FURTHEST = timedelta(days=366)


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
    asked: UUID | None = None  # the job that the message with this link asks about

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
    :raises Invalid: if that day is more than a year away.
    """
    if abs(day - services.now().date()) > _FURTHEST:
        raise Invalid("day", "choose a day within a year of today")
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with services.sessions.begin() as session:
        technician = session.get(Technician, technician_id)
        if technician is None or technician.brand_id != brand_id:
            raise NotFound("There is no such technician.")
        brand = session.get_one(Brand, brand_id)
        session.add(_row(services, brand, technician_id, day, token, now=services.now()))
    return day_url(services.public_url, token)


def open_day(
    session: Session,
    services: Services,
    message: Message,
    job: Job,
    brand: Brand,
    token: str,
    *,
    now: datetime,
) -> None:
    """Let the link of a message to a technician lead to the day of the visit that it asks about.

    Messages to everybody else are passed over; so is one whose link is open already.
    """
    link = session.get_one(JobPerson, message.job_person_id)
    if link.role != Role.TECHNICIAN or _known(session, services, token) is not None:
        return
    technician_id = session.scalar(
        select(Technician.id).where(Technician.person_id == link.person_id)
    )
    assert technician_id is not None
    day = (job.starts_at or now).astimezone(ZoneInfo(brand.zone)).date()
    session.add(_row(services, brand, technician_id, day, token, now=now))


def _row(
    services: Services,
    brand: Brand,
    technician_id: UUID,
    day: date,
    token: str,
    *,
    now: datetime,
) -> DayLink:
    midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(brand.zone))
    return DayLink(
        id=services.ids(),
        brand_id=brand.id,
        technician_id=technician_id,
        day=day.isoformat(),
        token_hash=_token_hash(services, token),
        created_at=now,
        expires_at=max(midnight, now) + _AFTER_MIDNIGHT,
        revoked_at=None,
    )


def _known(session: Session, services: Services, token: str) -> DayLink | None:
    return session.scalar(select(DayLink).where(DayLink.token_hash == _token_hash(services, token)))


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
        link = _known(session, services, token)
        if link is None:
            raise NotFound("There is no such link.")
        if link.revoked_at is not None:
            raise LinkClosed("This link was taken back. Please ask the office for a new one.")
        if link.expires_at <= services.now():
            raise LinkClosed("This day is over. Please ask the office for today’s link.")
        zone = session.get_one(Brand, link.brand_id).zone
        asked = session.scalar(
            select(Message.job_id).where(Message.link_hash == link_hash(services.vault, token))
        )
    return OpenDay(
        link_id=link.id,
        brand_id=link.brand_id,
        technician_id=link.technician_id,
        day=date.fromisoformat(link.day),
        zone=ZoneInfo(zone),
        asked=asked,
    )


def _token_hash(services: Services, token: str) -> bytes:
    return services.vault.blind(f"day:{token}")
