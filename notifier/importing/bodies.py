"""A row as the body that the API would take for the same booking, and what it can't say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from notifier.domain.jobs import JobKind
from notifier.domain.time_zones import zone_names
from notifier.importing.times import window_in

_KINDS = {
    "appointment": JobKind.APPOINTMENT,
    "visit": JobKind.APPOINTMENT,
    "order": JobKind.ORDER,
}
_OF_ORDERS = frozenset({"items", "carrier", "tracking_code"})
#: What a spreadsheet makes of a long number: its last digits are gone.
_SHORTENED = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)
_LONG_NUMBERS = ("reference", "phone", "technician_phone", "tracking_code")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a row asks to book. `faults` by column; a part that has one is left out."""

    kind: JobKind
    body: dict[str, Any]
    faults: dict[str, str]


def body_of(cells: Mapping[str, str], zone: str) -> Asked:
    """Return what `cells`, by column, ask for; without a zone of their own they are in `zone`."""
    faults = {
        name: "was shortened by a spreadsheet: format the column as text and fill it in again"
        for name in _LONG_NUMBERS
        if _SHORTENED.fullmatch(cells.get(name, ""))
    }
    word = cells.get("kind", "").lower()
    kind = _KINDS.get(word) or (JobKind.ORDER if _OF_ORDERS & set(cells) else JobKind.APPOINTMENT)
    if word and word not in _KINDS:
        faults["kind"] = "must be appointment or order"
    place = ZoneInfo(zone) if "time_zone" not in cells else _zone(cells["time_zone"])
    window: dict[str, str] | None = None
    if place is not None:  # else the zone itself is said to be none
        window, untimely = window_in(cells, place, whole_days=kind is JobKind.ORDER)
        faults |= untimely
    parts: dict[str, Any] = {
        "reference": cells.get("reference"),
        "service": cells.get("service"),
        "technician": _who_goes(cells),
        "window": window,
        "place": _named(cells, time_zone="time_zone", address="address"),
        "customer": _named(cells, name="name", phone="phone", email="email", locale="locale"),
        "items": _several(cells.get("items")),
        "parcels": _parcels(cells),
    }
    body = {name: part for name, part in parts.items() if part not in (None, [])}
    return Asked(kind, body, faults)


def _zone(name: str) -> ZoneInfo | None:
    return ZoneInfo(name) if name in zone_names() else None


def _named(cells: Mapping[str, str], **columns: str) -> dict[str, str]:
    return {field: cells[column] for field, column in columns.items() if column in cells}


def _who_goes(cells: Mapping[str, str]) -> str | dict[str, str] | None:
    if "technician_phone" in cells:
        return _named(cells, name="technician", phone="technician_phone")
    return cells.get("technician")


def _several(text: str | None) -> list[str]:
    return [part.strip() for part in text.split("|") if part.strip()] if text else []


def _parcels(cells: Mapping[str, str]) -> list[dict[str, str]]:
    carrier = _named(cells, carrier="carrier")
    codes = _several(cells.get("tracking_code"))
    if not codes:
        return [carrier] if carrier else []
    return [carrier | {"tracking_code": code} for code in codes]
