"""Reading JSON that strangers wrote, without letting it hurt."""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json

from notifier.sources.protocol import Untranslatable

#: The longest text that is taken for an id, a code or a status.
SHORT = 200


def read_json(body: bytes) -> Any:
    """Return what `body` says.

    :raises ValueError: if it is not UTF-8 JSON, is nested more than 200 deep, or holds a
        number that JSON does not have (NaN, Infinity) or half a surrogate pair.
    """
    return from_json(body, allow_inf_nan=False)


def read_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that `body` is.

    :raises Untranslatable: if it is none.
    """
    try:
        said = read_json(body)
    except ValueError:
        raise Untranslatable("The body is not JSON.") from None
    if not isinstance(said, dict):
        raise Untranslatable("The body is not a JSON object.")
    return said


def short_text(value: object) -> str | None:
    """Return `value` without blanks around it if it is a short printable text, else None.

    PostgreSQL stores no NUL characters, and no id, code or status needs control characters.
    """
    if not isinstance(value, str):
        return None
    text = value.strip()
    return text if text and len(text) <= SHORT and text.isprintable() else None


def object_in(value: object) -> dict[str, Any]:
    """Return `value` if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def objects_in(value: object) -> list[dict[str, Any]]:
    """Return the JSON objects in `value`, in their order; none if it is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
