"""Tasks that people tick off."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from notifier.domain.duties import said_by_call
from notifier.domain.facts import FactSource, FactType
from notifier.domain.owed import Duty
from notifier.errors import Conflict, NotFound
from notifier.guards.braking import BRAKE_TASK
from notifier.intake import NewFact, record_in
from notifier.planner import load_for_planning
from notifier.services import Services
from notifier.store.braked import count_held
from notifier.store.tables import Task

_CALL = "call"


def mark_done(services: Services, brand_id: UUID, task_id: UUID, *, actor: str) -> None:
    """Tick a task off. Ticking it twice changes nothing: who did it first did it.

    A call that was made is a fact as well: what they know since, they heard by phone.

    :raises NotFound: if the brand has no such task.
    :raises Conflict: if the brake still holds messages of which it alone tells.
    """
    with services.sessions.begin() as session:
        task = session.get(Task, task_id)
        if task is None or task.brand_id != brand_id:
            raise NotFound("There is no such task.")
        if task.kind == BRAKE_TASK and task.done_at is None and _holds(session, task):
            raise Conflict(
                "Messages wait for a decision here: let them go, or drop them. Ticked off, they"
                " would stay held and nobody would be asked."
            )
        said = _said(session, services, task, actor)  # locks the job, and so comes first
        done = session.execute(
            update(Task)
            .where(Task.id == task_id, Task.done_at.is_(None))
            .values(done_at=services.now(), done_by=actor)
            .returning(Task.id)
        )
        if done.first() is None or said is None or task.job_id is None:
            return
        task.done_fact = record_in(session, services, brand_id, task.job_id, said).fact_id
    services.wake()


def _holds(session: Session, brake: Task) -> bool:
    assert brake.rule is not None
    return count_held(session, brake.brand_id, brake.rule) > 0


def _said(session: Session, services: Services, task: Task, actor: str) -> NewFact | None:
    """Return the fact that a call to one of the job's people is; None: the task is none."""
    if task.kind != _CALL or task.job_id is None:
        return None
    snapshot = load_for_planning(session, services, [task.job_id], lock=True)[task.job_id]
    job = snapshot.plan_input
    person = next((one for one in job.people if one.job_person == task.job_person_id), None)
    if person is None:
        return None
    duty = Duty(task.duty) if task.duty is not None else None
    said = said_by_call(duty, job, person, promised_in=task.promised_in, now=services.now())
    return NewFact(
        type=said.type,
        what=said.what,
        moment=said.moment,
        by_phone=True if said.type is FactType.PROMISED else None,
        source=FactSource.STAFF,
        actor=actor,
        person=person.job_person,
    )
