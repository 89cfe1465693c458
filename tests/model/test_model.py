"""The engine keeps its word, whatever happens in whatever order.

`make test` runs it 200 times, `make test-model` 2,000 times (`RUNS=… SEED=…` for others), each
run up to fifty steps. Every shard has a seed of its own and no example is kept from one run to
the next, so a seed says exactly what is tried: a failure in CI is the same failure at a desk,
and a run that was green stays green until the code changes. New ground is for `SEED`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.engine import Engine
from tests.model.order import Order
from tests.model.tally import Tally
from tests.model.visit import Visit

_RUNS = int(os.environ.get("MODEL_RUNS", "200"))
_SEED = int(os.environ.get("MODEL_SEED", "3"))
_STEPS = 50

#: Runs that start from one seed. After ten, hypothesis goes on with variations of what it has.
_BATCH = 10

#: Shards, so that several processors take part; more visits than orders, for more can happen.
_SHARDS = [*((Visit, number) for number in range(5)), *((Order, number) for number in range(3))]


@pytest.mark.timeout(0)
@pytest.mark.parametrize(
    ("job", "shard"), _SHARDS, ids=[f"{job.__name__.lower()}-{n}" for job, n in _SHARDS]
)
def test_nobody_is_misled_told_twice_woken_or_forgotten(
    job: type[Engine], shard: int, record_property: Callable[[str, object], None]
) -> None:
    """What `claims.py` and `watch.py` beside this demand holds at every claim and every moment."""
    tally = Tally()
    runs = -(-_RUNS // len(_SHARDS))
    for batch in count():
        if tally.counts["runs"] >= runs:
            break  # hypothesis gives a batch up early where it can only repeat itself
        machine = type(job.__name__, (job,), {"tally": tally})
        run_state_machine_as_test(
            seed((_SEED * 1_000 + shard) * 1_000 + batch)(machine),
            settings=settings(
                max_examples=_BATCH,
                stateful_step_count=_STEPS,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    record_property("tried", dict(tally.counts))
