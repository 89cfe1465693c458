"""The blueprint of the API: every request needs a key, every body is JSON."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import abort, current_app, request

from notifier.errors import Invalid
from notifier.shape_faults import LONGEST_NAME
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


@api.before_request
def require_known_query() -> None:
    """Refuse what the view would not look at: an ignored filter shows the wrong jobs."""
    known = _query_of(request.endpoint or "")
    for name, values in request.args.lists():
        if name not in known:
            allowed = f"there are {', '.join(known)}" if known else "nothing can be asked here"
            raise Invalid(name[:LONGEST_NAME] or "query", f"is not known here: {allowed}")
        if len(values) > 1:
            raise Invalid(name, "can be said only once")


def _query_of(endpoint: str) -> list[str]:
    """Return the names that the view takes in its address, as its `input` states them."""
    stated = getattr(current_app.view_functions[endpoint], "_spec", {}).get("args", ())
    return [name for model, place in stated if place == "query" for name in model.model_fields]
