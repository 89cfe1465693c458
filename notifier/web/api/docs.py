"""`/api/docs`: a page to read, made from the OpenAPI document, without any script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from apiflask import APIFlask
from flask import Blueprint, current_app, render_template

blueprint = Blueprint("api_docs", __name__)

_METHODS = ("get", "post", "patch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One row of a table: a parameter, or a field of a body."""

    name: str
    kind: str
    required: bool
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing that can be asked, ready to be laid out."""

    anchor: str
    method: str
    path: str
    summary: str
    about: str
    parameters: list[Field]
    body: list[Field]
    answers: list[tuple[str, str]]
    answered: list[Field]


@blueprint.get("/api/docs")
def show() -> str:
    """Show what the API can do."""
    spec = cast("APIFlask", current_app)._get_spec("json")
    assert isinstance(spec, dict)
    groups = {tag["name"]: tag["description"] for tag in spec["tags"]}
    operations = {name: _operations(spec, name) for name in groups}
    return render_template(
        "api/docs.html",
        title=spec["info"]["title"],
        about=spec["info"]["description"].strip().split("\n\n"),
        server=spec["servers"][0]["url"],
        groups=groups,
        operations=operations,
    )


def _operations(spec: dict[str, Any], tag: str) -> list[Operation]:
    return [
        _operation(spec, path, method, operations[method])
        for path, operations in sorted(spec["paths"].items())
        for method in _METHODS
        if method in operations and tag in operations[method]["tags"]
    ]


def _operation(
    spec: dict[str, Any], path: str, method: str, operation: dict[str, Any]
) -> Operation:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    responses = operation["responses"]
    good = next(responses[status] for status in sorted(responses) if status.startswith("2"))
    return Operation(
        anchor=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        about=operation.get("description", ""),
        parameters=[
            Field(
                name=parameter["name"],
                kind=_kind(spec, parameter["schema"]),
                required=parameter["required"],
                about=parameter.get("description", ""),
            )
            for parameter in operation["parameters"]
        ],
        body=_fields(spec, body["schema"]) if body else [],
        answers=[
            (status, response["description"]) for status, response in sorted(responses.items())
        ],
        answered=_fields(spec, good["content"]["application/json"]["schema"]),
    )


def _fields(spec: dict[str, Any], schema: dict[str, Any], under: str = "") -> list[Field]:
    """Return a row for each field, those of objects within it below it."""
    schema = _resolved(spec, schema)
    required = schema.get("required", [])
    rows: list[Field] = []
    for name, inner in schema.get("properties", {}).items():
        rows.append(
            Field(
                name=f"{under}{name}",
                kind=_kind(spec, inner),
                required=name in required,
                about=inner.get("description", ""),
            )
        )
        for choice in _choices(inner):
            whole = _resolved(spec, choice)
            many = whole.get("type") == "array"
            if many:
                whole = _resolved(spec, whole["items"])
            if "properties" in whole and set(whole["properties"]) != {"start", "end"}:
                rows += _fields(spec, whole, f"{under}{name}{'[]' if many else ''}.")
    return rows


def _kind(spec: dict[str, Any], schema: dict[str, Any]) -> str:
    """Say in words what a value may be."""
    return " or ".join(dict.fromkeys(_one(spec, choice) for choice in _choices(schema)))


def _one(spec: dict[str, Any], choice: Mapping[str, Any]) -> str:
    schema = _resolved(spec, choice)
    if "enum" in schema:
        return " | ".join(schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(spec, schema['items'])}"
    if set(schema.get("properties", ())) == {"start", "end"}:
        return "{start, end}"
    formats = {"date-time": "time with offset", "uuid": "id"}
    kinds = {"string": "text", "integer": "number", "boolean": "true | false", "null": "null"}
    said = formats.get(schema.get("format", "")) or kinds.get(schema.get("type", ""), "object")
    if "maximum" in schema:
        said += f" {schema['minimum']} to {schema['maximum']}"
    return said


def _choices(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what a value may be, also where a choice is itself one between several."""
    found = schema.get("anyOf") or schema.get("oneOf")
    if found is None:
        return [dict(schema)]
    return [one for choice in found for one in _choices(choice)]


def _resolved(spec: dict[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    if reference is None:
        return dict(schema)
    return cast("dict[str, Any]", spec["components"]["schemas"][reference.rpartition("/")[2]])
