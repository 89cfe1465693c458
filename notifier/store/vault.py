"""Sealing what is personal, and finding it again by keyed hash.

Every person and source has a data key, wrapped by a master key that comes from
`SECRET_KEY`. Erasing someone is destroying their wrapped key.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12  # NIST SP 800-38D, 96-bit


class Unreadable(Exception):
    """The key was destroyed, or the value was not sealed under it."""


class Vault:
    """Seals and opens values, and makes the keyed hashes that find them."""

    def __init__(self, secret: str) -> None:
        self._wrap = AESGCM(_derive(secret, b"wrap"))
        self._blind = _derive(secret, b"blind")
        self._token = _derive(secret, b"token")
        self._unwrap = lru_cache(maxsize=4096)(self._unwrapped)

    def new_key(self) -> bytes:
        """Return a fresh data key, wrapped."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._wrap.encrypt(nonce, AESGCM.generate_key(256), None)

    def seal(self, key: bytes, value: str) -> bytes:
        """Return `value` sealed under the wrapped `key`."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._unwrap(key).encrypt(nonce, value.encode(), None)

    def open(self, key: bytes | None, sealed: bytes) -> str:
        """Return what was sealed.

        :raises Unreadable: if `key` is gone or is not the one it was sealed under.
        """
        if key is None:
            raise Unreadable("erased")
        try:
            opened = self._unwrap(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
        except Exception as error:
            raise Unreadable(type(error).__name__) from error
        return opened.decode()

    def blind(self, value: str) -> bytes:
        """Return the 32-byte keyed hash that finds `value`."""
        return hmac.digest(self._blind, value.encode(), hashlib.sha256)

    def token(self, purpose: str, value: str) -> bytes:
        """Return a 32-byte HMAC of `value`, for links; `purpose` keeps kinds of link apart."""
        return hmac.digest(self._token, f"{purpose}:{value}".encode(), hashlib.sha256)

    def _unwrapped(self, key: bytes) -> AESGCM:
        return AESGCM(self._wrap.decrypt(key[:_NONCE_BYTES], key[_NONCE_BYTES:], None))


def _derive(secret: str, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=b"notifier", info=purpose).derive(secret.encode())


def opened(vault: Vault, key: bytes | None, sealed: bytes | None) -> str | None:
    """Return what was sealed, or None if nothing was or its person is erased."""
    if sealed is None:
        return None
    try:
        return vault.open(key, sealed)
    except Unreadable:
        return None
