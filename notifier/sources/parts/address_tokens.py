"""Secrets that a vendor sends along as they are, for want of a signature that we could check."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

from notifier.sources.protocol import Incoming


def token_in_address(incoming: Incoming) -> str:
    """Return the `token` in the query of the address that was posted to, empty if there is none."""
    return parse_qs(urlsplit(incoming.url).query).get("token", [""])[0]


def is_one_of(secrets: Sequence[str], given: str) -> bool:
    """Return whether `given` is one of `secrets`, in constant time."""
    return any(hmac.compare_digest(secret.encode(), given.encode()) for secret in secrets)
