"""A sample of the clocks that are wrong; `python -m tests.faults` runs all of them."""

from __future__ import annotations

from itertools import product

import pytest

from tests.faults.clocks import WrongClock, cases, run
from tests.faults.ground import Ground

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

SAMPLE = [
    WrongClock(off_by=7200, database="postgres", seed=0),
    WrongClock(off_by=7200, database="sqlite", seed=0),
]


def test_the_suite_sets_clocks_five_minutes_and_two_hours_wrong_either_way() -> None:
    """On both databases, five seeds each."""
    every = [(case.off_by, case.database, case.seed) for case in cases()]

    off_by = (-7200, -300, 300, 7200)
    assert sorted(every) == sorted(product(off_by, ("sqlite", "postgres"), range(5)))


@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: case.name)
def test_whatever_a_clock_says_each_customer_has_each_text_once(
    case: WrongClock, ground: Ground
) -> None:
    """The database's clock counts where machines differ, and the provider's may be another."""
    verdict = run(case, ground)

    assert verdict.clean, verdict.untold
    assert verdict.held == 0
