"""What becomes of a webhook delivery, and which order a tracking code speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from notifier.domain.facts import Fact, FactSource, FactType
from notifier.domain.said_again import said_again_among
from notifier.domain.withdrawals import withdrawn_among


class DeliveryStatus(StrEnum):
    """Where a webhook delivery stands. Nothing that was accepted is ever lost."""

    RECEIVED = "received"  # journalled, not yet translated
    APPLIED = "applied"  # its facts are recorded
    IGNORED = "ignored"  # understood, and nothing for us, or too old by now; `why` says which
    FETCHING = "fetching"  # it only points to what is at the vendor, which is asked for it
    WAITING = "waiting"  # its job is not booked yet; booking it sends this round again
    FAILED = "failed"  # could not be translated; `why` says what to mend


#: Of what is not on record, and was to be.
UNREAD = (DeliveryStatus.FAILED, DeliveryStatus.WAITING, DeliveryStatus.FETCHING)


class Refusal(StrEnum):
    """Why something that was posted to a source's address was not taken, nor stored."""

    SIGNATURE = "signature"  # not right for the body, or of too long ago: adapters tell no more
    SIZE = "size"
    CONTENT_TYPE = "content_type"
    JSON = "json"
    RATE = "rate"  # signed, and more than a source may send


#: How long before an order is booked its parcel's scans may begin. Carriers use codes again
#: after about four months, so an older scan belongs to somebody else's parcel.
SCANS_BEFORE_BOOKING = timedelta(days=60)

#: How long an order may be silent before a scan of its code. After that the scan is of somebody
#: else's parcel as well, though nobody ever said how the order ended.
SILENCE = timedelta(days=60)

_ENDS = frozenset({FactType.DELIVERED, FactType.RETURNED})

#: What tells of an order's parcels.
_OF_PARCELS = _ENDS | {
    FactType.SHIPPED,
    FactType.IN_TRANSIT,
    FactType.OUT_FOR_DELIVERY,
    FactType.DELAYED,
    FactType.ATTEMPTED,
    FactType.READY_FOR_PICKUP,
    FactType.NOT_RECEIVED,
    FactType.EXCEPTION,
}


@dataclass(frozen=True, slots=True)
class CodeUse:
    """One order that has a parcel with the tracking code in question."""

    job_id: UUID
    booked_at: datetime
    heard_until: datetime  # its last news, or what it is promised for if that is later
    finished: bool

    def is_silent(self, at: datetime) -> bool:
        """Return whether nothing was heard of the order for so long that its parcel is over."""
        return at - self.heard_until > SILENCE


def code_use(
    job_id: UUID,
    facts: Iterable[Fact],
    *,
    due_at: datetime | None,
    finished: bool,
) -> CodeUse:
    """Return how an order stands to scans of its parcels' codes.

    It counts from when its booking happened, which for history is long before we heard of it. A
    promise for half a year ahead keeps an open order from being silent until then. That staff
    tidy away an old one is no news of its parcel, nor that a source has it as it had it before.

    :param facts: all that was said of the order, its booking too, in any order.
    :param due_at: the end of what is expected, else agreed; None: of neither.
    """
    ordered = sorted(facts, key=lambda fact: (fact.effective_at, fact.seq))
    booked_at = next(
        fact.effective_at
        for fact in ordered
        if fact.type is FactType.BOOKED and fact.source is not FactSource.CLOCK
    )
    left_out = withdrawn_among(ordered).union(said_again_among(ordered))
    heard = [
        fact.effective_at
        for fact in ordered
        if fact.type in _OF_PARCELS
        and fact.id not in left_out
        and not (fact.type in _ENDS and fact.source is FactSource.STAFF)
    ]
    due = [due_at] if due_at is not None and not finished else []
    return CodeUse(job_id, booked_at, max([booked_at, *heard, *due]), finished)


def orders_meant(uses: Sequence[CodeUse], occurred_at: datetime) -> tuple[UUID, ...]:
    """Return the orders that a scan at `occurred_at` is about; empty if it is none of them.

    An open order is preferred to a finished one, for a code that comes up again months
    later is meant for the new order; then the last one booked before the scan. Orders that were
    booked about when that one was are in the same parcel.
    """
    before = [
        use for use in uses if use.booked_at <= occurred_at and not use.is_silent(occurred_at)
    ]
    after = [use for use in uses if timedelta() < _lead(use, occurred_at) <= SCANS_BEFORE_BOOKING]
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


def is_older(uses: Sequence[CodeUse], occurred_at: datetime) -> bool:
    """Return whether the scan is older than every order with its code, so that none is meant."""
    return bool(uses) and all(_lead(use, occurred_at) > SCANS_BEFORE_BOOKING for use in uses)


def _same_parcel(one: CodeUse, other: CodeUse) -> bool:
    return abs(one.booked_at - other.booked_at) <= SCANS_BEFORE_BOOKING


def _booked(use: CodeUse) -> datetime:
    return use.booked_at


def _lead(use: CodeUse, occurred_at: datetime) -> timedelta:
    """Return how long after the scan the order was booked."""
    return use.booked_at - occurred_at
