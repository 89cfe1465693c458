"""A sample of the repeats; `python -m tests.faults` runs all of them."""

from __future__ import annotations

import pytest

from tests.faults.ground import Ground
from tests.faults.repeats import Other, Repeat, run

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

SAMPLE = [
    Repeat(other=Other.ANOTHER, database="postgres", killed=True, rounds=1),
    Repeat(other=Other.SAME, database="sqlite", killed=False, rounds=1),
    Repeat(other=Other.SENSELESS, database="postgres", killed=False, rounds=1),
]


@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: case.name)
def test_one_key_from_fifty_callers_is_one_job_one_fact_and_one_answer(
    case: Repeat, ground: Ground
) -> None:
    """Whoever dies meanwhile, and whatever else is said under the key."""
    verdict = run(case, ground)

    assert verdict.clean, verdict.untold
    assert verdict.owed == 2 * case.rounds
