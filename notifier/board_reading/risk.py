"""Which jobs need somebody now, why, and by when. Pure: the board sorts by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from notifier.domain.jobs import AWAITED, JobKind, JobStatus
from notifier.domain.ledger.promises import TOLERANCE, drifted
from notifier.domain.windows import Expectation, Window, local_date

_NOBODY_SAID = frozenset({JobStatus.SCHEDULED, JobStatus.CONFIRMED})

#: Where an order stands, or a parcel of it, that went wrong on its way.
GONE_WRONG = frozenset({JobStatus.ATTEMPTED, JobStatus.EXCEPTION, JobStatus.NOT_RECEIVED})


class Risk(StrEnum):
    """Why a job needs somebody, the most pressing first."""

    TASK_OVERDUE = "task_overdue"
    TOO_LATE_TO_WARN = "too_late_to_warn"  # they still expect what won't happen, past `tell_by`
    SAID_NO = "said_no"  # what we expect now does not suit them
    NOT_HEARD = "not_heard"  # they still expect what won't happen
    NO_WORD = "no_word"  # should be under way, and nobody has reported
    MESSAGE_STUCK = "message_stuck"  # held: it does not go on by itself
    GONE_WRONG = "gone_wrong"  # a parcel that was attempted, lost or damaged
    TASK_OPEN = "task_open"
    NO_TIME = "no_time"  # nobody knows when

    @property
    def rank(self) -> int:
        """0 for the most pressing."""
        return list(Risk).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskFacts:
    """What the risk of one job is judged by."""

    kind: JobKind
    status: JobStatus
    parcels: tuple[JobStatus, ...] = ()  # where those stand that are still to come
    finished: bool
    zone: str
    agreed: Expectation | None
    expected: Expectation | None
    told: tuple[Expectation | None, ...]  # of each person, the customer first
    asked: bool  # the customer holds an offer of what is expected: told stays until they answer
    said_no: bool  # they have answered that it does not suit
    tell_by: datetime | None
    stuck: bool
    task_due: datetime | None  # when the first of its open tasks is due


def risk_of(job: RiskFacts, *, now: datetime) -> Risk | None:
    """Return the most pressing reason why this job needs somebody at `now`, or None."""
    unheard = _unheard(job)
    reasons = {
        Risk.TASK_OVERDUE: job.task_due is not None and job.task_due < now,
        Risk.TOO_LATE_TO_WARN: unheard and job.tell_by is not None and job.tell_by < now,
        Risk.NOT_HEARD: unheard,
        Risk.SAID_NO: not job.finished and job.said_no,
        Risk.NO_WORD: _silent(job, now),
        Risk.MESSAGE_STUCK: job.stuck,
        Risk.GONE_WRONG: not job.finished
        and not GONE_WRONG.isdisjoint(job.parcels or (job.status,)),
        Risk.TASK_OPEN: job.task_due is not None,
        Risk.NO_TIME: not job.finished
        and job.expected is not None
        and not isinstance(job.expected, Window),
    }
    return next((risk for risk in Risk if reasons.get(risk)), None)


def act_by(job: RiskFacts, *, now: datetime) -> datetime | None:
    """Return the moment (UTC) by which somebody must act on this job; None: nothing runs out.

    The soonest of: when a task is due, as where a customer wrote; `tell_by`, while somebody
    still expects what won't happen; the end of a visit's window of which there is no word.
    """
    limits = [job.task_due]
    if _unheard(job):
        limits.append(job.tell_by)
    if job.status in AWAITED and isinstance(job.expected, Window) and _silent(job, now):
        limits.append(job.expected.end)
    return min((limit for limit in limits if limit is not None), default=None)


def believes_otherwise(
    kind: JobKind, zone: str, told: Expectation | None, expected: Expectation | None
) -> bool:
    """Return whether someone told `told` would be wrong by more than the default tolerance.

    An earlier date of an order surprises nobody, so it does not count.
    """
    if told is None or expected is None:
        return False
    place = ZoneInfo(zone)
    if not drifted(kind, expected, told, place):
        return False
    if kind is JobKind.ORDER and isinstance(told, Window) and isinstance(expected, Window):
        return local_date(expected.end, place) > local_date(told.end, place)
    return True


def _unheard(job: RiskFacts) -> bool:
    """Whether somebody still expects what won't happen."""
    holds = (job.told[0] or job.agreed) if job.asked and job.told else job.expected
    return not job.finished and any(
        believes_otherwise(job.kind, job.zone, told or job.agreed, holds) for told in job.told
    )


def _silent(job: RiskFacts, now: datetime) -> bool:
    """Silence is a risk: a visit that should have begun, a parcel that should be there."""
    if job.finished or not isinstance(job.expected, Window):
        return False
    if job.kind is JobKind.ORDER:
        return job.expected.end < now and job.status is not JobStatus.READY_FOR_PICKUP
    if job.status in _NOBODY_SAID:
        return job.expected.start + TOLERANCE < now
    return job.expected.end < now
