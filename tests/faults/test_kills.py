"""A sample of the kills; `python -m tests.faults` runs all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import Databases
from tests.faults.cases import Kill, kills
from tests.faults.killing import run_kill
from tests.faults.nursery import Nursery
from tests.faults.points import Point
from tests.faults.world import World

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

#: One of the path itself, one of its end, and two of an outcome in doubt.
SAMPLE = [
    Kill(point=Point.REQUEST_WRITTEN, database="postgres", workers=3, seed=0),
    Kill(point=Point.BEFORE_SETTLE_COMMITS, database="sqlite", workers=1, seed=0),
    Kill(point=Point.LAPSED, database="postgres", workers=1, seed=0),
    Kill(point=Point.LOOKED_UP, database="sqlite", workers=3, seed=0),
]


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """Return what starts workers."""
    with Nursery() as nursery:
        yield nursery


def test_the_suite_kills_at_every_point_on_both_databases_twenty_times() -> None:
    """Twelve points at least, one and three workers."""
    cases = list(kills())

    assert len({case.point for case in cases}) >= 12
    assert len({case.name for case in cases}) == len(cases) == len(Point) * 2 * 2 * 20


@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: case.name)
def test_whoever_dies_where_each_customer_has_each_text_once(
    case: Kill, databases: Databases, nursery: Nursery, tmp_path: Path
) -> None:
    """Nobody lost, nothing doubled, nothing that is not true or not owed."""
    url = databases.create(case.database)
    world = World.made(url, tmp_path, nursery)
    try:
        verdict = run_kill(world, case)
    finally:
        world.close()
    databases.drop(url)

    assert verdict.clean, verdict.untold
    assert verdict.owed == 2 * case.customers
