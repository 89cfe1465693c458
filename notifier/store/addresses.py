"""How an address is found again without being stored in the clear."""

from __future__ import annotations

from notifier.domain.messages import Channel
from notifier.store.vault import Vault


def address_hash(vault: Vault, channel: Channel | str, address: str) -> bytes:
    """Return the keyed hash under which `address` is kept in every table.

    `address` is E.164, or an email address in any case. The channel is part of the hash,
    and so is nothing else: two people who share a number share its hash.
    """
    return vault.blind(f"{Channel(channel)}:{address.strip().casefold()}")
