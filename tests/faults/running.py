"""Runs cases, family by family, several at once, for as long as there is time."""

from __future__ import annotations

import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tests.databases import Databases
from tests.faults.families import Case, Family
from tests.faults.ground import Ground, NotReached
from tests.faults.judge import Verdict
from tests.faults.nursery import Nursery
from tests.faults.record import Record

#: Seconds within which a run is to end: so a shard ends within nine minutes, however many its
#: cases are, and the next call goes on.
BUDGET_S = 500.0


def run(
    cases: Sequence[tuple[Family, Case]], record: Record, *, total: int, budget: float = BUDGET_S
) -> int:
    """Run what fits into `budget` seconds, say how far it is, and return how many are left."""
    directory = Path(tempfile.mkdtemp(prefix="faults-"))
    course = _Course(record, total=total, done=total - len(cases), budget=budget)
    databases = Databases(directory)
    try:
        with Nursery(databases) as nursery:
            ground = Ground(databases, nursery, directory)
            for family in dict.fromkeys(its for its, _ in cases):
                of_family = [case for its, case in cases if its is family]
                with ThreadPoolExecutor(family.at_once) as pool:
                    list(pool.map(partial(course.take, ground, family), of_family))
    finally:
        databases.close()
        shutil.rmtree(directory, ignore_errors=True)
    return course.left


class _Course:
    """How far a run is, and what there is still time for. Shared by the threads that run cases."""

    def __init__(self, record: Record, *, total: int, done: int, budget: float) -> None:
        self.left = 0
        self._record, self._total, self._done = record, total, done
        self._began, self._budget = time.monotonic(), budget
        self._has_begun_one = False
        self._lock = threading.Lock()

    def take(self, ground: Ground, family: Family, case: Case) -> None:
        """Run the case and note what came of it, or leave it to the next call."""
        if not self._has_time_for(family):
            return
        started = time.monotonic()
        verdict, reached = _verdict(family, case, ground)
        self._record.add(case.name, verdict, reached=reached, seconds=time.monotonic() - started)
        with self._lock:
            self._done += 1
            said = f"{self._done}/{self._total} in {self._passed:.0f} s: {case.name}"
            print(said, file=sys.stderr, flush=True)

    def _has_time_for(self, family: Family) -> bool:
        """Return whether a case would end in time; the first is begun, or no call would get on."""
        with self._lock:
            fits = self._passed + family.seconds <= self._budget
            if self._has_begun_one and not fits:
                self.left += 1
                return False
            self._has_begun_one = True
            return True

    @property
    def _passed(self) -> float:
        return time.monotonic() - self._began


def _verdict(family: Family, case: Case, ground: Ground) -> tuple[Verdict, bool]:
    """Return the verdict, and whether the case came to its point."""
    try:
        return family.run(case, ground), True
    except NotReached as why:
        return Verdict(untold=[f"not reached: {why}"]), False
    except Exception as error:  # the other cases of the shard still count
        return Verdict(untold=[f"ended by {error!r}"]), False
