"""planning: deciding what one job owes, its conditions alone, and facts recorded."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Column, Engine, MetaData, Table, Text, Uuid, event

from bench.stage import DATABASES, Stage, stage
from bench.tables import percentile, table, us
from notifier.domain.facts import FactSource, FactType
from notifier.domain.planning import plan
from notifier.domain.rules.situation import Situation
from notifier.intake import NewFact, Recorded, record, record_many
from notifier.store.engine import reading
from notifier.store.snapshots import load_snapshots

_PURE_ROUNDS = 2_000
_FACTS = 300
_BULK_JOBS = 200
_CROWDS = 4  # of so many jobs; each hears three such facts


def run() -> list[str]:
    """Measure, and return the tables."""
    with stage(DATABASES[0]) as built:
        pure = _pure(built)
    recorded = []
    for database in DATABASES:
        with stage(database) as built:
            recorded += [[f"{what}, {database}", *took] for what, *took in _recorded(built)]
    return [
        table("Planning", ["what", "median", "p99"], pure),
        table("Recording", ["what", "median", "p99", "statements"], recorded),
    ]


def _pure(built: Stage) -> list[list[str]]:
    services = built.services
    job = built.book(1)
    _late(built, job, 45)
    with reading(services.sessions) as session:
        snapshot = load_snapshots(session, [job])[job]
    rules, now = services.rulebook.rules, services.now()
    planned = plan(snapshot.plan_input, rules, now=now)
    on = [rule for rule in rules.of(snapshot.state.kind) if rule.enabled]
    seen = planned.decisions[0].situation

    def conditions() -> list[bool]:
        fresh = Situation(
            seen.job,
            seen.person,
            seen.drift,
            seen.reference,
            bad_rules=rules.bad_news,
            before_episode=1,
            now=now,
        )
        return [rule.condition.holds(fresh) for rule in on]

    return [
        [
            f"plan one late visit, one customer, {len(rules.of(snapshot.state.kind))} rules",
            *_timed(lambda: plan(snapshot.plan_input, rules, now=now)),
        ],
        [f"of which the {len(on)} conditions", *_timed(conditions)],
    ]


def _timed(work: Callable[[], object]) -> list[str]:
    """Time pure work by the processor's time of this thread, which other programs don't touch."""
    took = []
    for _ in range(_PURE_ROUNDS):
        began = time.thread_time()
        work()
        took.append(time.thread_time() - began)
    return _spread(took)


def _recorded(built: Stage) -> list[list[str]]:
    """Return the least that a commit costs, one fact with its commit, and one of many jobs.

    Delivery is woken in this process, as with `make run`, so no `NOTIFY` follows the commit.
    """
    built.waker.serve_here()
    insert = _bare_insert(built.engine)
    bare = _walled(insert, _FACTS)
    jobs = [built.book(number) for number in range(_FACTS // 3)]
    few = _walled(lambda number: _late(built, jobs[number % len(jobs)], 15 + number), _FACTS)
    storied = [built.book(len(jobs) + number) for number in range(10)]
    for number in range(20 * len(storied)):
        _late(built, storied[number % len(storied)], 15 + number)
    long = _walled(lambda number: _late(built, storied[number % 10], 300 + number), _FACTS // 3)
    crowds = [
        [built.book(10_000 + _BULK_JOBS * crowd + number) for number in range(_BULK_JOBS)]
        for crowd in range(_CROWDS)
    ]
    bulk = _walled(
        lambda number: _all_late(built, crowds[number % _CROWDS], 15 * (number + 1)), 3 * _CROWDS
    )
    with _Counting(built.engine) as counting:
        insert(_FACTS)
        bare_statements = counting.statements
        _late(built, jobs[0], 20 + _FACTS)
        one_statements = counting.statements - bare_statements
        _all_late(built, crowds[0], 7)
        bulk_statements = counting.statements - one_statements - bare_statements
    return [
        ["one row inserted and committed", *_spread(bare), str(bare_statements)],
        ["one fact, the 2nd to 4th of its job", *_spread(few), str(one_statements)],
        ["one fact, the 22nd to 31st of its job", *_spread(long), str(one_statements)],
        [
            f"one fact about {_BULK_JOBS} jobs, a job",
            *_spread([took / _BULK_JOBS for took in bulk]),
            f"{bulk_statements / _BULK_JOBS:.2f}",
        ],
    ]


def _walled(work: Callable[[int], object], times: int) -> list[float]:
    took = []
    for number in range(times):
        began = time.perf_counter()
        work(number)
        took.append(time.perf_counter() - began)
    return took


def _spread(took: Sequence[float]) -> list[str]:
    return [us(median(took)), us(percentile(took, 0.99))]


def _bare_insert(engine: Engine) -> Callable[[int], None]:
    """Return what inserts one row, without the ORM: the disk and the driver alone."""
    bare = Table("bench_rows", MetaData(), Column("id", Uuid, primary_key=True), Column("b", Text))
    bare.create(engine)
    statement = bare.insert()

    def insert(number: int) -> None:
        with engine.begin() as connection:
            connection.execute(statement, {"id": uuid4(), "b": f"{number:0200}"})

    return insert


class _Counting:
    """Counts the statements that an engine sends, but for begin and commit."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.statements = 0

    def __enter__(self) -> _Counting:
        event.listen(self._engine, "before_cursor_execute", self._count)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._count)

    def _count(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self.statements += not statement.startswith("BEGIN")


def _late(built: Stage, job: UUID, minutes: int) -> None:
    record(built.services, built.brand, job, _delay(minutes))


def _all_late(built: Stage, jobs: Sequence[UUID], minutes: int) -> None:
    outcomes = record_many(built.services, built.brand, jobs, _delay(minutes))
    assert all(isinstance(outcome, Recorded) for outcome in outcomes.values())


def _delay(minutes: int) -> NewFact:
    return NewFact(type=FactType.DELAYED, source=FactSource.API, actor="key:bench", minutes=minutes)
