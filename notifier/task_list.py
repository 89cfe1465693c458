"""Tasks that people tick off."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import update

from notifier.errors import NotFound
from notifier.services import Services
from notifier.store.tables import Task


def mark_done(services: Services, brand_id: UUID, task_id: UUID, *, actor: str) -> None:
    """Tick a task off. Ticking it twice changes nothing: who did it first did it.

    :raises NotFound: if the brand has no such task.
    """
    with services.sessions.begin() as session:
        task = session.get(Task, task_id)
        if task is None or task.brand_id != brand_id:
            raise NotFound("There is no such task.")
        session.execute(
            update(Task)
            .where(Task.id == task_id, Task.done_at.is_(None))
            .values(done_at=services.now(), done_by=actor)
        )
