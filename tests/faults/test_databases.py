"""A sample of the databases that fail; `python -m tests.faults` runs all of them."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.faults import troubles
from tests.faults.databases import Broken, cases, run
from tests.faults.ground import Ground
from tests.faults.troubles import KILLS

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

_NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")

SAMPLE = [
    Broken(trouble="postmaster_killed", database="postgres", seed=0, brief=True),
    Broken(trouble="locked", database="sqlite", seed=0, brief=True),
    pytest.param(
        Broken(trouble="disk_full", database="sqlite", seed=0, brief=True), marks=_NEEDS_ROOT
    ),
]


def test_the_suite_kills_the_postmaster_fifty_times() -> None:
    """Two to forty seconds apart; each case is one of its name."""
    every = list(cases())

    assert sum(case.trouble == "postmaster_killed" for case in every) * KILLS == 50
    assert troubles._APART_S == (2.0, 37.0), "and up to three until it is started"
    assert len({case.name for case in every}) == len(every)


def test_the_suite_has_each_trouble_where_it_can_be_thrice_in_full() -> None:
    """SQLite is locked for 20 seconds; all others last longer than a caller waits, too."""
    others = Counter(
        (case.trouble, case.database) for case in cases() if case.trouble != "postmaster_killed"
    )

    assert others == {
        ("locked", "sqlite"): 3,
        ("no_connections", "postgres"): 3,
        ("disk_full", "sqlite"): 3,
        ("disk_full", "postgres"): 3,
        ("pool_empty", "sqlite"): 3,
        ("pool_empty", "postgres"): 3,
    }
    assert not any(case.brief for case in cases())
    assert troubles._LOCKED_S == 20
    assert min(troubles._FULL_S, troubles._NO_CONNECTIONS_S, troubles._POOL_S) > 5


@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: case.name)
def test_whatever_befalls_the_database_callers_are_told_and_nobody_is_lost(
    case: Broken, ground: Ground
) -> None:
    """A 503 with a problem, nothing sent that is not on record, and it goes on unaided."""
    verdict = run(case, ground)

    assert verdict.clean, verdict.untold
    assert verdict.held == 0
