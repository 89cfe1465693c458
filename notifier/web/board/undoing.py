"""The bar "Sending in 10 s · Undo": kept in the session, so that it follows to the next page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from flask import session

_SESSION_KEY = "undo"


@dataclass(frozen=True, slots=True)
class PendingUndo:
    """What was confirmed and can be taken back before anything goes out."""

    job_id: UUID
    fact_id: UUID
    what: str  # never a name: it travels in a cookie
    sends: bool  # whether a message waits for it
    seconds_left: int


def remember_undo(
    *, job_id: UUID, fact_id: UUID, what: str, sends: bool, now: datetime, seconds: int
) -> None:
    """Keep what was just confirmed until its messages go."""
    session[_SESSION_KEY] = {
        "job": str(job_id),
        "fact": str(fact_id),
        "what": what,
        "sends": sends,
        "until": (now + timedelta(seconds=seconds)).isoformat(),
    }


def forget_undo() -> None:
    """Drop the bar: it was used."""
    session.pop(_SESSION_KEY, None)


def pending_undo(now: datetime) -> PendingUndo | None:
    """Return what can still be undone, or None."""
    kept = session.get(_SESSION_KEY)
    if not isinstance(kept, dict):
        return None
    left = (datetime.fromisoformat(kept["until"]) - now).total_seconds()
    if left <= 0:
        return None
    return PendingUndo(
        job_id=UUID(kept["job"]),
        fact_id=UUID(kept["fact"]),
        what=str(kept["what"]),
        sends=bool(kept["sends"]),
        seconds_left=ceil(left),
    )
