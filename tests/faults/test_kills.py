"""A sample of the kills; `python -m tests.faults` runs all of them."""

from __future__ import annotations

import pytest

from tests.faults.ground import Ground
from tests.faults.killing import Kill, cases, run
from tests.faults.points import Point

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

#: One of the path itself, one of its end, and two of an outcome in doubt.
SAMPLE = [
    Kill(point=Point.REQUEST_WRITTEN, database="postgres", workers=3, seed=0),
    Kill(point=Point.BEFORE_SETTLE_COMMITS, database="sqlite", workers=1, seed=0),
    Kill(point=Point.LAPSED, database="postgres", workers=1, seed=0),
    Kill(point=Point.LOOKED_UP, database="sqlite", workers=3, seed=0),
]


def test_the_suite_kills_at_every_point_on_both_databases_twenty_times() -> None:
    """Twelve points at least, one and three workers."""
    every = list(cases())

    assert len({case.point for case in every}) >= 12
    assert len({case.name for case in every}) == len(every) == len(Point) * 2 * 2 * 20


@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: case.name)
def test_whoever_dies_where_each_customer_has_each_text_once(case: Kill, ground: Ground) -> None:
    """Nobody lost, nothing doubled, nothing that is not true or not owed."""
    verdict = run(case, ground)

    assert verdict.clean, verdict.untold
    assert verdict.owed == 2 * case.customers
