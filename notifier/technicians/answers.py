"""What a technician says about a visit, with a tap or by text, recorded as a fact."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from notifier import intake
from notifier.domain.facts import FactSource
from notifier.domain.jobs import Effect, JobStatus, effect_of
from notifier.domain.reasons import Reason
from notifier.domain.said_late import counts_from, said_late
from notifier.domain.technician_answers import FACT_OF, Act, Answer
from notifier.domain.windows import OFF, UNKNOWN, Expectation, Window
from notifier.errors import Invalid, NotFound
from notifier.intake import NewFact
from notifier.services import Services
from notifier.store.snapshots import Snapshot, load_snapshots
from notifier.technicians.questions import last_question

#: A thumb slips: what was said about the time waits so long, in seconds, before anybody hears.
HOLD_SECONDS = 15


def acts_of(snapshot: Snapshot) -> frozenset[Act]:
    """Return what can still be said: whatever the table of statuses does not ignore."""
    state = snapshot.state
    acts = {
        act
        for act, fact in FACT_OF.items()
        if effect_of(state.kind, state.status, fact, FactSource.TECHNICIAN) is not Effect.IGNORED
    }
    if state.status is JobStatus.MISSED or state.expected is OFF:
        return frozenset()
    if state.agreed is None:
        acts.discard(Act.LATE)
    return frozenset(acts)


def late_from(snapshot: Snapshot) -> Window | None:
    """Return the window that their minutes count from; None where the visit has none."""
    return counts_from(snapshot.state, snapshot.facts, last_question(snapshot))


def record_answer(
    services: Services,
    brand_id: UUID,
    job_id: UUID,
    answer: Answer,
    *,
    technician_id: UUID,
    actor: str,
    reason: Reason | None = None,
    occurred_at: datetime | None = None,
    external_id: str | None = None,
) -> Expectation | None:
    """Record what a technician said about a visit; return what it says about the time, if it does.

    Minutes become the window that they mean, so that saying them twice is saying them once.

    :raises NotFound: if the brand has no such visit, or somebody else does it by now.
    :raises Invalid, Conflict: if it can't be said of it any more.
    """
    with services.sessions.begin() as session:
        snapshot = load_snapshots(session, [job_id], lock=True).get(job_id)
        if snapshot is None or snapshot.state.technician != technician_id:
            raise NotFound("This visit is not theirs.")
        expected = _expected(snapshot, answer, now=occurred_at or services.now())
        new = NewFact(
            type=FACT_OF[answer.act],
            source=FactSource.TECHNICIAN,
            actor=actor,
            occurred_at=occurred_at,
            expected=expected,
            reason=reason if expected is not None else None,
            external_id=external_id,
            hold_seconds=HOLD_SECONDS if expected is not None else 0,
        )
        intake.record_in(session, services, brand_id, job_id, new)
    services.wake()
    return expected


def _expected(snapshot: Snapshot, answer: Answer, *, now: datetime) -> Expectation | None:
    if answer.act is Act.CANNOT:
        return OFF
    if answer.act is not Act.LATE:
        return None
    if answer.minutes is None:
        return UNKNOWN
    base = late_from(snapshot)
    if base is None:
        raise Invalid("minutes", "this visit has no time to count from")
    return said_late(base, answer.minutes, now=now)
