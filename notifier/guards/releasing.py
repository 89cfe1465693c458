"""A person looked at what the brake holds: they let it go, or drop it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CursorResult, select, update

from notifier.domain.guards.limits import TallyOf
from notifier.domain.messages import MessageStatus, WhyNot
from notifier.errors import NotFound
from notifier.guards.braking import BRAKE_TASK
from notifier.services import Services
from notifier.store.braked import is_held
from notifier.store.tables import AuditLine, Brand, Job, Message, Task
from notifier.store.tallies import Tallies


def let_go(services: Services, brand_id: UUID, task_id: UUID, *, actor: str) -> int:
    """Let all go that is held of a rule, at once and if still true; return how many.

    From now on as many are nothing new for the rule. Pressed twice it changes nothing.

    :raises NotFound: if the brand has no such task.
    """
    return _decide(services, brand_id, task_id, actor, go=True)


def drop(services: Services, brand_id: UUID, task_id: UUID, *, actor: str) -> int:
    """Drop all that is held of a rule: nothing else says it in its place. Return how many.

    What is believed stays, and other news about it is a message of its own.

    :raises NotFound: if the brand has no such task.
    """
    return _decide(services, brand_id, task_id, actor, go=False)


def _decide(services: Services, brand_id: UUID, task_id: UUID, actor: str, *, go: bool) -> int:
    now = services.now()
    with services.sessions.begin() as session:
        task = session.get(Task, task_id)
        if task is None or task.brand_id != brand_id or task.kind != BRAKE_TASK:
            raise NotFound("There is no such task.")
        assert task.rule is not None
        held = is_held(brand_id, task.rule)
        # Jobs first, in their order, then messages and tallies: as a claim locks them.
        theirs = select(Job.id).where(Job.id.in_(select(Message.job_id).where(held)))
        session.execute(theirs.order_by(Job.id).with_for_update()).all()
        done = session.execute(
            update(Task)
            .where(Task.id == task_id, Task.done_at.is_(None))
            .values(done_at=now, done_by=actor)
            .returning(Task.id)
        )
        if done.first() is None:
            return 0
        fate = (
            {"status": MessageStatus.READY, "reason": None, "due_at": now}
            if go
            else {
                "status": MessageStatus.SKIPPED,
                "reason": WhyNot.DROPPED_BY_STAFF,
                "settled_at": now,
            }
        )
        result = session.execute(
            update(Message).where(held).values(fate),
            execution_options={"synchronize_session": False},
        )
        assert isinstance(result, CursorResult)
        if go:
            brand = session.get_one(Brand, brand_id)
            tallies = Tallies(session, brand, {TallyOf.RULE: [task.rule]}, now=now)
            tally = tallies.of(TallyOf.RULE, task.rule)
            tally.most = max(tally.most, tally.amount + result.rowcount)
            tallies.write()
        session.add(
            AuditLine(
                id=services.ids(),
                brand_id=brand_id,
                actor=actor,
                did="brake_let_go" if go else "brake_dropped",
                subject=f"rule:{task.rule}",
                body={"messages": result.rowcount},
                at=now,
            )
        )
        count = result.rowcount
    services.wake()
    return count
