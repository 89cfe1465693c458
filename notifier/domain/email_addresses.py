"""Email addresses as people write them."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


def is_email_address(text: str) -> bool:
    """Return whether `text` can be one email address; of two in a list only one would be meant."""
    return _ADDRESS.fullmatch(text) is not None and text.isprintable()
