"""Public holidays, and so working days, of a country or a state. Wraps the `holidays` package."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from types import MappingProxyType

import holidays

from notifier.domain.schedule import WorkingDays

_SATURDAY_AND_SUNDAY = frozenset({5, 6})


@cache
def is_holiday(region: str, day: date) -> bool:
    """Return whether `day` is a public holiday in `region`: `FR`, or `US-AL` of a state.

    A state that the package does not know has its country's; a country, none.
    """
    return day in _holidays(region, day.year)


def holidays_between(region: str, first: date, last: date) -> list[tuple[date, str]]:
    """Return the public holidays of `region` from `first` to `last`, with their names there."""
    return sorted(
        (day, name)
        for year in range(first.year, last.year + 1)
        for day, name in _holidays(region, year).items()
        if first <= day <= last
    )


@cache
def works_on(country: str, closed: frozenset[int] = frozenset()) -> WorkingDays:
    """Return which days a business in `country` works: no weekend and no public holiday.

    :param country: ISO 3166 alpha-2; of one that the package does not know, weekdays.
    :param closed: weekdays on which it does not work either; Monday is 0.
    """
    off = _weekend(country) | closed

    def works(day: date) -> bool:
        return day.weekday() not in off and not is_holiday(country, day)

    return works


@cache
def _holidays(region: str, year: int) -> Mapping[date, str]:
    # Made whole before anybody looks: the package's own objects fill up while they are read,
    # which two threads must not see.
    country, _, state = region.partition("-")
    try:
        found = holidays.country_holidays(country, subdiv=state or None, years=year)
    except NotImplementedError:
        return _holidays(country, year) if state else MappingProxyType({})
    return MappingProxyType(dict(found))


@cache
def _weekend(country: str) -> frozenset[int]:
    try:
        return frozenset(holidays.country_holidays(country).weekend)
    except NotImplementedError:
        return _SATURDAY_AND_SUNDAY
