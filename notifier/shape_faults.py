"""What is wrong with the shape of something that was sent, in plain words, by field.

Pydantic finds it; its own sentences speak of Python. Nothing here repeats what was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

#: What Pydantic calls a fault, and what a caller should read; `{…}` is of the fault's context.
_SENTENCES = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "string_type": "must be text",
    "string_sub_type": "must be text",
    "string_unicode": "must be text without half characters",
    "string_too_long": "must be at most {max_length} characters",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number that is not so large",
    "int_from_float": "must be a whole number",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "uuid_type": "must be an id, as we gave it",
    "uuid_parsing": "must be an id, as we gave it",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "dict_type": "must be an object",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "too_long": "must be a list of at most {max_length}",
    "timezone_aware": "must say its UTC offset, as in 2026-11-23T17:00:00Z",
}
_OUR_OWN = "Value error, "  # what Pydantic puts before the sentence of a check of ours
#: The kind of a fault of alternatives, for `custom_error_type`; its sentence is ours as well.
NO_CHOICE = "no_choice"
_QUOTED = re.compile(r"'([^']*)'")
#: The alternatives of a field, tagged in angle brackets, and the name of an entry as such are
#: no part of the field's name.
_NO_NAME = re.compile(r"<\w+>|\[key\]")
LONGEST_NAME = 100  # of a field that a caller made up


def shape_faults(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Yield each field that can't be as it was sent, as `people.0.name`, and why."""
    for fault in error.errors(include_url=False, include_input=False):
        names = [str(part) for part in fault["loc"]]
        field = ".".join(name for name in names if not _NO_NAME.fullmatch(name))
        yield field[:LONGEST_NAME] or "body", _sentence(fault)


def _sentence(fault: Mapping[str, Any]) -> str:
    kind, context = fault["type"], fault.get("ctx", {})
    if kind in ("enum", "literal_error"):
        return f"must be one of {', '.join(_QUOTED.findall(context['expected']))}"
    if kind == "string_too_short":
        least = context["min_length"]
        return "must not be empty" if least == 1 else f"must be at least {least} characters"
    if kind in _SENTENCES:
        return _SENTENCES[kind].format_map(context)
    if kind in ("value_error", NO_CHOICE):
        return str(fault["msg"]).removeprefix(_OUR_OWN)
    return "is not what can stand here"
