"""Whether a source says again what it said under the same id, or something else."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from notifier.domain.facts import CLOCK_SKEW, Fact, FactType
from notifier.domain.reasons import Party
from notifier.domain.tracking_codes import normal_tracking_code
from notifier.services import Services
from notifier.sources.parts.estimates import resolve
from notifier.sources.protocol import SourceEvent
from notifier.store.tables import Source
from notifier.technicians.register import technician_named


def says_other(
    session: Session,
    services: Services,
    source: Source,
    said: Fact,
    event: SourceEvent,
    *,
    happened: datetime,
    zone: ZoneInfo,
) -> bool:
    """Return whether `event` is not what its source `said` under the same id.

    :param happened: when it was, by the vendor, and not later than it came.
    :param zone: of the job's place.

    A note is no part of it. Nor is the time, within minutes: some stamp each try anew. What
    happened later than when the first was received is no retry of that.
    """
    if event.booking is not None:
        asked = event.booking.window
        return asked is not None and resolve(asked, zone) != (said.window or said.expected)
    another_time = event.occurred_at is not None and happened != said.occurred_at
    if another_time and happened > said.received_at + CLOCK_SKEW:
        return True
    technician = None
    if event.technician:
        technician = technician_named(
            session, services, source.brand_id, event.technician, now=services.now()
        )
    return _claim(event, technician, said, zone) != (
        said.type,
        said.minutes,
        said.expected,
        said.window,
        said.agreed,
        said.reason,
        said.by,
        said.technician,
        said.parcel,
    )


def _claim(
    event: SourceEvent, technician: UUID | None, said: Fact, zone: ZoneInfo
) -> tuple[object, ...]:
    """Return what `event` says, with what is recorded of a fact that leaves it open."""
    expected = resolve(event.expected, zone) if event.expected is not None else None
    window, by = event.window, event.by
    if event.type is FactType.TOLD and expected is None and window is None:
        expected, window = said.expected, said.window  # the time that was believed then
    if event.type in (FactType.MISSED, FactType.CANCELLED):
        by = by or Party.UNKNOWN
    return (
        event.type,
        event.minutes,
        expected,
        window,
        event.agreed,
        event.reason,
        by,
        technician,
        normal_tracking_code(event.parcel) if event.parcel else None,
    )
