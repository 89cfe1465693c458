"""The signs of life that workers leave, and the latest of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.store.inserts import insert_into
from notifier.store.tables import Heartbeat

_TICK = "tick"


def beat(session: Session, now: datetime) -> None:
    """Note that a worker lives; of several that start at once, each may be the first."""
    first = insert_into(session, Heartbeat).values(name=_TICK, at=now)
    session.execute(first.on_conflict_do_update(index_elements=["name"], set_={"at": now}))


def last_beat(session: Session) -> datetime | None:
    """Return when a worker last noted that it lives; None: none ever did."""
    return session.scalar(select(Heartbeat.at).where(Heartbeat.name == _TICK))
