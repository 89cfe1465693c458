"""To which countries a brand texts: a number elsewhere costs more, and is how abuse earns."""

from __future__ import annotations

from collections.abc import Collection, Iterable


def is_abroad(regions: Iterable[str] | None, countries: Collection[str]) -> bool:
    """Return whether a number is certainly in none of `countries` (ISO 3166).

    One that nobody can place, as a satellite's, is in none of them.

    :param regions: where the number may be (`phones.regions_of`); None: it was never asked.
    """
    if regions is None:
        return False
    return {region.partition("/")[0] for region in regions}.isdisjoint(countries)
