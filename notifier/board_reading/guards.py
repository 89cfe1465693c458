"""What a guard has stopped, and how much it was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.board_reading.task_lines import TaskLine
from notifier.domain.guards.limits import LIFTED_BY_HAND, MILLIONTHS, TallyOf
from notifier.domain.messages import WhyNot
from notifier.guards.at_claim import GUARD_TASK
from notifier.guards.braking import BRAKE_TASK
from notifier.services import Services
from notifier.store.braked import count_held, is_held
from notifier.store.tables import Brand, Job, Message
from notifier.store.tallies import read_count, stretch_start

#: How many of the jobs are named.
_EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedSeen:
    """A limit of the day or the month that was reached, and what more a person may let go."""

    so_far: float  # texts, or money
    adds: float  # what one press lets go
    currency: str | None  # None: it is texts that are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A job that a held message is about."""

    job_id: UUID
    service: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BrakedSeen:
    """What the brake holds of one rule."""

    rule: str
    held: int
    most: int  # that it sent in an hour before
    examples: tuple[Example, ...]


def read_stopped(
    session: Session, services: Services, brand: Brand, task: TaskLine
) -> StoppedSeen | None:
    """Return how the limit that a task tells of stands; None: nobody lifts it by hand."""
    of = LIFTED_BY_HAND.get(WhyNot(task.why)) if task.kind == GUARD_TASK else None
    at_most = services.guards.of(brand.slug).at_most(of) if of is not None else None
    now = services.now()
    if of is None or at_most is None or task.due_at < stretch_start(of, brand.zone, now):
        return None  # its day or month is over
    unit = MILLIONTHS if of.is_money else 1
    return StoppedSeen(
        so_far=read_count(session, brand, of, now=now).amount / unit,
        adds=at_most / unit,
        currency=services.guards.currency if of.is_money else None,
    )


def read_braked(
    session: Session, brand: Brand, task: TaskLine, *, now: datetime
) -> BrakedSeen | None:
    """Return what is held of the rule that a task tells of; None: nothing is, any more."""
    rule = task.rule if task.kind == BRAKE_TASK else None
    held = count_held(session, brand.id, rule) if rule is not None else 0
    if rule is None or not held:
        return None
    jobs = session.scalars(
        select(Job)
        .where(Job.id.in_(select(Message.job_id).where(is_held(brand.id, rule))))
        .order_by(Job.starts_at, Job.id)
        .limit(_EXAMPLES)
    )
    count = read_count(session, brand, TallyOf.RULE, rule, now=now)
    return BrakedSeen(
        rule=rule,
        held=held,
        most=max(count.most, count.amount),
        examples=tuple(
            Example(job_id=job.id, service=job.service, reference=job.reference) for job in jobs
        ),
    )
