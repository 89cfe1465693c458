"""The law's and custom's quiet hours by region: `config/quiet_hours.yaml`, typed and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time
from enum import StrEnum
from functools import cache, lru_cache, partial
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from notifier.domain.local_time import clock_time
from notifier.domain.messages import MessageKind
from notifier.domain.quiet.hours import ALL_DAY, NO_HOURS, Hours, QuietHours
from notifier.public_holidays import is_holiday
from notifier.yaml_files import read_yaml

FILE = Path(__file__).parent.parent / "config" / "quiet_hours.yaml"

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ANYWHERE = "*"
_MIDNIGHT = time.max  # as the end of a day


class Basis(StrEnum):
    """What a row rests on."""

    LAW = "law"
    CUSTOM = "custom"


def _spans(value: object) -> object:
    """Read allowed hours: "08:00-21:00", a list of such, "none" or "any"."""
    if value == "none":
        return ()
    if value == "any":
        return ((time.min, _MIDNIGHT),)
    written = value if isinstance(value, list) else [value]
    spans = [_span(one) for one in written]
    in_order = [edge for span in spans for edge in span]
    if in_order != sorted(set(in_order)):
        raise ValueError("hours go from earlier to later, without touching")
    return tuple(spans)


def _span(value: object) -> Hours:
    problem = 'write allowed hours in quotes, such as "08:00-21:00", or none, or any'
    start, dash, end = value.partition("-") if isinstance(value, str) else ("", "", "")
    if not dash:
        raise ValueError(problem)
    try:
        return clock_time(start.strip()), _end(end.strip())
    except ValueError as error:
        raise ValueError(problem) from error


def _end(text: str) -> time:
    return _MIDNIGHT if text == "24:00" else clock_time(text)


Spans = Annotated[tuple[Hours, ...], BeforeValidator(_spans, json_schema_input_type=str)]
AreaCode = Annotated[int, Field(ge=200, le=999)]


class RegionSpec(BaseModel):
    """One row: when a region lets messages of some kinds go."""

    model_config = ConfigDict(extra="forbid")

    region: Annotated[str, Field(pattern=r"^([A-Z]{2}(-[A-Z0-9]{1,3})?|\*)$")]
    area_codes: list[AreaCode] = []
    kinds: Annotated[list[MessageKind], Field(min_length=1)]
    daily: Spans
    mon: Spans | None = None
    tue: Spans | None = None
    wed: Spans | None = None
    thu: Spans | None = None
    fri: Spans | None = None
    sat: Spans | None = None
    sun: Spans | None = None
    holidays: Annotated[Spans | None, Field(max_length=0)] = None
    basis: Basis
    source: Annotated[str, Field(min_length=8)]

    def quiet(self) -> tuple[QuietHours, ...]:
        """Return the hours that are quiet: the night, and each break of the day."""
        week = [self.daily if (own := getattr(self, day)) is None else own for day in _WEEKDAYS]
        is_closed = None if self.holidays is None else partial(is_holiday, self.region)
        binding = self.basis is Basis.LAW
        nights = [_night(spans) for spans in week]
        breaks = max(len(spans) for spans in week) - 1
        layers = [nights] + [[_break(spans, n) for spans in week] for n in range(breaks)]
        return tuple(
            _week(layer, QuietHours(*layer[0], closed=is_closed, binding=binding))
            for layer in layers
        )


class RegionFile(BaseModel):
    """All rows, and the area codes of the states that have none."""

    model_config = ConfigDict(extra="forbid")

    regions: list[RegionSpec]
    without_own_rules: dict[str, list[AreaCode]] = {}


def _week(hours: Sequence[Hours], monday: QuietHours) -> QuietHours:
    """Return `monday`'s hours with those of the days that differ from it."""
    own = tuple((day, one) for day, one in enumerate(hours) if one != hours[0])
    return replace(monday, days=own)


def _night(allowed: Sequence[Hours]) -> Hours:
    if not allowed:
        return ALL_DAY
    opens, closes = allowed[0][0], allowed[-1][1]
    if closes == _MIDNIGHT:
        return time.min, opens
    return closes, opens if opens > time.min else _MIDNIGHT


def _break(allowed: Sequence[Hours], number: int) -> Hours:
    gaps = [(before[1], after[0]) for before, after in pairwise(allowed)]
    return gaps[number] if number < len(gaps) else NO_HOURS


@dataclass(frozen=True, slots=True)
class _Row:
    country: str
    areas: frozenset[int]  # empty: the whole country
    kinds: frozenset[MessageKind]
    quiet: tuple[QuietHours, ...]


class RegionalHours:
    """Which regional hours bear on a number, by kind of message."""

    def __init__(self, file: RegionFile) -> None:
        self._rows = [
            _Row(
                row.region.partition("-")[0],
                frozenset(row.area_codes),
                frozenset(row.kinds),
                row.quiet(),
            )
            for row in file.regions
        ]
        self._countries = {row.country for row in self._rows}
        self._known_areas: dict[str, set[int]] = {
            country: set(codes) for country, codes in file.without_own_rules.items()
        }
        for row in self._rows:
            self._known_areas.setdefault(row.country, set()).update(row.areas)

    def by_kind(self, brand: QuietHours, regions: Sequence[str]) -> dict[MessageKind, QuietHours]:
        """Return, for each kind that a region restricts, the strictest with the brand's own.

        :param regions: as `phones.regions_of` tells them: `FR`, `US/206`. A country alone, where
            rows tell its states apart, may be any of them.
        """
        found = [row for region in regions for row in self._of(region)]
        kinds = {kind for row in found for kind in row.kinds}
        return {kind: QuietHours.strictest(brand, *_of_kind(found, kind)) for kind in kinds}

    def _of(self, region: str) -> list[_Row]:
        country, _, area = region.partition("/")
        country = country if country in self._countries else _ANYWHERE
        code = int(area) if area else None
        known = code in self._known_areas.get(country, ())
        return [
            row
            for row in self._rows
            if row.country == country and (not row.areas or not known or code in row.areas)
        ]


def _of_kind(rows: Iterable[_Row], kind: MessageKind) -> list[QuietHours]:
    return [hours for row in rows if kind in row.kinds for hours in row.quiet]


def read_regional_hours(path: Path) -> RegionalHours:
    """Return the rows of the file at `path`.

    :raises YamlInvalid: with every fault found, and its line.
    """
    return RegionalHours(read_yaml(path, RegionFile))


@cache
def regional_hours() -> RegionalHours:
    """Return the rows that the product comes with; like the time zones, read once a process.

    :raises YamlInvalid: if they were edited and can't be used.
    """
    return read_regional_hours(FILE)


@lru_cache(maxsize=1024)
def quiet_by_kind(brand: QuietHours, regions: tuple[str, ...]) -> Mapping[MessageKind, QuietHours]:
    """Return, for each kind that a region of a number restricts, the hours that are quiet.

    :param brand: the brand's own hours, which count too.
    :raises YamlInvalid: if the rows were edited and can't be used.
    """
    return MappingProxyType(regional_hours().by_kind(brand, regions))
