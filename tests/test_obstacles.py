"""What stands in the way of a message is explained, each obstacle by its own name."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier.explain import explain
from tests.desk import make_desk
from tests.fakes.clock import FakeClock
from tests.obstacles import OBSTACLES, Obstacle


@pytest.mark.parametrize("obstacle", OBSTACLES.values(), ids=OBSTACLES)
def test_it_says_what_stands_in_the_way(
    obstacle: Obstacle, sessions: sessionmaker[Session], clock: FakeClock
) -> None:
    """That, and nothing else."""
    desk, job = obstacle.happens(make_desk(sessions, clock, live=obstacle.live))

    (found,) = [
        one
        for one in explain(desk.services, desk.brand, job)
        if (one.rule, one.role) == (obstacle.rule, obstacle.role)
    ]

    assert found.in_the_way == obstacle.in_the_way
