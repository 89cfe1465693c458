"""A sample of the databases that fail; `python -m tests.faults` runs all of them."""

from __future__ import annotations

import os

import pytest

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
    """Each case is one of its name."""
    every = list(cases())

    assert sum(case.trouble == "postmaster_killed" for case in every) * KILLS == 50
    assert len({case.name for case in every}) == len(every)


@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: case.name)
def test_whatever_befalls_the_database_callers_are_told_and_nobody_is_lost(
    case: Broken, ground: Ground
) -> None:
    """A 503 with a problem, nothing sent that is not on record, and it goes on unaided."""
    verdict = run(case, ground)

    assert verdict.clean, verdict.untold
    assert verdict.held == 0
