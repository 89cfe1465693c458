"""The day that a shop's order promises, where it states one. None is ever made up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from notifier.sources.parts.estimates import LocalDay
from notifier.sources.parts.json_bodies import short_text

#: What plugins for delivery dates call theirs: the letters of the name, in lower case.
NAMES = frozenset(
    {
        "deliverydate",
        "estimateddeliverydate",
        "expecteddeliverydate",
        "promiseddeliverydate",
        "jckwdsdateymd",  # WooCommerce Delivery Slots, as 20261124
        "lpacdpsdeliverydate",  # Chwazi
    }
)


def promised_day(attributes: Iterable[tuple[object, object]]) -> LocalDay | None:
    """Return the delivery day among an order's `attributes` (name, value)."""
    stated = (_day(value) for name, value in attributes if _letters(name) in NAMES)
    return next((LocalDay(day) for day in stated if day is not None), None)


def _letters(name: object) -> str:
    text = short_text(name) or ""
    return "".join(character for character in text if character.isalpha()).lower()


def _day(value: object) -> date | None:
    """Return a date with its year first (2026-11-24, 2026/11/24, 20261124), or None.

    Any other way to write a date may put the day before the month, so it is not guessed at.
    """
    digits = (short_text(value) or "").replace("-", "").replace("/", "")
    if len(digits) != 8 or not (digits.isascii() and digits.isdecimal()):
        return None
    try:
        day = date.fromisoformat(digits)
    except ValueError:
        return None
    return day if 2000 <= day.year < 2100 else None
