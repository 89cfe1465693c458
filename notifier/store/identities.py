"""Who is the same human in several jobs, known by keyed hash alone."""

from __future__ import annotations

import unicodedata
from uuid import UUID

from notifier.store.vault import Vault


def identity_hash(
    vault: Vault,
    brand_id: UUID,
    *,
    reference: str | None,
    name: str | None,
    phone: str | None,
    email: str | None,
) -> bytes | None:
    """Return what the rows of one human share; None where nothing says who it is.

    The caller's own `reference` of the person decides; without one their whole name together
    with `phone` (E.164), else with `email`. Never a number alone: people share phones.
    """
    if reference and reference.strip():
        return vault.blind(f"identity:{brand_id}|reference|{reference.strip()}")
    who = _normal_name(name or "")
    where = phone or (email or "").strip().casefold()
    if not who or not where:
        return None
    return vault.blind(f"identity:{brand_id}|name|{who}|{where}")


def _normal_name(name: str) -> str:
    """Return the name however it was typed: without case, accents' encoding or odd spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
