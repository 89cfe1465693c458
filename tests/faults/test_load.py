"""A sample of the load: some seconds of it. `python -m tests.faults` runs ten minutes."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.faults.ground import Ground
from tests.faults.load import Load, cases, run

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]


def test_the_suite_kills_under_load_for_ten_minutes_thrice_on_each_database() -> None:
    """One of four workers every two to eight seconds, under as many as the database takes."""
    seconds, messages = Counter[tuple[str, int]](), Counter[tuple[str, int]]()
    by_email = Counter[tuple[str, int]]()
    for case in cases():
        assert (case.workers, case.pause, case.held_per_kill) == (4, (2, 8), 0)
        if case.by_email:
            assert case.by_email == 4
            by_email[case.database, case.seed] += int(case.seconds)
            continue
        seconds[case.database, case.seed] += int(case.seconds)
        messages[case.database, case.seed] += case.messages

    seeds = [(database, seed) for database in ("sqlite", "postgres") for seed in range(3)]
    assert seconds == dict.fromkeys(seeds, 600)
    takes = {"postgres": 20_000, "sqlite": 8_000}
    assert messages == {(database, seed): takes[database] for database, seed in seeds}
    assert len({case.name for case in cases()}) == len(list(cases()))
    assert by_email == dict.fromkeys(seeds, 300)


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_workers_that_die_under_load_lose_and_double_nothing(database: str, ground: Ground) -> None:
    """Customers are told by text and by email while workers come and go.

    An email that one of them was sending as it died may be a person's now, and no other.
    """
    case = Load(
        database=database,
        seed=0,
        messages=60,
        by_email=2,
        held_per_kill=1,
        hold_after=8,
        seconds=5,
        pause=(0.5, 1.5),
        lease=2,
        look_up_after=2.5,
        look_up_again=4,
    )

    verdict = run(case, ground)

    assert verdict.clean, verdict.untold
    # Of a delay is told whoever has the confirmation, and of what is held nobody knows.
    assert case.messages - verdict.held <= verdict.owed <= case.messages
