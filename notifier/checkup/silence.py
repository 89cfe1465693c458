"""Providers that take messages and never report on them: a warning, and a task for a person.

A wrong public address or a sender that carriers do not know looks like this: all is accepted,
and nobody ever learns what became of it.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from notifier.sending.routing import every_path
from notifier.services import Services
from notifier.store.id_times import first_id
from notifier.store.tasks import owe_task
from notifier.store.unreported import Unreported, unreported

_LIMIT = timedelta(minutes=15)
#: What is looked at, so that the cost does not grow with history.
_LOOKED_AT = timedelta(hours=24)


def silent_paths(session: Session, services: Services) -> list[Unreported]:
    """Return what each brand's paths took in the last day and are silent about for too long."""
    now = services.now()
    return unreported(
        session,
        since_id=first_id(now - _LOOKED_AT),
        taken_before=now - _LIMIT,
        paths=[name for name, path in every_path(services).items() if path.gives_receipts],
    )


def owe_looking_into_silence(services: Services) -> int:
    """Ask a person to look, once a day and path; return how many tasks are new."""
    now, new = services.now(), 0
    with services.sessions.begin() as session:
        for silent in silent_paths(session, services):
            new += owe_task(
                session,
                id=services.ids(),
                brand_id=silent.brand_id,
                key=f"silent:{silent.path}:{now.date()}",
                kind="sender_silent",
                path=silent.path,
                why="nothing_reported",
                due_at=now,
                created_at=now,
            )
    return new
