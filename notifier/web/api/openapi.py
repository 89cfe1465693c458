"""What `/api/openapi.json` says beyond what the views themselves state."""

from __future__ import annotations

from typing import Any

from apiflask import APIFlask

from notifier.web.api.idempotency import HEADER

_ABOUT = """\
Keep what your customers have been told equal to what you now believe.

Book a job with the window that was promised, then say what happens to it; who must hear of
it, when and over which channel is decided by the rules. Send your key as
`Authorization: Bearer nk_…`. Times are RFC 3339 with an offset. Errors are problem details
(RFC 9457) and name the field. Lists come in pages: send `next` back as `cursor`. Send an
`Idempotency-Key` of your own with a POST, and it can be repeated safely.
"""

_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "problem"],
                "properties": {"field": {"type": "string"}, "problem": {"type": "string"}},
            },
        },
    },
}

_ALWAYS = {
    "400": "The request can't be read",
    "401": "A valid key is needed",
    "422": "A field makes no sense; see `errors`",
    "429": "Too many requests; wait for `Retry-After` seconds",
    "503": "Busy; nothing was recorded. Wait for `Retry-After` seconds",
}
_WITH_BODY = {
    "413": "The body is larger than 1 MB",
    "415": "The body is not JSON",
}
_OF_ONE = {"404": "There is no such thing"}

_KEY_PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "A name of your own for this request; sent again, it does nothing again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}

_TAGS = {
    "/api/v1/appointments": ("Appointments", "Visits in a window."),
    "/api/v1/orders": ("Orders", "Parcels on their way."),
}


def describe_api(app: APIFlask, public_url: str) -> None:
    """Set the words and addresses of the document, and the errors that any view can answer."""
    app.config["SERVERS"] = [{"url": public_url}]
    app.config["INFO"] = {"description": _ABOUT}
    app.config["AUTO_OPERATION_ID"] = True
    app.config["AUTO_200_RESPONSE"] = False  # pages are no part of the API
    app.config["AUTO_VALIDATION_ERROR_RESPONSE"] = False
    app.config["AUTO_AUTH_ERROR_RESPONSE"] = False
    app.config["AUTO_404_RESPONSE"] = False
    app.config["TAGS"] = [
        {"name": name, "description": description} for name, description in _TAGS.values()
    ]
    app.spec_processor(_complete)


def _complete(spec: dict[Any, Any] | str) -> dict[Any, Any] | str:
    """Add what every operation shares, so that no view has to repeat it."""
    assert isinstance(spec, dict)  # it would be text if we wrote YAML
    schemas = spec["components"].setdefault("schemas", {})
    schemas.pop("HTTPError", None)
    schemas["Problem"] = _PROBLEM
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            _add_answers(path, method, operation)
            _mend_parameters(method, operation)
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
            operation["tags"] = [
                name for start, (name, _) in _TAGS.items() if path.startswith(start)
            ]
    return spec


def _mend_parameters(method: str, operation: dict[str, Any]) -> None:
    """Ids in a path are UUIDs, what is not asked for is left out, and a POST may carry a key."""
    parameters = operation.setdefault("parameters", [])
    for parameter in parameters:
        if parameter["in"] == "path":
            parameter["schema"] = {"type": "string", "format": "uuid"}
        for choice in parameter["schema"].pop("anyOf", []):
            if choice != {"type": "null"}:
                parameter["schema"].pop("default", None)
                parameter["schema"] |= choice
    if method == "post":
        parameters.append(_KEY_PARAMETER)


def _add_answers(path: str, method: str, operation: dict[str, Any]) -> None:
    said = operation["responses"]
    possible = dict(_ALWAYS)
    if method in {"post", "patch"}:
        possible |= _WITH_BODY
    if "{" in path:
        possible |= _OF_ONE
    if method == "post":
        possible["409"] = "The key was used for another request"
    good = next(r for r in said.values() if _schema(r))
    for status, description in possible.items():
        said.setdefault(status, {"description": description})
    for status, response in said.items():
        if not status.startswith("2"):
            response["content"] = {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            }
        elif not _schema(response):
            response["content"] = good["content"]


def _schema(response: dict[str, Any]) -> object:
    return response.get("content", {}).get("application/json", {}).get("schema")
