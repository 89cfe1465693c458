"""The names of time zones."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

#: Listed beside the places, on some machines: what the machine is set to, and no time at all.
_NO_PLACES = frozenset({"localtime", "Factory", "Etc/Unknown"})


@cache
def zone_names() -> frozenset[str]:
    """Return the zones of this machine's database; reading its folder each time is slow."""
    return frozenset(available_timezones() - _NO_PLACES)
