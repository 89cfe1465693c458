"""A sample of the providers that fail; `python -m tests.faults` runs all of them."""

from __future__ import annotations

from itertools import product

import pytest

from notifier.providers.codes import TWILIO
from tests.faults.ground import Ground
from tests.faults.nursery import FIVE_TIMES_AS_FAST
from tests.faults.providers import FAULTS, LISTED_LATE_S, Failing, cases, listing_lag, run

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

#: Not taken, refused, in doubt and found, in doubt and reported.
SAMPLE = [
    Failing(provider="twilio", fault="429", database="sqlite", customers=8),
    Failing(provider="sendgrid", fault="400", database="sqlite", customers=8),
    Failing(provider="twilio", fault="400_known", database="sqlite", customers=8),
    Failing(provider="twilio", fault="reset_after", database="postgres", customers=8),
    Failing(provider="sendgrid", fault="garbage", database="postgres", customers=8),
]


def test_the_suite_has_every_fault_of_both_providers_on_both_databases() -> None:
    """Under 200 customers each."""
    every = [(case.provider, case.fault, case.database) for case in cases()]

    faults = {
        "429",
        "429_retry_after",
        "400",
        "500_before",
        "500_after",
        "timeout_after",
        "reset_before",
        "reset_after",
        "slow",
        "taken_late",
        "garbage",
        "flapping",
    }
    of_both = product(("twilio", "sendgrid"), faults, ("sqlite", "postgres"))
    of_twilio = product(("twilio",), ("400_known",), ("sqlite", "postgres"))
    assert sorted(every) == sorted([*of_both, *of_twilio])
    refusals = {fault: str(FAULTS[fault][1]["code"]) for fault in ("400", "400_known")}
    assert {fault for fault, code in refusals.items() if code in TWILIO} == {"400_known"}
    assert {case.customers for case in cases()} == {200}


def test_twilio_lists_what_it_took_late_but_in_time() -> None:
    """Before the second look-up, whatever the seed says: the limit beyond is on record."""
    lags = [listing_lag(case, "+12065550100") for case in cases()]

    assert len(set(lags)) == len(lags)
    assert max(lags) <= LISTED_LATE_S
    taken_by = FIVE_TIMES_AS_FAST["lease"] + FAULTS["taken_late"][1]["seconds"]
    assert taken_by + LISTED_LATE_S < FIVE_TIMES_AS_FAST["look_up_again"]


@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: case.name)
def test_however_a_provider_fails_nobody_is_lost_or_told_twice(
    case: Failing, ground: Ground
) -> None:
    """Taken once, or refused and a person rings."""
    verdict = run(case, ground)

    assert verdict.clean, verdict.untold
    assert (verdict.owed, verdict.held) == (case.customers, 0)
