"""The signature that many shops and trackers use: base64 of an HMAC-SHA256 of what they send."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence


def is_signed(secrets: Sequence[str], signed: bytes, given: str) -> bool:
    """Return whether `given` is what one of `secrets` makes of `signed`, in constant time."""
    return any(
        hmac.compare_digest(_signature(secret, signed), given.encode()) for secret in secrets
    )


def _signature(secret: str, signed: bytes) -> bytes:
    return base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest())
