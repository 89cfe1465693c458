"""A sample of the moments that come meanwhile; `python -m tests.faults` runs all of them."""

from __future__ import annotations

from itertools import product

import pytest

from tests.faults.deadlines import Deadline, Moment, cases, run
from tests.faults.ground import Ground

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]


def test_the_suite_lets_night_fall_and_news_expire_on_each_database() -> None:
    """Under 250 customers, five seeds each."""
    every = [(case.moment, case.database, case.seed) for case in cases()]

    assert sorted(every) == sorted(product(("night", "expiry"), ("sqlite", "postgres"), range(5)))
    assert {case.customers for case in cases()} == {250}


def test_nothing_is_taken_when_its_news_is_over_and_each_that_was_not_says_why(
    ground: Ground,
) -> None:
    """Some were claimed before, some are looked up after, and a worker dies between."""
    case = Deadline(moment=Moment.EXPIRY, database="sqlite", seed=0, customers=100)
    verdict = run(case, ground)

    assert verdict.clean, verdict.untold
    assert verdict.held == 0
