"""What staff confirm once: the fact, the version of the preview that they saw, and its undoing."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from notifier import intake
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import UNDER_WAY, MessageStatus
from notifier.domain.windows import to_json
from notifier.intake import NewFact, Recorded
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Action, Message

_WENT = UNDER_WAY | {MessageStatus.DELIVERED, MessageStatus.HELD}


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What came of taking a confirmation back."""

    recorded: Recorded
    had_gone: bool  # something may have reached somebody before it was undone


def confirm(
    services: Services,
    brand_id: UUID,
    job_id: UUID,
    new: NewFact,
    *,
    staff_id: UUID,
    expecting_version: int,
) -> Recorded:
    """Record `new` and who confirmed it, in one transaction, if the job is as it was previewed.

    :raises NotFound: if the brand has no such job.
    :raises Invalid: if the fact can't be said of such a job.
    :raises Conflict: if the job has changed since `expecting_version`; nothing is recorded.
    """
    with services.sessions.begin() as session:
        recorded = intake.record_in(
            session, services, brand_id, job_id, new, expecting_version=expecting_version
        )
        session.add(
            Action(
                id=services.ids(),
                brand_id=brand_id,
                staff_id=staff_id,
                kind=new.type.value,
                job_id=job_id,
                fact_id=recorded.fact_id,
                preview_version=str(expecting_version),
                body=_said(new),
                confirmed_at=services.now(),
                undone_at=None,
            )
        )
    services.wake()
    return recorded


def undo(services: Services, brand_id: UUID, job_id: UUID, fact_id: UUID, *, actor: str) -> Undone:
    """Take back what was confirmed. Before its messages went, nobody ever hears of it.

    :raises NotFound: if the job has no such fact.
    """
    recorded = intake.withdraw(
        services, brand_id, job_id, fact_id, source=FactSource.STAFF, actor=actor
    )
    with services.sessions.begin() as session:
        _mark_undone(session, services, fact_id)
    with reading(services.sessions) as session:
        went = session.scalar(
            select(Message.id)
            .where(Message.job_id == job_id, Message.rests_on == fact_id, Message.status.in_(_WENT))
            .limit(1)
        )
    return Undone(recorded=recorded, had_gone=went is not None)


def take_back(
    services: Services,
    brand_id: UUID,
    job_id: UUID,
    fact_id: UUID,
    *,
    staff_id: UUID,
    actor: str,
    expecting_version: int,
) -> Recorded:
    """Take any fact back, and keep who confirmed it, if the job is as it was previewed.

    :raises NotFound: if the job has no such fact.
    :raises Invalid: if it can't be taken back.
    :raises Conflict: if the job has changed since `expecting_version`; nothing is recorded.
    """
    with services.sessions.begin() as session:
        recorded = intake.withdraw_in(
            session,
            services,
            brand_id,
            job_id,
            fact_id,
            source=FactSource.STAFF,
            actor=actor,
            expecting_version=expecting_version,
        )
        _mark_undone(session, services, fact_id)
        session.add(
            Action(
                id=services.ids(),
                brand_id=brand_id,
                staff_id=staff_id,
                kind=FactType.WITHDRAWN.value,
                job_id=job_id,
                fact_id=recorded.fact_id,
                preview_version=str(expecting_version),
                body={"withdraws": str(fact_id)},
                confirmed_at=services.now(),
                undone_at=None,
            )
        )
    services.wake()
    return recorded


def _mark_undone(session: Session, services: Services, fact_id: UUID) -> None:
    session.execute(
        update(Action)
        .where(Action.fact_id == fact_id, Action.undone_at.is_(None))
        .values(undone_at=services.now())
    )


def _said(new: NewFact) -> dict[str, object]:
    """Return what was confirmed. Notes stay out: they may name people."""
    said = {
        "minutes": new.minutes,
        "expected": to_json(new.expected),
        "window": to_json(new.window),
        "agreed": new.agreed,
        "reason": new.reason,
        "by": new.by,
        "person": str(new.person) if new.person else None,
        "hold_seconds": new.hold_seconds or None,
    }
    return {name: value for name, value in said.items() if value is not None}
