"""API keys: made once, shown once, stored as a keyed hash."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from notifier.services import Services
from notifier.store.tables import ApiKey

_PREFIX = "nk_"
_KEY_BYTES = 32
#: When a key was last used is kept to the hour: a write with every request would cost more.
_USE_NOTED_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the brand that the key belongs to, and the key."""

    brand_id: UUID
    key_id: UUID
    use_is_due: bool  # whether `note_use` has something to write


def create_api_key(services: Services, brand_id: UUID, name: str) -> str:
    """Make a key for `brand_id` and return it. It can't be shown again. Names may repeat."""
    key = _PREFIX + secrets.token_urlsafe(_KEY_BYTES)
    with services.sessions.begin() as session:
        session.add(
            ApiKey(
                id=services.ids(),
                brand_id=brand_id,
                name=name,
                key_hash=_hash(services, key),
                created_at=services.now(),
                last_used_at=None,
                revoked_at=None,
            )
        )
    return key


def revoke_api_keys(services: Services, brand_id: UUID, name: str) -> int:
    """End every key of that name at once; return how many there were."""
    with services.sessions.begin() as session:
        ended = session.scalars(
            update(ApiKey)
            .where(ApiKey.brand_id == brand_id, ApiKey.name == name, ApiKey.revoked_at.is_(None))
            .values(revoked_at=services.now())
            .returning(ApiKey.id)
        )
        return len(ended.all())


def authenticate(session: Session, services: Services, key: str) -> Caller | None:
    """Return whose `key` this is, or None if it is unknown or revoked."""
    if not key.startswith(_PREFIX):
        return None
    found = session.execute(
        select(ApiKey.brand_id, ApiKey.id, ApiKey.last_used_at).where(
            ApiKey.key_hash == _hash(services, key), ApiKey.revoked_at.is_(None)
        )
    ).one_or_none()
    if found is None:
        return None
    brand_id, key_id, used_at = found
    due = used_at is None or services.now() - used_at > _USE_NOTED_EVERY
    return Caller(brand_id, key_id, due)


def note_use(services: Services, key_id: UUID) -> None:
    """Write down that the key is in use, so that idle keys can be found and revoked."""
    with services.sessions.begin() as session:
        session.execute(
            update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=services.now())
        )


def _hash(services: Services, key: str) -> bytes:
    return services.vault.blind(f"api_key:{key}")
