"""Sources of which nothing can be read for want of a key."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.domain.findings import Finding
from notifier.store.tables import Source
from notifier.webhooks.set_up import lacks_key


def look_at_keys(session: Session) -> list[Finding]:
    """Return each source that only points to what is at its vendor, and has no key to ask with."""
    return [
        Finding.failing(
            f"source {source.name}",
            "It has no key to ask its vendor with, so nothing that it sends can be read.",
            f".venv/bin/flask --app app sources key {source.name}",
        )
        for source in session.scalars(select(Source).order_by(Source.name))
        if lacks_key(source)
    ]
