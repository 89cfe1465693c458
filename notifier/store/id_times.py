"""Ids are UUIDv7 (RFC 9562), so that what was made after a moment is found by its id."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID


def first_id(moment: datetime) -> UUID:
    """Return the smallest UUIDv7 of `moment`: ids are ordered by when they were made."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)
