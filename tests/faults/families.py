"""The families of the suite, in the order in which they run.

A family is a module with `cases()` and `run(case, ground)`, which returns the verdict, or raises
`NotReached` where the case did not come to what it is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from tests.faults import (
    clocks,
    databases,
    deadlines,
    freezing,
    killing,
    load,
    providers,
    races,
    repeats,
)
from tests.faults.ground import Ground
from tests.faults.judge import Verdict


class Case(Protocol):
    """One case of a family, as a value."""

    @property
    def name(self) -> str:
        """What it is called in the record: `family/what/database/…`, of one case alone."""


@dataclass(frozen=True)
class Family:
    """Cases that are run in the same way, `at_once` of them at a time.

    `seconds` is what the longest of them takes on a machine that has little else to do.
    """

    cases: Callable[[], Iterator[Case]]
    run: Callable[[Any, Ground], Verdict]
    at_once: int
    seconds: float


FAMILIES = (
    # They wait for leases most of the time.
    Family(killing.cases, killing.run, at_once=6, seconds=30),
    Family(freezing.cases, freezing.run, at_once=3, seconds=100),
    Family(providers.cases, providers.run, at_once=3, seconds=150),
    # More at once, and on few cores claims take longer than a lease that is five times as short.
    Family(databases.cases, databases.run, at_once=2, seconds=150),
    Family(clocks.cases, clocks.run, at_once=3, seconds=60),
    Family(deadlines.cases, deadlines.run, at_once=3, seconds=150),
    # It watches this process, where they race.
    Family(races.cases, races.run, at_once=1, seconds=300),
    Family(repeats.cases, repeats.run, at_once=2, seconds=180),
    Family(load.cases, load.run, at_once=1, seconds=350),
)
