"""The only place that reads the time, and the only one that makes ids."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from uuid import UUID

import uuid_utils.compat

#: Linux's clock that runs on while the machine is suspended.
_BOOTTIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)


def system_now() -> datetime:
    """Return the current time, aware and in UTC."""
    return datetime.now(UTC)


def steady_seconds() -> float:
    """Return the seconds since some moment, by a clock that nobody sets: for differences.

    On Linux it runs on while the machine is suspended, which the monotonic clock does not:
    what was started before is as old afterwards as it looks to others.
    """
    return time.monotonic() if _BOOTTIME is None else time.clock_gettime(_BOOTTIME)


def new_id() -> UUID:
    """Return a UUIDv7 (RFC 9562): unique, and ordered by when it was made."""
    return uuid_utils.compat.uuid7()
