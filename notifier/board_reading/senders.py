"""Which path a task about a sender is about."""

from __future__ import annotations

import re

# Of a path that refused us, and of one that reports nothing.
_PATH = re.compile(r"(?:halted:[a-z]+|silent):([a-z0-9_]+):")


def path_in(key: str) -> str | None:
    """Return the path that the task of that key asks to look into; None: it is about no path."""
    found = _PATH.match(key)
    return found[1] if found is not None else None
