"""Bodies with one value that no vendor would send, and another with it left out."""

import copy
from collections.abc import Iterator
from typing import Any

ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    1.5,
    "",
    "\x00",
    "x" * 300,
    "9999-12-31T23:59:59-14:00",
    [],
    [None, [], {}],
    {},
    {"id": []},
)


def oddities(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield `body` with each of its values, at any depth, replaced by each odd one or dropped."""
    for path in _paths(body):
        for odd in ODD_VALUES:
            changed = copy.deepcopy(body)
            _place(changed, path)[path[-1]] = odd
            yield changed
        changed = copy.deepcopy(body)
        del _place(changed, path)[path[-1]]
        yield changed


def _place(body: Any, path: tuple[Any, ...]) -> Any:
    for step in path[:-1]:
        body = body[step]
    return body


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from _paths(inner, (*path, key))
