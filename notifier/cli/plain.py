"""What strangers wrote, fit for a terminal."""

from __future__ import annotations

import unicodedata


def plain(text: str) -> str:
    """Return `text` without what a terminal obeys: control characters, and marks that turn the
    direction of writing."""
    return "".join(one for one in text if not unicodedata.category(one).startswith("C"))
