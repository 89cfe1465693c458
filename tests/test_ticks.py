"""Somebody sets the machine's clock, or it sleeps: what ticks goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from typing import Any

import pytest
from apscheduler.executors import base as executors
from apscheduler.schedulers import base as schedulers
from apscheduler.triggers.interval import IntervalTrigger

from notifier import ticks
from notifier.clock import system_now
from notifier.ticks import Ticks
from tests.served import eventually

_SOON = 20  # seconds, for what comes within one on a machine that has little else to do


class MachineClock:
    """The clock that APScheduler and we read. Tests set it."""

    ahead = timedelta()

    def __call__(self) -> datetime:
        return system_now() + self.ahead


class Ticked:
    """A job that a test waits for."""

    def __init__(self) -> None:
        self._came = threading.Semaphore(0)

    def __call__(self) -> None:
        self._came.release()

    def came(self, times: int = 1) -> bool:
        """Wait until it has run so often from now on; False if it does not."""
        while self._came.acquire(blocking=False):
            pass
        return all(self._came.acquire(timeout=_SOON) for _ in range(times))


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> MachineClock:
    """Return the clock that is read in place of the machine's."""
    machine = MachineClock()

    class Reading(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return machine().astimezone(tz)

    monkeypatch.setattr(ticks, "system_now", machine)
    monkeypatch.setattr(schedulers, "datetime", Reading)
    monkeypatch.setattr(executors, "datetime", Reading)
    return machine


@pytest.fixture
def scheduler(machine: MachineClock) -> Iterator[Ticks]:
    """Return what ticks by that clock, running."""
    running = Ticks()
    running.start()
    yield running
    running.shutdown()


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_set_keeps_no_tick_away(
    scheduler: Ticks, machine: MachineClock, hours: int
) -> None:
    """Back or forward: the next comes as soon as ever, and so do those after it."""
    ticked = Ticked()
    scheduler.add_job(ticked, "interval", seconds=0.05)
    assert ticked.came()

    machine.ahead = timedelta(hours=hours)

    assert ticked.came(times=3)


def test_ticks_that_were_never_due_are_not_gone_through(
    scheduler: Ticks, machine: MachineClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine without a battery starts in 1970 and learns the time: that is no day's work."""
    reckoned: list[datetime] = []
    following = IntervalTrigger.get_next_fire_time

    def reckon(trigger: IntervalTrigger, previous: datetime | None, now: datetime) -> Any:
        reckoned.append(now)
        return following(trigger, previous, now)

    monkeypatch.setattr(IntervalTrigger, "get_next_fire_time", reckon)
    ticked = Ticked()
    scheduler.add_job(ticked, "interval", seconds=0.5)
    assert ticked.came()

    reckoned.clear()
    machine.ahead = timedelta(hours=12)
    assert ticked.came(times=2)

    assert len(reckoned) < 100


@pytest.mark.parametrize("slept", [3, 8], ids=["for less than its interval", "for more"])
def test_what_was_due_while_the_machine_slept_is_done_when_it_wakes(
    scheduler: Ticks, machine: MachineClock, slept: int
) -> None:
    """Not after what was left to wait when it fell asleep; and nothing comes too late for it."""
    ticked = Ticked()
    job = scheduler.add_job(
        ticked, "interval", hours=6, next_run_time=system_now() + timedelta(hours=1)
    )
    scheduler.add_job(ticked, "interval", hours=6, next_run_time=system_now())
    assert ticked.came()

    machine.ahead = timedelta(hours=slept)

    assert ticked.came()
    assert job.next_run_time > system_now()


def test_a_slow_tick_is_not_joined_by_the_next(scheduler: Ticks, machine: MachineClock) -> None:
    """Nor do those that it has kept waiting pile up behind it, whatever the clock is set to."""
    others, go_on = Ticked(), threading.Event()
    begun: list[int] = []

    def be_slow() -> None:
        begun.append(1)
        go_on.wait(60)

    scheduler.add_job(be_slow, "interval", hours=1, next_run_time=system_now())
    scheduler.add_job(others, "interval", seconds=0.05)
    eventually(lambda: begun)
    for hours in (-2, 0, 2):
        machine.ahead = timedelta(hours=hours)
        assert others.came(times=3)

    assert len(begun) == 1
    go_on.set()
