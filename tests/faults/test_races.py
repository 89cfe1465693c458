"""A sample of the races; `python -m tests.faults` runs a thousand of each."""

from __future__ import annotations

import pytest

from tests.faults.ground import Ground
from tests.faults.races import Act, Race, cases, run

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]


def test_the_suite_races_each_act_a_thousand_times_on_each_database() -> None:
    """Cancel, withdrawal, STOP and a moved window."""
    told = {(case.act, case.database): case.races for case in cases()}

    assert told == {(act, database): 1000 for act in Act for database in ("sqlite", "postgres")}


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
@pytest.mark.parametrize("act", list(Act))
def test_what_was_committed_before_the_claim_decides(
    act: Act, database: str, ground: Ground
) -> None:
    """Whichever comes first, each customer has what was true at the claim, and nothing else."""
    verdict = run(Race(act=act, database=database, races=20), ground)

    assert verdict.clean, verdict.untold
