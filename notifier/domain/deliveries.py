"""What becomes of a webhook delivery, and which order a tracking code speaks of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID


class DeliveryStatus(StrEnum):
    """Where a webhook delivery stands. Nothing that was accepted is ever lost."""

    RECEIVED = "received"  # journalled, not yet translated
    APPLIED = "applied"  # its facts are recorded
    IGNORED = "ignored"  # understood, and nothing for us; `why` says what it was
    FETCHING = "fetching"  # it only points to what is at the vendor, which is asked for it
    WAITING = "waiting"  # its job is not booked yet; booking it sends this round again
    FAILED = "failed"  # could not be translated; `why` says what to mend


class Refusal(StrEnum):
    """Why something that was posted to a source's address was not taken, nor stored."""

    SIGNATURE = "signature"  # not right for the body, or of too long ago: adapters tell no more
    SIZE = "size"
    CONTENT_TYPE = "content_type"
    JSON = "json"
    RATE = "rate"  # signed, and more than a source may send


#: How long before we book an order its parcel's scans may begin. Carriers use codes again
#: after about four months, so an older scan belongs to somebody else's parcel.
SCANS_BEFORE_BOOKING = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class CodeUse:
    """One order that has a parcel with the tracking code in question."""

    job_id: UUID
    booked_at: datetime
    finished: bool


def orders_meant(uses: Sequence[CodeUse], occurred_at: datetime) -> tuple[UUID, ...]:
    """Return the orders that a scan at `occurred_at` is about; empty if it is none of them.

    An open order is preferred to a finished one, for a code that comes up again months
    later is meant for the new order; then the last one booked before the scan. Orders that were
    booked about when that one was are in the same parcel.
    """
    before = [use for use in uses if use.booked_at <= occurred_at]
    after = [use for use in uses if 0 < _lead(use, occurred_at) <= SCANS_BEFORE_BOOKING.days]
    ranked = (
        max((use for use in before if not use.finished), key=_booked, default=None),
        min((use for use in after if not use.finished), key=_booked, default=None),
        max(before, key=_booked, default=None),
        min(after, key=_booked, default=None),
    )
    meant = next((use for use in ranked if use is not None), None)
    if meant is None:
        return ()
    return tuple(use.job_id for use in uses if _same_parcel(use, meant))


def _same_parcel(one: CodeUse, other: CodeUse) -> bool:
    return abs(one.booked_at - other.booked_at) <= SCANS_BEFORE_BOOKING


def _booked(use: CodeUse) -> datetime:
    return use.booked_at


def _lead(use: CodeUse, occurred_at: datetime) -> float:
    """Return how many days after the scan the order was booked."""
    return (use.booked_at - occurred_at) / timedelta(days=1)
