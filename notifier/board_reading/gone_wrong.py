"""Orders that went wrong on their way, whatever their day: somebody must look into each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from notifier.board_reading.risk import GONE_WRONG
from notifier.domain.jobs import JobKind
from notifier.domain.owed import Duty
from notifier.store.tables import FactRow, Job, Task

#: What was left open is shown so long; after that it is in the search.
CARRIED_OVER = timedelta(days=3)
_MOST = 200

_ASKED = Task.duty == Duty.DISPATCH


def orders_gone_wrong(session: Session, brand_id: UUID, *, now: datetime) -> Sequence[Job]:
    """Return the open orders that dispatch is still to look into, and those that went wrong in
    the last days, unless somebody has looked: those that were booked last, first.

    What went wrong before its source was live, or where the rule is off, is no task.
    """
    # By their ids, for of a join SQLite reads all orders of the brand.
    ids = {*_to_look_into(session, brand_id), *_lately(session, brand_id, now)}
    return session.scalars(
        select(Job)
        .where(Job.id.in_(ids), Job.kind == JobKind.ORDER, Job.finished.is_(False))
        .order_by(Job.id.desc())
        .limit(_MOST)
    ).all()


def _to_look_into(session: Session, brand_id: UUID) -> Sequence[UUID | None]:
    return session.scalars(
        select(Task.job_id)
        .where(Task.brand_id == brand_id, Task.done_at.is_(None), _ASKED, Task.dropped.is_(False))
        .order_by(Task.due_at)
        .limit(_MOST)
    ).all()


def _lately(session: Session, brand_id: UUID, now: datetime) -> Sequence[UUID]:
    looked = exists().where(
        Task.job_id == Job.id, _ASKED, Task.done_at.is_not(None), Task.dropped.is_(False)
    )
    went_wrong = exists().where(
        FactRow.job_id == Job.id,
        FactRow.type.in_(GONE_WRONG),
        FactRow.occurred_at >= now - CARRIED_OVER,
    )
    return session.scalars(
        select(Job.id)
        .where(
            Job.brand_id == brand_id,
            Job.kind == JobKind.ORDER,
            Job.status.in_(GONE_WRONG),
            Job.finished.is_(False),
            ~looked,
            went_wrong,
        )
        .order_by(Job.id.desc())
        .limit(_MOST)
    ).all()
