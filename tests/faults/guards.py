"""The guards as they ship, with limits that nothing reaches.

A claim takes the lock of its brand's tallies for them, reads and writes them; so must the claims
of workers that are killed.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import lru_cache

from notifier.domain.guards.limits import Guards
from notifier.guards.policy import load_guards
from tests.services import ROOT

_NEVER = 10**12


@lru_cache(maxsize=1)
def unreached_guards() -> Guards:
    """Return the guards of `config/guards.yaml`, each limit that it sets out of reach."""
    shipped = load_guards(ROOT / "config" / "guards.yaml", ROOT / "config" / "sms_prices.yaml")
    set_limits = {name for name, limit in asdict(shipped.usual).items() if limit is not None}
    out_of_reach = dict.fromkeys(set_limits - {"brake_times"}, _NEVER)
    return replace(shipped, usual=replace(shipped.usual, **out_of_reach))
