"""Tracking codes as they are compared: carriers, shops and people write them differently."""

from __future__ import annotations

#: Stands for the code of what has none yet: the part of an order that was not sent.
UNSENT = ""


def normal_tracking_code(code: str) -> str:
    """Return `code` in upper case without blanks, as `parcels.tracking_code` holds it.

    :raises ValueError: if `code` is blank: it would be taken for `UNSENT`, and so for the rest of
        any order that was sent in part. Python counts U+001C to U+001F as blanks, others don't.
    """
    normal = "".join(code.split()).upper()
    if not normal and code != UNSENT:
        raise ValueError("must not be blank")
    return normal
