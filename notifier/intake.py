"""The one way in: record a fact, and in the same transaction everything that follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from notifier.domain.facts import Fact, FactSource, FactType
from notifier.domain.folding import fold
from notifier.domain.jobs import JobKind
from notifier.errors import Conflict, Invalid, NotFound, NotifierError
from notifier.giving_by_fact import give_by_fact, take_back_facts
from notifier.new_facts import NewFact, fact_from, row_of
from notifier.parcels import read_again_scans
from notifier.planner import (
    STEP,
    bring_up_to_date,
    load_for_planning,
    plan_snapshots,
)
from notifier.services import Services
from notifier.store.facts import append_facts, fact_row, next_seq
from notifier.store.snapshots import Snapshot
from notifier.store.tables import AuditLine

__all__ = [
    "NewFact",
    "Recorded",
    "hold",
    "record",
    "record_in",
    "record_many",
    "record_of_parcels_in",
    "release",
    "withdraw",
    "withdraw_in",
]


@dataclass(frozen=True, slots=True)
class Recorded:
    """The fact, whether it changed what is believed, and the job's version after it."""

    fact_id: UUID
    applied: bool
    version: int


def record(
    services: Services,
    brand_id: UUID,
    job_id: UUID,
    new: NewFact,
    *,
    expecting_version: int | None = None,
) -> Recorded:
    """Record `new` in one transaction and wake delivery.

    :raises NotFound: if the brand has no such job.
    :raises Invalid: if the fact can't be said of such a job; the error names the field.
    :raises Conflict: if the job has changed since `expecting_version`, or what is accepted
        is no longer on offer.
    """
    with services.sessions.begin() as session:
        recorded = record_in(
            session, services, brand_id, job_id, new, expecting_version=expecting_version
        )
    services.wake()
    return recorded


def record_in(
    session: Session,
    services: Services,
    brand_id: UUID,
    job_id: UUID,
    new: NewFact,
    *,
    expecting_version: int | None = None,
) -> Recorded:
    """Record `new` inside the caller's transaction; the caller wakes delivery."""
    outcome = _record_each(
        session, services, brand_id, [job_id], new, expecting_version=expecting_version
    )[job_id]
    if isinstance(outcome, NotifierError):
        raise outcome
    return outcome


def record_of_parcels_in(
    session: Session, services: Services, brand_id: UUID, job_id: UUID, news: Sequence[NewFact]
) -> None:
    """Record what a source says of an order's parcels inside the caller's transaction; plan once.

    None of `news` gives anybody anything, nor can it be said only because of another one.

    :raises Invalid: if one of them can't be said of the order.
    """
    before = _locked(session, services, brand_id, job_id)
    now = services.now()
    snapshot, rows = before, []
    for new in news:
        fact = fact_from(session, services, snapshot, new, now)
        rows.append(row_of(services, snapshot, fact, new))
        snapshot = replace(snapshot, facts=(*snapshot.facts, fact))  # nobody reads its state
    before.job.version += len(rows)
    append_facts(session, rows)
    read_again_scans(session, services, before, now=now)
    bring_up_to_date(session, services, [job_id], now=now)


def record_many(
    services: Services, brand_id: UUID, job_ids: Iterable[UUID], new: NewFact
) -> dict[UUID, Recorded | NotifierError]:
    """Record `new` about each job, and return what became of it by job.

    A job of which it can't be said has the error that `record` would have raised, and keeps
    no other from being recorded. Each step of at most `STEP` jobs is one transaction: whatever
    stops it later, what was committed stands, and saying it again is saying it once.
    """
    outcomes: dict[UUID, Recorded | NotifierError] = {}
    wanted = sorted(set(job_ids))
    for first in range(0, len(wanted), STEP):
        step = wanted[first : first + STEP]
        with services.sessions.begin() as session:
            outcomes |= _record_each(session, services, brand_id, step, new)
        services.wake()
    return outcomes


def _record_each(
    session: Session,
    services: Services,
    brand_id: UUID,
    job_ids: Sequence[UUID],
    new: NewFact,
    *,
    expecting_version: int | None = None,
) -> dict[UUID, Recorded | NotifierError]:
    """Record `new` about jobs that are locked together, and plan them."""
    locked = load_for_planning(session, services, job_ids, lock=True)
    now = services.now()
    outcomes: dict[UUID, Recorded | NotifierError] = {}
    facts: dict[UUID, Fact] = {}
    rows: list[dict[str, Any]] = []
    after: dict[UUID, Snapshot] = {}
    given: list[UUID] = []
    for job_id in job_ids:
        try:
            snapshot = _of_brand(locked.get(job_id), brand_id)
            if expecting_version is not None and snapshot.job.version != expecting_version:
                raise Conflict("this job has changed since you looked at it")
            fact = fact_from(session, services, snapshot, new, now)
        except NotifierError as error:
            outcomes[job_id] = error
            continue
        rows.append(row_of(services, snapshot, fact, new))
        snapshot.job.version += 1
        facts[job_id], after[job_id] = fact, snapshot.with_fact(fact)
        applied = fact.id not in after[job_id].state.ignored
        if applied and give_by_fact(session, services, snapshot, fact, now=now):
            given.append(job_id)
    append_facts(session, rows)
    for job_id in facts:
        read_again_scans(session, services, locked[job_id], now=now)
    if given:
        session.flush()
        after |= load_for_planning(session, services, given)
    for job_id, planned in plan_snapshots(session, services, after, now=now).items():
        fact = facts[job_id]
        applied = fact.id not in planned.state.ignored
        outcomes[job_id] = Recorded(fact.id, applied, planned.job.version)
    return outcomes


def withdraw(
    services: Services,
    brand_id: UUID,
    job_id: UUID,
    fact_id: UUID,
    *,
    source: FactSource,
    actor: str,
) -> Recorded:
    """Take a fact back as a mistake. Doing it twice is doing it once.

    :raises NotFound: if the job has no such fact.
    :raises Invalid: if it is a booking or itself a withdrawal.
    """
    with services.sessions.begin() as session:
        recorded = withdraw_in(
            session, services, brand_id, job_id, fact_id, source=source, actor=actor
        )
    services.wake()
    return recorded


def withdraw_in(
    session: Session,
    services: Services,
    brand_id: UUID,
    job_id: UUID,
    fact_id: UUID,
    *,
    source: FactSource,
    actor: str,
    expecting_version: int | None = None,
    occurred_at: datetime | None = None,
) -> Recorded:
    """Take a fact back inside the caller's transaction; the caller wakes delivery.

    :param occurred_at: since when it is known to be a mistake; by default now. What was said
        after that is another claim.
    """
    snapshot = _locked(session, services, brand_id, job_id)
    if expecting_version is not None and snapshot.job.version != expecting_version:
        raise Conflict("this job has changed since you looked at it")
    target = next((fact for fact in snapshot.facts if fact.id == fact_id), None)
    if target is None:
        raise NotFound("this job has no such fact")
    if target.type is FactType.BOOKED:
        raise Invalid("fact", "a booking can't be taken back; cancel the job instead")
    if target.type is FactType.WITHDRAWN:
        raise Invalid("fact", "a withdrawal can't be taken back; say the fact again instead")
    for fact in snapshot.facts:
        if fact.withdraws == fact_id:
            return Recorded(fact.id, applied=False, version=snapshot.job.version)
    now = services.now()
    fact = Fact(
        id=services.ids(),
        seq=next_seq(snapshot.facts),
        type=FactType.WITHDRAWN,
        source=source,
        occurred_at=occurred_at or now,
        received_at=now,
        withdraws=fact_id,
    )
    session.add(fact_row(snapshot.job, fact, actor=actor))
    state = fold(JobKind(snapshot.job.kind), (*snapshot.facts, fact), snapshot.parcels)
    take_back_facts(session, services, state.withdrawn, now=now)
    snapshot.job.version += 1
    after = bring_up_to_date(session, services, [job_id], now=now)
    return Recorded(fact.id, applied=True, version=after[job_id].job.version)


def hold(services: Services, brand_id: UUID, job_id: UUID, *, actor: str) -> None:
    """*Hold, I'll call*: nothing goes out about this job until it is released."""
    _set_hold(services, brand_id, job_id, held=True, actor=actor)


def release(services: Services, brand_id: UUID, job_id: UUID, *, actor: str) -> None:
    """Let what is still true go out again."""
    _set_hold(services, brand_id, job_id, held=False, actor=actor)
    services.wake()


def _set_hold(services: Services, brand_id: UUID, job_id: UUID, *, held: bool, actor: str) -> None:
    with services.sessions.begin() as session:
        snapshot = _locked(session, services, brand_id, job_id)
        now = services.now()
        snapshot.job.held_at = now if held else None
        session.add(
            AuditLine(
                id=services.ids(),
                brand_id=brand_id,
                actor=actor,
                did="job_held" if held else "job_released",
                subject=f"job:{job_id}",
                body={},
                at=now,
            )
        )
        snapshot.job.version += 1
        bring_up_to_date(session, services, [job_id], now=now)


def _locked(session: Session, services: Services, brand_id: UUID, job_id: UUID) -> Snapshot:
    found = load_for_planning(session, services, [job_id], lock=True)
    return _of_brand(found.get(job_id), brand_id)


def _of_brand(snapshot: Snapshot | None, brand_id: UUID) -> Snapshot:
    if snapshot is None or snapshot.job.brand_id != brand_id:
        raise NotFound("there is no such job")
    return snapshot
