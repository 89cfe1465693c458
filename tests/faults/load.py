"""Random kills under load: every few seconds one of four workers ends, and another takes over.

Ten minutes under 20,000 messages for each seed, in four parts: whatever waits for its look-ups
when the killing is over takes minutes more, and a shard of the suite is to take less than nine.
SQLite, with its one writer, takes 8,000 in that time: with more than it takes, most of them
would go out when the killing is over.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from notifier.domain.messages import Channel
from tests.faults.ground import Ground, NotReached
from tests.faults.judge import Verdict
from tests.faults.postman import reporting
from tests.faults.world import World

SEEDS = 3
PARTS = 4
EMAIL_PARTS = 2
ONE_BY_EMAIL = 4  # of so many customers
MESSAGES = {"postgres": 5_000, "sqlite": 2_000}  # in each part

_CALLERS = 4
_LOOK_S = 0.1
_DRAINED_S = 200  # after the last kill: leases, two look-ups, and what has piled up


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """So many messages are owed over so long, while workers are killed."""

    database: str
    seed: int
    part: int = 0
    messages: int = 5_000
    seconds: float = 150
    workers: int = 4
    pause: tuple[float, float] = (2, 8)  # seconds from one kill to the next
    lease: float = 30  # seconds, as `LEASE_SECONDS` and its fellows are by default
    look_up_after: float = 40
    look_up_again: float = 90
    hold_after: float = 150  # less than the 15 minutes of `Timing`: until it is quiet
    by_email: int = 0  # every so manieth customer has no number; 0: none
    held_per_kill: float = 0  # where it is so few messages that one in a thousand is none

    @property
    def visits(self) -> int:
        """How many are booked: each owes a confirmation, and later the new time."""
        return self.messages // 2

    @property
    def name(self) -> str:
        """What this case is called, in the table and in the record of what has run."""
        what = f"{self.messages} in {self.seconds:g} s"
        if self.by_email:
            what += f", one of {self.by_email} by email"
        return f"load/{what}/{self.database}/{self.seed}/{self.part}"

    def channel(self, number: int) -> Channel:
        """Return how the customer of that visit is told."""
        by_email = self.by_email and number % self.by_email == 0
        return Channel.EMAIL if by_email else Channel.SMS


def cases() -> Iterator[Load]:
    """Yield the loads of the suite: ten minutes of each seed on each database.

    And five of each with emails, of which nobody can look up what a dead worker sent.
    """
    for database, messages in MESSAGES.items():
        for seed in range(SEEDS):
            for part in range(PARTS):
                yield Load(database=database, seed=seed, part=part, messages=messages)
            for part in range(EMAIL_PARTS):
                yield Load(
                    database=database,
                    seed=seed,
                    part=part,
                    messages=messages,
                    by_email=ONE_BY_EMAIL,
                )


def run(case: Load, ground: Ground) -> Verdict:
    """Run `case` and return the verdict.

    :raises NotReached: if nobody was killed.
    """
    with ground.world(case.database) as world, reporting(world) if case.by_email else nullcontext():
        world.timings = {
            "lease": case.lease,
            "look_up_after": case.look_up_after,
            "look_up_again": case.look_up_again,
            "hold_after": case.hold_after,
        }
        world.start_workers(case.workers)
        with ThreadPoolExecutor(1) as beside:
            killed = beside.submit(_kill_now_and_then, world, case)
            _live(world, case)
        if not killed.result():
            raise NotReached("nobody was killed")
        verdict = world.verdict()
        verdict.may_be_held = case.held_per_kill * killed.result()
        verdict.notes.append(f"{killed.result()} workers were killed")
        return verdict


def _kill_now_and_then(world: World, case: Load) -> int:
    """Kill and replace workers for as long as news comes; return how many that were."""
    chance, never = random.Random(case.name), threading.Event()
    ends = time.monotonic() + case.seconds
    killed = 0
    while time.monotonic() < ends:
        never.wait(chance.uniform(*case.pause))
        world.nursery.kill(chance.choice(world.workers))
        killed += world.replace_the_dead()
    return killed


def _live(world: World, case: Load) -> None:
    """Book the visits one after another, and say of each that it is late once it is confirmed.

    Whoever has no confirmation long after the last kill is left to the judge.
    """
    journal = _Journal(world.directory / "journal")
    visit_of = {
        world.address(number, case.channel(number)): number for number in range(case.visits)
    }
    booked: list[Future[UUID]] = []
    late: dict[int, Future[None]] = {}

    def turn_late(number: int) -> None:
        world.say_late(booked[number].result())

    began, never = time.monotonic(), threading.Event()
    with ThreadPoolExecutor(_CALLERS) as callers:
        while len(late) < case.visits:
            passed = time.monotonic() - began
            if passed > case.seconds + _DRAINED_S:
                break
            by_now = min(case.visits, int(case.visits * passed / case.seconds) + 1)
            booked += [
                callers.submit(world.book_one, number, case.channel(number))
                for number in range(len(booked), by_now)
            ]
            for number in (visit_of[to] for to in journal.news()):
                if number not in late:
                    late[number] = callers.submit(turn_late, number)
            never.wait(_LOOK_S)
    for one in booked:
        one.result()
    for said in late.values():
        said.result()


class _Journal:
    """The providers' journal, read on from where it was read before."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read = 0

    def news(self) -> list[str]:
        """Return the numbers and addresses that got something since it was asked last."""
        if not self._file.exists():
            return []
        with self._file.open("rb") as journal:
            journal.seek(self._read)
            whole, _, _ = journal.read().rpartition(b"\n")
        self._read += len(whole) + 1 if whole else 0
        return [json.loads(line)["to"] for line in whole.splitlines()]
