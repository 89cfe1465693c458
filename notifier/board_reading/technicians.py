"""Who goes out for a brand, by name."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.services import Services
from notifier.store.tables import Technician
from notifier.store.vault import opened


def read_technicians(session: Session, services: Services, brand_id: UUID) -> dict[UUID, str]:
    """Return the names of the brand's technicians by id, in the order they joined."""
    rows = session.scalars(
        select(Technician).where(Technician.brand_id == brand_id).order_by(Technician.id)
    )
    return {row.id: opened(services.vault, row.key, row.name) or "…" for row in rows}
