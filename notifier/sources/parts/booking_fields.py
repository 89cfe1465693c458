"""What booking tools say of people, places and times, read so that nothing odd gets through."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from notifier.domain.time_zones import zone_names
from notifier.domain.windows import Window
from notifier.sources.parts.json_bodies import SHORT

_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")


def one_line(value: object) -> str | None:
    """Return a text that a person wrote, on one line and cut to what we keep; None if empty."""
    if not isinstance(value, str):
        return None
    line = " ".join("".join(c if c.isprintable() else " " for c in value).split())
    return line[:SHORT].rstrip() or None


def address_line(place: Mapping[str, Any], *fields: str) -> str | None:
    """Return what stands in these fields of an address, on one line; None if nothing does."""
    lines = (one_line(place.get(field)) for field in fields)
    return one_line(", ".join(line for line in lines if line))


def moment(value: object) -> datetime | None:
    """Return an ISO 8601 time with its offset, None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        said = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return said if said.tzinfo is not None and 2000 <= said.year < 2100 else None


def window(start: object, end: object) -> Window | None:
    """Return the window between two ISO 8601 times, None if they make none."""
    first, last = moment(start), moment(end)
    return Window(first, last) if first and last and first < last else None


def zone_name(value: object) -> str | None:
    """Return `value` if it names a time zone that we know: a name too new must stop no booking."""
    return value if isinstance(value, str) and value in zone_names() else None


def locale_name(value: object) -> str | None:
    """Return a locale as in `en` or `pt-BR`, None for anything else."""
    return value if isinstance(value, str) and _LOCALE.fullmatch(value) else None


def phone_number(value: object) -> str | None:
    """Return what looks like a phone number, None for an answer such as "none"."""
    text = one_line(value)
    if text is None or len(text) > 30 or any(c.isalpha() for c in text):
        return None
    digits = sum(c.isdecimal() for c in text)
    return text if 7 <= digits <= 15 else None
