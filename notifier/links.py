"""Links that need no login: their tokens, and how a token finds its row again."""

from __future__ import annotations

import base64
from uuid import UUID

from notifier.store.vault import Vault

#: 96 bits: not to be guessed, and short enough for a text of one segment.
_TOKEN_BYTES = 12


def message_token(vault: Vault, message_id: UUID) -> str:
    """Return the 16-character token of a message's link: an HMAC of its id."""
    return _short(vault.token("message", str(message_id)))


def person_token(vault: Vault, job_person_id: UUID) -> str:
    """Return the 16-character token of one person's page about one job."""
    return _short(vault.token("person", str(job_person_id)))


def link_hash(vault: Vault, token: str) -> bytes:
    """Return what the tables hold of `token`: a leaked database opens no page."""
    return vault.blind(f"link:{token}")


def status_url(public_url: str, token: str) -> str:
    """Return the address of the status page behind `token`."""
    return f"{public_url}/s/{token}"


def day_url(public_url: str, token: str) -> str:
    """Return the address of the technician's day behind `token`."""
    return f"{public_url}/day/{token}"


def _short(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest[:_TOKEN_BYTES]).decode()
