"""Every error that leaves the web: problem details (RFC 9457), or a plain page for a browser.

Nothing here repeats what was sent: a problem names the field and says what is wrong with it.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from apiflask import APIFlask
from apiflask.exceptions import HTTPError
from flask import Response, jsonify, render_template, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from notifier.errors import Busy, Conflict, Invalid, NotFound
from notifier.shape_faults import shape_faults
from notifier.store.engine import DATABASE_TROUBLE

_log = structlog.get_logger(__name__)

_RETRY_AFTER_SECONDS = 5
_LIMITED_SECONDS = 60  # the limits count by the minute
_TOO_LARGE = "must be at most 1 MB"

#: Where people look with a browser. Everything else answers programs.
_PROGRAMS = ("/api/", "/webhooks/", "/healthz", "/readyz", "/metrics")

_SENTENCES = {
    400: "The request can't be read.",
    401: "A valid API key is needed, as Authorization: Bearer.",
    403: "This is not allowed.",
    404: "There is no such thing here.",
    405: "This can't be done here.",
    409: "This does not fit what is there now.",
    413: "The body is too large.",
    415: "The body must be sent as application/json.",
    422: "Something in the request makes no sense; see errors.",
    429: "Too many requests; try again later.",
    500: "Something went wrong on our side.",
    503: "This can't be done just now; nothing was recorded. Try again shortly.",
}

Errors = list[dict[str, str]]


def problem(
    status: int,
    detail: str | None = None,
    *,
    errors: Errors | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return an answer that says what is wrong. `errors` names fields: `{field, problem}`."""
    title = HTTPStatus(status).phrase
    sentence = detail or _SENTENCES.get(status, title)
    if _for_a_browser():
        page = render_template("problem.html", status=status, title=title, sentence=sentence)
        return Response(page, status, headers, mimetype="text/html")
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": sentence,
    }
    if errors:
        body["errors"] = errors
    answer: Response = jsonify(body)
    answer.status_code = status
    answer.mimetype = "application/problem+json"
    answer.headers.update(headers or {})
    return answer


def answer_with_problems(app: APIFlask) -> None:
    """Turn every error of `app` into a problem."""

    @app.error_processor
    def _http(error: HTTPError) -> Response:
        if error.status_code == HTTPStatus.UNPROCESSABLE_ENTITY:
            return problem(422, errors=_named(error))
        errors = None
        if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            errors = [{"field": "body", "problem": _TOO_LARGE}]
        elif error.status_code == HTTPStatus.BAD_REQUEST and request.path.startswith("/api/"):
            errors = [{"field": "body", "problem": "must be JSON"}]
        headers = _kept(error.headers)
        if error.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            headers.setdefault("Retry-After", str(_LIMITED_SECONDS))
        return problem(error.status_code, errors=errors, headers=headers)

    @app.errorhandler(NotFound)
    def _not_found(error: NotFound) -> Response:
        return problem(404, str(error))

    @app.errorhandler(Conflict)
    def _conflict(error: Conflict) -> Response:
        return problem(409, str(error))

    @app.errorhandler(Invalid)
    def _invalid(error: Invalid) -> Response:
        return problem(422, errors=[{"field": error.field, "problem": str(error)}])

    def _busy(error: Exception) -> Response:
        _log.warning("database_busy", error=type(error).__name__, where=_where(error))
        return problem(503, headers={"Retry-After": str(_RETRY_AFTER_SECONDS)})

    for trouble in (Busy, *DATABASE_TROUBLE):
        app.register_error_handler(trouble, _busy)

    @app.errorhandler(Exception)
    def _unexpected(error: Exception) -> Response | HTTPException:
        # The text of an exception may hold anything that was sent, so it is not logged.
        _log.error("unexpected_error", error=type(error).__name__, where=_where(error))
        return problem(500)


def _named(error: HTTPError) -> Errors:
    """Return what Pydantic found, which is why APIFlask raised `error`, by field."""
    if not isinstance(error.__cause__, ValidationError):
        return []
    return [{"field": field, "problem": said} for field, said in shape_faults(error.__cause__)]


def _kept(headers: object) -> dict[str, str]:
    """Return those of werkzeug's headers that a caller acts on."""
    given = dict(headers) if isinstance(headers, Mapping) else {}
    return {name: given[name] for name in ("Allow", "Retry-After") if name in given}


def _for_a_browser() -> bool:
    return not request.path.startswith(_PROGRAMS)


def _where(error: Exception) -> list[str]:
    """Return the innermost places that the error passed, without any values."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
