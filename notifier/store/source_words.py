"""What a source last said of one thing about a job."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from notifier.store.tables import SourceWord


def said_last(session: Session, job_id: UUID, source_id: UUID, about: str) -> SourceWord | None:
    """Return its last word of this; None: it has said none."""
    return session.get(SourceWord, {"job_id": job_id, "source_id": source_id, "about": about})


def last_word(
    session: Session,
    job_id: UUID,
    source_id: UUID,
    about: str,
    *,
    at: datetime,
    says: dict[str, Any],
) -> SourceWord:
    """Return its last word of this, for the caller to move on; the first is that it `says` this."""
    word = said_last(session, job_id, source_id, about)
    if word is None:
        word = SourceWord(job_id=job_id, source_id=source_id, about=about, said_at=at, says=says)
        session.add(word)
    return word
