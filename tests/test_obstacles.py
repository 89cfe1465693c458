"""What stands in the way of a message is explained, each obstacle by its own name."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier.brands import go_live, set_quiet_hours
from notifier.delivery import deliver_due
from notifier.explain import explain
from notifier.planner import look_again
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


@pytest.mark.parametrize("obstacle", OBSTACLES.values(), ids=OBSTACLES)
def test_asked_a_day_later_it_says_what_stood_in_the_way(
    obstacle: Obstacle, sessions: sessionmaker[Session], clock: FakeClock
) -> None:
    """Whatever has become of the message, the address, the brand and the customer since."""
    desk, job = obstacle.happens(make_desk(sessions, clock, live=obstacle.live))
    then = desk.clock()
    desk.clock.advance(seconds=1)
    go_live(desk.services, desk.brand, actor="staff:1")
    set_quiet_hours(desk.services, desk.brand, usual="none", actor="staff:1")
    while deliver_due(desk.services):
        pass
    desk.clock.advance(hours=25)
    look_again(desk.services)
    desk.deliver()

    (found,) = [
        one
        for one in explain(desk.services, desk.brand, job, at=then)
        if (one.rule, one.role) == (obstacle.rule, obstacle.role)
    ]

    assert found.in_the_way == obstacle.in_the_way
