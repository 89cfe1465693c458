"""The values of the rule language: lengths of time, counts, names; how a file writes them.

Each is read by a function that says in plain words what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import time, timedelta
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BeforeValidator, Field, GetCoreSchemaHandler
from pydantic_core import core_schema

from notifier.domain.rules.conditions import Count

#: Whatever is longer is a slip of the finger, and far from where dates end.
LONGEST = timedelta(days=366)
_MOST_DIGITS = 9

_DURATION = re.compile(r"^([0-9]+)(m|h|d)$")
_SECONDS = re.compile(r"^([0-9]+)(s|m|h|d)$")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_COUNT = re.compile(r"^([0-9]{1,3})(\+?)$")
_CLOCK = re.compile(r"^([01][0-9]|2[0-3]):[0-5][0-9]$")
_NAME = re.compile(r"^[a-z][a-z0-9_]{1,39}$")


def _length(
    pattern: re.Pattern[str], examples: str, *, nothing_is_one: bool = False
) -> Callable[[object], object]:
    def read(value: object) -> object:
        if isinstance(value, timedelta):
            return value
        match = pattern.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise ValueError(f"write a length of time such as {examples}")
        digits = match[1].lstrip("0")
        if not digits and not nothing_is_one:
            raise ValueError(f"it must be longer than nothing, such as {examples}")
        if len(digits) > _MOST_DIGITS:
            raise ValueError(f"it must be at most {LONGEST.days}d")
        length = timedelta(**{_UNITS[match[2]]: int(digits or 0)})
        if length > LONGEST:
            raise ValueError(f"it must be at most {LONGEST.days}d")
        return length

    return read


def _clock_time(value: object) -> object:
    if isinstance(value, time):
        return value
    if not isinstance(value, str) or not _CLOCK.fullmatch(value):
        raise ValueError('write a local time of day in quotes, such as "18:00"')
    return time.fromisoformat(value)


def _count(value: object) -> object:
    if isinstance(value, Count):
        return value
    is_said = isinstance(value, (str, int)) and not isinstance(value, bool)
    match = _COUNT.fullmatch(str(value)) if is_said else None
    if match is None:
        raise ValueError('write a number, such as 1, or "2+" for two and more')
    count = Count(int(match[1]), bool(match[2]))
    if count == Count(0, or_more=True):
        raise ValueError('"0+" always holds: take the line out, or write "1+"')
    return count


def _whole(least: int, most: int) -> Callable[[object], object]:
    def read(value: object) -> object:
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if not is_whole or not least <= value <= most:  # type: ignore[operator]
            raise ValueError(f"write a whole number from {least} to {most}")
        return value

    return read


def _name(value: object) -> object:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError(
            "write 2 to 40 small letters, digits and `_`, a letter first, such as `running_late`"
        )
    return value


def _listed(value: object) -> object:
    return value if isinstance(value, list) or value is None else [value]


class _OneWillDo:
    """Takes one value for a list of one, and says so in the schema."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        several = handler(source)
        one = handler.generate_schema(*get_args(source))
        return core_schema.no_info_before_validator_function(
            _listed,
            several,
            json_schema_input_schema=core_schema.union_schema([one, several]),
        )


def all_differ(values: list[Any]) -> list[Any]:
    """Return `values`.

    :raises ValueError: if one is there twice.
    """
    for place, value in enumerate(values):
        if value in values[:place]:
            raise ValueError(f"`{value}` stands there twice")
    return values


def _text_schema(pattern: re.Pattern[str]) -> Any:
    return Field(json_schema_extra={"type": "string", "pattern": pattern.pattern})


def _between(least: int, most: int) -> Any:
    return Field(json_schema_extra={"minimum": least, "maximum": most})


_LENGTHS = "10m, 2h or 3d"

_Value = TypeVar("_Value")

#: A list of values, which may be written as a value by itself; or none at all.
AnyOf = Annotated[list[_Value], _OneWillDo()]
OneOrMore = Annotated[list[_Value], _OneWillDo(), Field(min_length=1)]

Duration = Annotated[
    timedelta,
    BeforeValidator(_length(_DURATION, _LENGTHS), json_schema_input_type=str),
    _text_schema(_DURATION),
]
DurationOrNothing = Annotated[
    timedelta,
    BeforeValidator(_length(_DURATION, _LENGTHS, nothing_is_one=True), json_schema_input_type=str),
    _text_schema(_DURATION),
]
ShortDuration = Annotated[
    timedelta,
    BeforeValidator(
        _length(_SECONDS, "30s, 10m or 2h", nothing_is_one=True), json_schema_input_type=str
    ),
    _text_schema(_SECONDS),
]
ClockTime = Annotated[
    time, BeforeValidator(_clock_time, json_schema_input_type=str), _text_schema(_CLOCK)
]
Times = Annotated[
    Count,
    BeforeValidator(_count, json_schema_input_type=int | str),
    Field(json_schema_extra={"examples": [0, 1, "2+"]}),
]
Name = Annotated[str, BeforeValidator(_name, json_schema_input_type=str), _text_schema(_NAME)]
Days = Annotated[int, BeforeValidator(_whole(-366, 366)), _between(-366, 366)]
WorkingDays = Annotated[int, BeforeValidator(_whole(-60, 60)), _between(-60, 60)]
HowMany = Annotated[int, BeforeValidator(_whole(1, 10_000)), _between(1, 10_000)]


def said(value: object) -> str:
    """Return a value as the file writes it."""
    if isinstance(value, timedelta):
        return _length_text(value)
    if isinstance(value, Count):
        return f"{value.number}{'+' if value.or_more else ''}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, list):
        words = [str(word) for word in value]
        return words[0] if len(words) == 1 else f"[{', '.join(words)}]"
    return str(value)


def _length_text(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    if not seconds:
        return "0m"
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
