"""A person lets texts go on that a limit of the day or the month has stopped."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from notifier.domain.guards.limits import LIFTED_BY_HAND
from notifier.domain.messages import WhyNot
from notifier.errors import NotFound
from notifier.guards.at_claim import GUARD_TASK
from notifier.guards.opening import open_again
from notifier.services import Services
from notifier.store.tables import AuditLine, Brand, Task
from notifier.store.tallies import Tallies


def lift(services: Services, brand_id: UUID, task_id: UUID, *, actor: str) -> None:
    """Let as much again go until the day or month is over, and what was stopped with it.

    Pressed twice it is lifted once.

    :raises NotFound: if the brand has no such task, or its limit is none that a person lifts.
    """
    now = services.now()
    with services.sessions.begin() as session:
        why = _why(session, brand_id, task_id)
        open_again(session, brand_id, [why], now=now)  # locks jobs, which come before tallies
        done = session.execute(
            update(Task)
            .where(Task.id == task_id, Task.done_at.is_(None))
            .values(done_at=now, done_by=actor)
            .returning(Task.id)
        )
        if done.first() is None:
            return
        tallies = Tallies(session, session.get_one(Brand, brand_id), {}, now=now)
        tally = tallies.of(LIFTED_BY_HAND[why])
        tally.more += 1
        tallies.write()
        session.add(
            AuditLine(
                id=services.ids(),
                brand_id=brand_id,
                actor=actor,
                did="guard_lifted",
                subject=f"brand:{brand_id}",
                body={"guard": why, "so_far": tally.amount, "times": tally.more},
                at=now,
            )
        )
    services.wake()


def _why(session: Session, brand_id: UUID, task_id: UUID) -> WhyNot:
    task = session.get(Task, task_id)
    if task is None or task.brand_id != brand_id or task.kind != GUARD_TASK:
        raise NotFound("There is no such task.")
    why = WhyNot(task.why)
    if why not in LIFTED_BY_HAND:
        raise NotFound("Nobody lifts this by hand.")
    return why
