"""What a tracker says of one parcel, as facts: its status, and when it comes."""

from __future__ import annotations

from datetime import datetime

from notifier.domain.facts import FactType
from notifier.domain.jobs import JobKind
from notifier.domain.reasons import Reason
from notifier.domain.windows import UNKNOWN
from notifier.sources.parts.estimates import Estimate
from notifier.sources.protocol import ByTrackingCode, SourceEvent

#: After these, an estimate of the delivery means nothing.
_ARRIVED = frozenset({FactType.DELIVERED, FactType.READY_FOR_PICKUP, FactType.RETURNED})


def facts_of(
    code: str,
    fact: FactType | None,
    *,
    at: datetime | None,
    estimate: Estimate | None,
    as_of: datetime | None,
    cause: Reason | None = None,
    note: str | None = None,
) -> tuple[SourceEvent, ...]:
    """Return the status that changed `at`, and the estimate that stands `as_of`.

    They are two facts because they have two clocks: an estimate changes between scans, and of
    two estimates after the same scan the newer one must win, whichever arrives first. The fact
    `delayed` is a parcel in transit that will be late: without an estimate nobody knows when.
    """
    if fact is FactType.DELAYED:
        fact, estimate = FactType.IN_TRANSIT, estimate or UNKNOWN
    facts, join = [], ByTrackingCode(code)
    if fact is not None:
        facts.append(
            SourceEvent(
                join=join,
                job_kind=JobKind.ORDER,
                type=fact,
                occurred_at=at,
                reason=cause,
                parcel=join.code,
                note=note,
            )
        )
    if estimate is not None and fact not in _ARRIVED:
        facts.append(
            SourceEvent(
                join=join,
                job_kind=JobKind.ORDER,
                type=FactType.DELAYED,
                occurred_at=as_of,
                expected=estimate,
                reason=cause,
                parcel=join.code,
            )
        )
    return tuple(facts)
