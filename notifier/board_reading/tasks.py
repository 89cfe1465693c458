"""What people must do, by when, across all jobs."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from notifier.board_reading.going import read_going
from notifier.board_reading.guards import BrakedSeen, StoppedSeen, read_braked, read_stopped
from notifier.board_reading.people import read_people
from notifier.board_reading.task_lines import TaskLine, read_task_lines
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Brand, Job, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSeen:
    """A task beside the job that it is about."""

    task: TaskLine
    reference: str | None
    service: str | None
    zone: str | None
    stopped: StoppedSeen | None = None  # a limit that a person may lift
    braked: BrakedSeen | None = None  # what waits until a person looked


def read_open_tasks(services: Services, brand_id: UUID) -> list[TaskSeen]:
    """Return every open task of the brand, the soonest due first."""
    with reading(services.sessions) as session:
        brand = session.get_one(Brand, brand_id)
        job_ids = session.scalars(
            select(Task.job_id)
            .where(
                Task.brand_id == brand_id,
                Task.done_at.is_(None),
                Task.dropped.is_(False),
                Task.job_id.is_not(None),
            )
            .distinct()
        ).all()
        jobs = {job.id: job for job in session.scalars(select(Job).where(Job.id.in_(job_ids)))}
        people = read_people(session, services.vault, brand_id, list(jobs))
        seen = []
        going = read_going(session, services, list(jobs.values()), people, services.now())
        for task in read_task_lines(session, brand_id, people, going, services.now()):
            job = jobs.get(task.job_id) if task.job_id else None
            seen.append(
                TaskSeen(
                    task=task,
                    reference=job.reference if job else None,
                    service=job.service if job else None,
                    zone=job.zone if job else None,
                    stopped=read_stopped(session, services, brand, task),
                    braked=read_braked(session, brand, task, now=services.now()),
                )
            )
        return seen
