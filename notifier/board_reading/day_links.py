"""How a technician is reached: their number, and how many links to their day are open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from notifier.board_reading.day import read_brand
from notifier.errors import NotFound
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import DayLink, Technician
from notifier.store.vault import opened
from notifier.technicians.register import number_of


@dataclass(frozen=True, slots=True, kw_only=True)
class TechnicianToday:
    """A technician, today in the brand's zone, and how many links lead to it."""

    id: UUID
    name: str | None
    day: date
    open_links: int
    phone: str | None  # at which they are asked where they are


def read_technician_today(
    services: Services, brand_id: UUID, technician_id: UUID
) -> TechnicianToday:
    """Return the technician's today.

    :raises NotFound: if the brand has no such technician.
    """
    now = services.now()
    with reading(services.sessions) as session:
        technician = session.get(Technician, technician_id)
        if technician is None or technician.brand_id != brand_id:
            raise NotFound("There is no such technician.")
        day = now.astimezone(ZoneInfo(read_brand(session, brand_id).zone)).date()
        open_links = session.scalar(
            select(func.count())
            .select_from(DayLink)
            .where(
                DayLink.brand_id == brand_id,
                DayLink.technician_id == technician_id,
                DayLink.day == day.isoformat(),
                DayLink.revoked_at.is_(None),
                DayLink.expires_at > now,
            )
        )
        return TechnicianToday(
            id=technician_id,
            name=opened(services.vault, technician.key, technician.name),
            day=day,
            open_links=open_links or 0,
            phone=number_of(session, services, technician),
        )
