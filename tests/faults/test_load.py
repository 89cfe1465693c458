"""A sample of the load: some seconds of it. `python -m tests.faults` runs ten minutes."""

from __future__ import annotations

import pytest

from tests.faults.ground import Ground
from tests.faults.load import Load, cases, run

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]


def test_the_suite_kills_under_load_for_ten_minutes_thrice_on_each_database() -> None:
    """One of four workers every two to eight seconds, under 20,000 messages."""
    told = [(case.database, case.messages, case.seconds, case.workers) for case in cases()]

    assert sorted(told) == [
        (database, 20_000, 600, 4) for database in ("postgres", "sqlite") for _ in range(3)
    ]
    assert {case.pause for case in cases()} == {(2, 8)}
    assert len({case.name for case in cases()}) == 6


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_workers_that_die_under_load_lose_and_double_nothing(database: str, ground: Ground) -> None:
    """Customers are told while workers come and go."""
    case = Load(
        database=database,
        seed=0,
        messages=200,
        seconds=6,
        pause=(0.5, 1.5),
        lease=2,
        look_up_after=2.5,
        look_up_again=4,
    )

    verdict = run(case, ground)

    assert verdict.clean, verdict.untold
    assert verdict.owed == case.messages
