"""Tasks that something other than planning owes: one per key, however often it is owed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from notifier.store.inserts import insert_into
from notifier.store.tables import Message, Task


def owe_task(session: Session, *, id: UUID, brand_id: UUID, key: str, **values: Any) -> bool:
    """Add a task and return whether it is new; `values` are further columns of it."""
    row = {
        "job_id": None,
        "job_person_id": None,
        "message_id": None,
        "reply_id": None,
        "done_at": None,
        "done_by": None,
        "done_fact": None,
        "dropped": False,
        **values,
    }
    added = (
        insert_into(session, Task)
        .values(id=id, brand_id=brand_id, key=key, **row)
        .on_conflict_do_nothing()
        .returning(Task.id)
    )
    return session.scalar(added) is not None


def owe_look_into(
    session: Session, message: Message, *, id: UUID, key: str, why: str, now: datetime
) -> None:
    """Ask a person to look into a message, at once."""
    owe_task(
        session,
        id=id,
        brand_id=message.brand_id,
        key=key,
        kind="look_into",
        why=why,
        due_at=now,
        created_at=now,
        job_id=message.job_id,
        job_person_id=message.job_person_id,
        message_id=message.id,
    )
