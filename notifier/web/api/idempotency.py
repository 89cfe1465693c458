"""`Idempotency-Key`: the same request again gets the same answer, and does nothing again.

The key is written in the transaction of what it guards, so neither is ever there without
the other. What is kept is ids, never a body.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from flask import request
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from notifier.errors import Conflict, Invalid
from notifier.services import Services
from notifier.store.tables import IdempotencyKey

HEADER = "Idempotency-Key"
_LONGEST = 255


@dataclass(frozen=True, slots=True)
class Done:
    """What a request did: the answer's status, and what it is about."""

    status: int
    job_id: UUID
    fact_id: UUID | None = None


def once(services: Services, brand_id: UUID, act: Callable[[Session], Done]) -> Done:
    """Run `act` in one transaction and wake delivery, or return what it did before.

    Two requests at the same moment may both begin; the database lets one commit, and the
    other starts over and finds it done. `act` must therefore do nothing but write to the
    session that it is given.

    :raises Conflict: if the caller's key was used for another request.
    """
    key = _key(services, brand_id)
    try:
        done = _attempt(services, key, act)
    except IntegrityError:
        done = _attempt(services, key, act)
    services.wake()
    return done


def _attempt(
    services: Services, key: tuple[bytes, bytes] | None, act: Callable[[Session], Done]
) -> Done:
    with services.sessions.begin() as session:
        if key is None:
            return act(session)
        scope, request_hash = key
        known = session.get(IdempotencyKey, scope)
        if known is not None:
            if known.request_hash != request_hash:
                raise Conflict(f"This {HEADER} was used for another request.")
            return Done(known.status, known.job_id, known.fact_id)
        done = act(session)
        session.add(
            IdempotencyKey(
                scope=scope,
                request_hash=request_hash,
                status=done.status,
                job_id=done.job_id,
                fact_id=done.fact_id,
                created_at=services.now(),
            )
        )
        return done


def _key(services: Services, brand_id: UUID) -> tuple[bytes, bytes] | None:
    """Return the hashes of the caller's key and of the request, or None without a key."""
    given = request.headers.get(HEADER)
    if given is None:
        return None
    if not 1 <= len(given) <= _LONGEST or not given.isprintable():
        raise Invalid(HEADER, f"must be 1 to {_LONGEST} characters that can be printed")
    scope = services.vault.blind(f"idempotency:{brand_id}:{request.path}:{given}")
    body = request.get_data(cache=True)
    return scope, services.vault.blind(f"request:{body.hex()}")
