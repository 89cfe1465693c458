"""Kills at the points of the send path: a worker ends there, and another takes its place."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass

from notifier.domain.messages import Channel
from tests.faults.ground import Ground, NotReached
from tests.faults.judge import Verdict
from tests.faults.points import BEFORE_ANY_CALL, IN_DOUBT, OF_AN_EMAIL, OF_EACH_MESSAGE, Point
from tests.faults.postman import reporting
from tests.faults.world import World

SEEDS = 20
EMAIL_SEEDS = 5
DATABASES = ("sqlite", "postgres")
WORKERS = (1, 3)

#: How an answer is lost, so that the outcome is in doubt.
LOSSES = ("reset_before", "reset_after", "error_before", "error_after", "garbage")

_DEATH_S = 90  # leases, look-ups and a busy machine
_CALL_S = 0.6  # longer than from tick to tick: who finds something due finds the others calling
_HOLD_S = 12  # after which an email is a person's; its report came long before

#: These come after a lease that nobody ended: another worker dies first.
_AFTER_A_DEATH = frozenset({Point.BEFORE_LAPSE_COMMITS, Point.LAPSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """One of `workers` workers ends at `point`, and another takes its place."""

    point: Point
    database: str
    workers: int
    seed: int
    channel: Channel = Channel.SMS

    @property
    def name(self) -> str:
        """What this case is called, in the table and in the record of what has run."""
        what = "email-" if self.channel is Channel.EMAIL else ""
        return f"kill/{what}{self.point}/{self.database}/{self.workers}/{self.seed}"

    @property
    def customers(self) -> int:
        """How many are owed news: of several workers none can take all, nor two claims of one."""
        fewest = 2 if self.at_a_time is None else 3 * self.at_a_time
        return self._random("customers").randint(fewest, 8)

    @property
    def at_a_time(self) -> int | None:
        """How many messages one claim takes; None: as many as in production, which is all."""
        return None if self.workers == 1 else 2

    @property
    def count(self) -> int:
        """How often a worker has passed the point when it ends there: one of them does so often."""
        if self.point not in OF_EACH_MESSAGE:
            return 1
        each = math.ceil(self.customers / self.workers)
        return self._random("count").randint(1, each)

    @property
    def loss(self) -> str | None:
        """How one answer is lost; only at points that are passed where one is in doubt."""
        if self.first_death is not None or self.point not in IN_DOUBT:
            return None
        return self._random("loss").choice(LOSSES)

    @property
    def first_death(self) -> Point | None:
        """Where another worker dies before, so that there is something for this one to do."""
        if self.point in _AFTER_A_DEATH:
            return Point.CLAIM_COMMITTED
        if self.channel is Channel.EMAIL and self.point in IN_DOUBT:
            return Point.CALL_NOTED
        return None

    @property
    def may_be_held(self) -> int:
        """How many emails nobody can say anything of afterwards.

        Those whose calls the dead had begun: of a worker as many as it makes at once, and of
        so few customers as there are. Of one that ends before a call it is those of before.
        """
        if self.channel is not Channel.EMAIL:
            return 0
        if self.point in BEFORE_ANY_CALL:
            return self.count - 1
        deaths = {self.point, self.first_death}
        return self.customers if deaths - BEFORE_ANY_CALL - IN_DOUBT - {None} else 0

    def _random(self, what: str) -> random.Random:
        return random.Random(f"{self.name}/{what}")


def cases() -> Iterator[Kill]:
    """Yield every kill: 15 points, two databases, one and three workers, 20 seeds.

    And of an email, where nobody can look it up: 17 points, 5 seeds.
    """
    for channel, seeds in ((Channel.SMS, SEEDS), (Channel.EMAIL, EMAIL_SEEDS)):
        for seed in range(seeds):
            for point in Point:
                if channel is Channel.SMS and point in OF_AN_EMAIL:
                    continue
                for database in DATABASES:
                    for workers in WORKERS:
                        yield Kill(
                            point=point,
                            database=database,
                            workers=workers,
                            seed=seed,
                            channel=channel,
                        )


def run(case: Kill, ground: Ground) -> Verdict:
    """Run `case` and return the verdict.

    :raises NotReached: if no worker died at the point.
    """
    by_email = case.channel is Channel.EMAIL
    with ground.world(case.database) as world, reporting(world) if by_email else nullcontext():
        if by_email:
            world.timings["hold_after"] = _HOLD_S
        world.at_a_time = case.at_a_time
        world.book(case.customers, case.channel)
        world.start_workers(case.workers)
        if not world.come_to_rest():
            raise NotReached("the confirmations did not all go out")
        if case.loss is not None:
            world.providers.fail_next_sms(case.loss)
        if case.workers > 1:
            _take_time(world, case)
        if case.first_death is not None:
            world.set_trap(case.first_death, 1)
            world.late()
            _wait_for_a_death(world)
            world.set_trap(case.point, case.count)
            world.replace_the_dead()
        else:
            world.set_trap(case.point, case.count)
            world.late()
        _wait_for_a_death(world)
        world.replace_the_dead()
        verdict = world.verdict()
        verdict.may_be_held = case.may_be_held
        if case.point in _AFTER_A_DEATH:  # who dies there may be sending something else meanwhile
            verdict.may_be_held = max(case.may_be_held, world.held_in_call())
        return verdict


def _take_time(world: World, case: Kill) -> None:
    """Let each call take so long that all workers come to have some of the news."""
    fail_next = {
        Channel.SMS: world.providers.fail_next_sms,
        Channel.EMAIL: world.providers.fail_next_email,
    }[case.channel]
    fail_next("slow", times=case.customers, seconds=_CALL_S)


def _wait_for_a_death(world: World) -> None:
    if not world.wait_until(world.somebody_died, _DEATH_S):
        raise NotReached("nobody died there")
