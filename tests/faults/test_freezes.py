"""A sample of the freezes; `python -m tests.faults` runs all of them."""

from __future__ import annotations

import pytest

from tests.faults.freezing import POINTS, SEEDS, Freeze, cases, run
from tests.faults.ground import Ground
from tests.faults.points import Point

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

#: With its locks, which PostgreSQL takes away; with the only one that SQLite has; and with claims.
SAMPLE = [
    Freeze(point=Point.BEFORE_CLAIM_COMMITS, database="postgres", seed=0, brief=True),
    Freeze(point=Point.BEFORE_CLAIM_COMMITS, database="sqlite", seed=0, brief=True),
    Freeze(point=Point.CLAIM_COMMITTED, database="sqlite", seed=0, brief=True),
]


def test_the_suite_freezes_before_and_after_a_claim_on_both_databases() -> None:
    """As long as it takes in production until the others are rid of it."""
    every = list(cases())

    assert len({case.name for case in every}) == len(every) == len(POINTS) * 2 * SEEDS
    assert not any(case.brief for case in every)


@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: case.name)
def test_whoever_is_frozen_each_customer_has_each_text_once(case: Freeze, ground: Ground) -> None:
    """The others go on without it, and it goes on once it wakes up."""
    verdict = run(case, ground)

    assert verdict.clean, verdict.untold
    assert verdict.held == 0
    assert verdict.owed == 3 * case.customers
