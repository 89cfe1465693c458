"""The task about a message of which nobody can say whether it went."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from notifier.services import Services
from notifier.store.tables import Message, Task
from notifier.store.tasks import owe_look_into

#: Why a look is asked for, where the provider keeps a record that can't be read at the moment.
RECORD_UNREADABLE = "record_unreadable"


def ask_for_a_look(
    session: Session, services: Services, message: Message, why: str, now: datetime
) -> None:
    """Ask a person to find out, once for each attempt."""
    owe_look_into(
        session,
        message,
        id=services.ids(),
        key=_key(message),
        why=why,
        now=now,
    )


def need_no_look(session: Session, message: Message, now: datetime) -> None:
    """End the task: what became of the message is known after all."""
    session.execute(
        update(Task)
        .where(Task.brand_id == message.brand_id, Task.key == _key(message), Task.done_at.is_(None))
        .values(done_at=now, dropped=True)
    )


def _key(message: Message) -> str:
    return f"outcome_unknown:{message.id}:{message.attempt_id}"
