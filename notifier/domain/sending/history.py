"""How a message stood at a moment in the past, from what is on record of its attempts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from notifier.domain.messages import TAKEN, MessageStatus, WhyNot
from notifier.domain.sending.transitions import COUNTS_FOR_ANY_ATTEMPT, MessageEvent, after

_ABSENT = "absent"  # a look-up found nothing; the second time decides
_LAPSED = "lease_lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """One intent to call a provider."""

    id: UUID
    provider: str
    started_at: datetime
    lease_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What an answer, a look-up or a callback said."""

    attempt: UUID | None
    origin: str  # answer, look_up, callback
    event: str
    code: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a message stands, with whom, and since when they have it."""

    status: MessageStatus
    reason: str | None = None
    attempt: Attempted | None = None  # the latest
    attempts: int = 0
    accepted_at: datetime | None = None


def standing_at(
    attempts: Sequence[Attempted], reports: Sequence[Reported], at: datetime
) -> Standing:
    """Return what attempts and reports until `at` (inclusive) made of a message.

    One that was never attempted is planned; whoever knows its due time tells *ready* apart.
    """
    tried = [attempt for attempt in attempts if attempt.started_at <= at]
    events: list[tuple[datetime, int, Attempted | Reported | UUID]] = [
        (attempt.started_at, 0, attempt) for attempt in tried
    ]
    events += [(report.at, 1, report) for report in reports if report.at <= at]
    events += [
        (attempt.lease_until, 2, attempt.id) for attempt in tried if attempt.lease_until <= at
    ]
    standing = Standing(status=MessageStatus.PLANNED)
    absences = 0
    for moment, _, event in sorted(events, key=lambda entry: entry[:2]):
        match event:
            case Attempted():
                absences = 0
                standing = replace(
                    standing,
                    status=MessageStatus.CLAIMED,
                    reason=None,
                    attempt=event,
                    attempts=standing.attempts + 1,
                )
            case Reported(event=name) if name == _ABSENT:
                absences += 1
                if absences > 1:
                    standing = _moved(standing, MessageEvent.NOT_TAKEN, standing.reason, moment)
            case Reported():
                standing = _reported(standing, event)
            case lapsed if standing.attempt is not None and standing.attempt.id == lapsed:
                standing = _moved(standing, MessageEvent.LEASE_LAPSED, _LAPSED, moment)
            case _:
                pass
    return standing


def _reported(standing: Standing, report: Reported) -> Standing:
    prefix = "answered" if report.origin == "answer" else "receipt"
    event = MessageEvent(f"{prefix}_{report.event}")
    latest = standing.attempt.id if standing.attempt is not None else None
    overtaken = report.attempt is not None and report.attempt != latest
    if overtaken and event not in COUNTS_FOR_ANY_ATTEMPT:
        return standing
    return _moved(standing, event, report.code or report.event, report.at)


def _moved(standing: Standing, event: MessageEvent, code: str | None, at: datetime) -> Standing:
    status = after(standing.status, event)
    if status is standing.status:
        return standing
    if status in TAKEN:
        return replace(standing, status=status, reason=None, accepted_at=standing.accepted_at or at)
    reason = WhyNot.OPTED_OUT if status is MessageStatus.SUPPRESSED else code
    return replace(standing, status=status, reason=reason)
