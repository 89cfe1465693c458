"""The only place that reads the time, and the only one that makes ids."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import uuid_utils.compat


def system_now() -> datetime:
    """Return the current time, aware and in UTC."""
    return datetime.now(UTC)


def new_id() -> UUID:
    """Return a UUIDv7 (RFC 9562): unique, and ordered by when it was made."""
    return uuid_utils.compat.uuid7()
