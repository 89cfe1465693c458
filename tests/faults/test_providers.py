"""A sample of the providers that fail; `python -m tests.faults` runs all of them."""

from __future__ import annotations

import pytest

from tests.faults.ground import Ground
from tests.faults.providers import Failing, cases, run

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

#: Not taken, refused, in doubt and found, in doubt and reported.
SAMPLE = [
    Failing(provider="twilio", fault="429", database="sqlite", customers=8),
    Failing(provider="sendgrid", fault="400", database="sqlite", customers=8),
    Failing(provider="twilio", fault="reset_after", database="postgres", customers=8),
    Failing(provider="sendgrid", fault="garbage", database="postgres", customers=8),
]


def test_the_suite_has_every_fault_of_both_providers_on_both_databases() -> None:
    """Ten faults at least, and each case is one of its name."""
    every = list(cases())

    assert len({case.fault for case in every}) >= 10
    assert len({case.name for case in every}) == len(every)


@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: case.name)
def test_however_a_provider_fails_nobody_is_lost_or_told_twice(
    case: Failing, ground: Ground
) -> None:
    """Taken once, or refused and a person rings."""
    verdict = run(case, ground)

    assert verdict.clean, verdict.untold
    assert (verdict.owed, verdict.held) == (case.customers, 0)
