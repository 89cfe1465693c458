"""What people must do about jobs: each task, whom to ring for it, and what one call does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.board_reading.calls import Promised, read_promised, together
from notifier.board_reading.going import Going
from notifier.board_reading.people import PersonSeen
from notifier.domain.owed import Duty
from notifier.store.tables import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLine:
    """What a person must do, and whom to ring for it."""

    id: UUID
    job_id: UUID | None
    kind: str
    why: str
    due_at: datetime
    who: str | None
    phone: str | None
    overdue: bool
    going: Going | None = None  # who can say where they are, where nobody has
    rule: str | None = None  # that asks for it
    unreached: bool = False  # in place of a message of that rule
    promised: Promised | None = None  # that the message was to tell
    path: str | None = None  # whose sender is to be looked into
    also: tuple[TaskLine, ...] = ()  # what the same call does as well

    @property
    def lacks_number(self) -> bool:
        """Whether somebody is to be rung whose number nobody knows."""
        return self.kind == "call" and self.phone is None

    @property
    def whole(self) -> tuple[TaskLine, ...]:
        """All that is done with it."""
        return (self, *self.also)


def read_task_lines(
    session: Session,
    brand_id: UUID,
    people: Mapping[UUID, tuple[PersonSeen, ...]],
    going: Mapping[UUID, Going],
    now: datetime,
    *,
    job_ids: Iterable[UUID] | None = None,
) -> list[TaskLine]:
    """Return the open tasks (of `job_ids` only, if given), the soonest due first."""
    query = select(Task).where(
        Task.brand_id == brand_id, Task.done_at.is_(None), Task.dropped.is_(False)
    )
    if job_ids is not None:
        query = query.where(Task.job_id.in_(list(job_ids)))
    tasks = session.scalars(query.order_by(Task.due_at, Task.id)).all()
    promised = read_promised(session, tasks)
    lines = [
        [_task(task, people, going, promised, now) for task in group] for group in together(tasks)
    ]
    return [replace(first, also=tuple(others)) for first, *others in lines]


def _task(
    task: Task,
    people: Mapping[UUID, tuple[PersonSeen, ...]],
    going: Mapping[UUID, Going],
    promised: Mapping[UUID, Promised],
    now: datetime,
) -> TaskLine:
    of_job = people.get(task.job_id, ()) if task.job_id else ()
    about = next((person for person in of_job if person.id == task.job_person_id), None)
    person: PersonSeen | Going | None = about or (of_job[0] if of_job else None)
    asked = going.get(task.job_id) if task.job_id and task.duty == Duty.DISPATCH else None
    person = asked or person
    return TaskLine(
        id=task.id,
        job_id=task.job_id,
        kind=task.kind,
        why=task.why,
        due_at=task.due_at,
        who=person.name if person else None,
        phone=person.phone if person else None,
        overdue=task.due_at < now,
        going=asked,
        rule=task.rule,
        unreached=task.duty == Duty.UNREACHED,
        promised=promised.get(task.id),
        path=task.path,
    )
