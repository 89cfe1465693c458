"""Run one kill: customers owed news, a worker that ends at a point, and another in its place."""

from __future__ import annotations

from tests.faults.cases import Kill
from tests.faults.judge import Verdict
from tests.faults.points import Point
from tests.faults.world import World

_QUIET_S = 90  # leases, look-ups and a busy machine

#: These come after a lease that nobody ended: another worker dies first.
_AFTER_A_DEATH = frozenset({Point.BEFORE_LAPSE_COMMITS, Point.LAPSED})


class NotReached(Exception):
    """The case did not come to what it is about; it says nothing of the product."""


def run_kill(world: World, case: Kill) -> Verdict:
    """Run `case` in the empty `world` and return the verdict.

    :raises NotReached: if no worker died at the point.
    """
    world.book(case.customers)
    world.start_workers(case.workers)
    if not world.wait_until(world.is_quiet, _QUIET_S):
        raise NotReached("the confirmations did not all go out")
    if case.loss is not None and case.point not in _AFTER_A_DEATH:
        world.providers.fail_next_sms(case.loss)
    if case.point in _AFTER_A_DEATH:
        world.set_trap(Point.CLAIM_COMMITTED, 1)
        world.late()
        _wait_for_a_death(world)
        world.set_trap(case.point, 1)
        world.replace_the_dead()
    else:
        world.set_trap(case.point, 1)
        world.late()
    _wait_for_a_death(world)
    world.replace_the_dead()
    world.wait_until(world.is_quiet, _QUIET_S)
    return world.verdict()


def _wait_for_a_death(world: World) -> None:
    if not world.wait_until(world.somebody_died, _QUIET_S):
        raise NotReached("nobody died there")
