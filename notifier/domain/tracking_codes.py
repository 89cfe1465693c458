"""Tracking codes as they are compared: carriers, shops and people write them differently."""

from __future__ import annotations

#: Stands for the code of what has none yet: the part of an order that was not sent.
UNSENT = ""


def normal_tracking_code(code: str) -> str:
    """Return `code` in upper case without blanks, as `parcels.tracking_code` holds it."""
    return "".join(code.split()).upper()
