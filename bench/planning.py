"""planning: deciding what one job owes, its conditions alone, and one fact recorded."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from uuid import UUID

from bench.stage import DATABASES, Stage, stage
from bench.tables import percentile, table, us
from notifier.domain.facts import FactSource, FactType
from notifier.domain.planning import plan
from notifier.intake import NewFact, record
from notifier.store.engine import reading
from notifier.store.snapshots import load_snapshots

_PURE_ROUNDS = 2_000
_FACTS = 300


def run() -> list[str]:
    """Measure, and return the tables."""
    rows: list[list[str]] = []
    with stage(DATABASES[0]) as built:
        rows += _pure(built)
    recorded = []
    for database in DATABASES:
        with stage(database) as built:
            recorded.append([f"one fact recorded, {database}", *_recorded(built)])
    head = ["what", "median", "p99"]
    return [table("Planning", head, rows + recorded)]


def _pure(built: Stage) -> list[list[str]]:
    services = built.services
    job = built.book(1)
    _late(built, job, 45)
    with reading(services.sessions) as session:
        snapshot = load_snapshots(session, [job])[job]
    rules, now = services.rulebook.rules, services.now()
    planned = plan(snapshot.plan_input, rules, now=now)
    on = [rule for rule in rules if rule.enabled and rule.jobs is snapshot.state.kind]
    values = next(d.values for d in planned.decisions if d.values)
    return [
        [
            f"plan one late visit, one customer, {len(rules)} rules",
            *_timed(lambda: plan(snapshot.plan_input, rules, now=now)),
        ],
        [
            f"of which the {len(on)} conditions",
            *_timed(lambda: [rule.condition(values) for rule in on]),
        ],
    ]


def _timed(work: Callable[[], object]) -> list[str]:
    """Time pure work by the processor's time of this thread, which other programs don't touch."""
    took = []
    for _ in range(_PURE_ROUNDS):
        began = time.thread_time()
        work()
        took.append(time.thread_time() - began)
    return [us(median(took)), us(percentile(took, 0.99))]


def _recorded(built: Stage) -> list[str]:
    jobs = [built.book(number) for number in range(20)]
    took = []
    for number in range(_FACTS):
        began = time.perf_counter()
        # Ten facts and more a job: each is folded with those before it.
        _late(built, jobs[number % len(jobs)], 15 + number)
        took.append(time.perf_counter() - began)
    return [us(median(took)), us(percentile(took, 0.99))]


def _late(built: Stage, job: UUID, minutes: int) -> None:
    record(
        built.services,
        built.brand,
        job,
        NewFact(type=FactType.DELAYED, source=FactSource.API, actor="key:bench", minutes=minutes),
    )
