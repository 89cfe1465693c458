"""The blueprint of the API: every request needs a key, every body is JSON."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import abort, request

from notifier.web.api.auth import auth

api = APIBlueprint("api", __name__, url_prefix="/api/v1")


@api.before_request
@api.auth_required(auth)
def require_key() -> None:
    """Nothing of the API is open; `auth` has already looked at the key."""


@api.before_request
def require_json() -> None:
    """Refuse a body of another kind by name rather than guess at it."""
    has_body = bool(request.content_length) or "Transfer-Encoding" in request.headers
    if request.method in {"POST", "PATCH"} and has_body and not request.is_json:
        abort(415)
