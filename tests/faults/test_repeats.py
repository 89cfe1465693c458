"""A sample of the repeats; `python -m tests.faults` runs all of them."""

from __future__ import annotations

from itertools import product

import pytest

from tests.faults import repeats
from tests.faults.ground import Ground
from tests.faults.repeats import Other, Repeat, cases, run

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

SAMPLE = [
    Repeat(other=Other.ANOTHER, database="postgres", killed=True, rounds=1),
    Repeat(other=Other.SAME, database="sqlite", killed=False, rounds=1),
    Repeat(other=Other.SENSELESS, database="postgres", killed=False, rounds=1),
]


def test_the_suite_has_fifty_callers_say_each_thing_under_one_key() -> None:
    """The same, another body, or one that makes no sense; the process lives or dies."""
    every = [(case.other, case.database, case.killed, case.seed) for case in cases()]

    others = ("same", "another", "senseless")
    wanted = product(others, ("sqlite", "postgres"), (False, True), range(4))
    assert sorted(every) == sorted(wanted)
    assert {case.rounds for case in cases()} == {5}
    assert repeats._CALLERS == 50


@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: case.name)
def test_one_key_from_fifty_callers_is_one_job_one_fact_and_one_answer(
    case: Repeat, ground: Ground
) -> None:
    """Whoever dies meanwhile, and whatever else is said under the key."""
    verdict = run(case, ground)

    assert verdict.clean, verdict.untold
    assert verdict.owed == 2 * case.rounds
