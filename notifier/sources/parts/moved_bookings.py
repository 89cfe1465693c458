"""Who comes to a booking that was moved: tools that share their bookings out choose anew."""

from __future__ import annotations

from notifier.domain.facts import FactType
from notifier.sources.protocol import SourceEvent


def reassigned(booked: SourceEvent, host: str) -> SourceEvent:
    """Return that `host` comes to what `booked` says, for a job that is known keeps its own."""
    return SourceEvent(
        join=booked.join,
        job_kind=booked.job_kind,
        type=FactType.REASSIGNED,
        occurred_at=booked.occurred_at,
        technician=host,
    )
