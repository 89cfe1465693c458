"""Who calls the API: a key as `Authorization: Bearer`, of one brand."""

from __future__ import annotations

from typing import cast

from apiflask import HTTPTokenAuth
from flask import g
from sqlalchemy.exc import SQLAlchemyError

from notifier.api_keys import Caller, authenticate, note_use
from notifier.store.engine import reading
from notifier.web.current import services

auth = HTTPTokenAuth(
    name="ApiKey", description="A key made by `.venv/bin/flask --app app create-api-key NAME`."
)


@auth.verify_token  # type: ignore[untyped-decorator]
def verify(token: str) -> bool:
    """Let the holder of a key in, and remember for whom it speaks."""
    with reading(services().sessions) as session:
        found = authenticate(session, services(), token)
    if found is None:
        return False
    if found.use_is_due:
        _note(found)
    g.caller = found
    return True


def caller() -> Caller:
    """Return who asks; only called behind the check above."""
    return cast("Caller", g.caller)


def actor() -> str:
    """Return how facts name the caller."""
    return f"key:{caller().key_id}"


def _note(found: Caller) -> None:
    try:
        note_use(services(), found.key_id)
    except SQLAlchemyError:
        return  # a busy database is no reason to turn a caller away; the next request notes it
