"""Claims of the suite's workers pass the guards that ship, and none is stopped by them."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from sqlalchemy import select

from notifier.domain.guards.limits import TallyOf
from notifier.store.engine import reading
from notifier.store.tables import Tally
from tests.faults.ground import Ground
from tests.faults.guards import unreached_guards

_CUSTOMERS = 3


def test_every_kind_of_guard_is_on() -> None:
    """One that ships and is off here would be a lock that no kill ever met."""
    limits = asdict(unreached_guards().usual)

    assert limits.pop("brake_times") == 3
    assert min(limits.values()) > 10**9


@pytest.mark.faults
@pytest.mark.timeout(300)
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_what_a_worker_claims_is_counted_and_goes(database: str, ground: Ground) -> None:
    """By each kind of tally, under the lock of the brand."""
    with ground.world(database) as world:
        world.book(_CUSTOMERS)
        world.start_workers(1)
        verdict = world.verdict()
        with reading(world.services.sessions) as session:
            amounts = session.execute(select(Tally.of, Tally.amount)).all()

    assert verdict.clean, verdict.untold
    assert {of for of, _ in amounts} == set(TallyOf)
    assert sum(amount for of, amount in amounts if of == TallyOf.DAY) == _CUSTOMERS
