"""tick: what one round of the worker costs, with few and with many messages that are not due."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from uuid import UUID

from sqlalchemy import Connection, text

from bench.stage import DATABASES, Stage, stage
from bench.tables import ms, table
from notifier.scheduler import run_round
from notifier.store.tables import Job, JobPerson, Message
from notifier.store.tables.columns import Base

_SIZES = (10_000, 1_000_000)
_DUE = 1_000
_IDLE_ROUNDS = 30
_MESSAGES_A_JOB = 2
_LATER = timedelta(days=2)
_TURNS, _A_TURN = 8, 50


def run() -> list[str]:
    """Measure, and return the tables."""
    rows = []
    for database in DATABASES:
        with stage(database) as built:
            rows += _measure(database, built)
    head = ["", "planned, not due", "none due", f"{_DUE:,} due", "a message", "of it processor"]
    return [
        table("One tick: every step of a round, until nothing is left to do", head, rows),
        note_table(),
    ]


def note_table() -> str:
    """Measure what it costs to note each call, as where nobody could look it up; in turns."""
    rows = []
    for database in DATABASES:
        with stage(database) as built:
            _deliver(built, 0)  # all that is loaded the first time
            used: dict[bool, list[float]] = {True: [], False: []}
            for turn in range(1, 2 * _TURNS + 1):
                built.sms.can_look_up = turn % 2 == 0
                used[built.sms.can_look_up].append(_deliver(built, turn))
            plain, noted = median(used[True]), median(used[False])
            rows.append([database, ms(plain), ms(noted), f"{noted / plain:.2f}"])
    head = ["", "looked up", "noted first", "ratio"]
    return table("What a note before each call costs: processor, a message", head, rows)


def _deliver(built: Stage, turn: int) -> float:
    """Owe a turn's messages and deliver them; return the processor's seconds for one."""
    for number in range(turn * _A_TURN, (turn + 1) * _A_TURN):
        built.book(number)
    used = time.process_time()
    _drain(built)
    return (time.process_time() - used) / _A_TURN


def _measure(database: str, built: Stage) -> list[list[str]]:
    template = built.book(0, starts_in=_LATER)
    _drain(built)
    rows, planned = [], 0
    for size in _SIZES:
        with built.services.sessions.begin() as session:
            _fill(session.connection(), template, planned // _MESSAGES_A_JOB, size)
        planned = size
        _settle_down(built)
        idle = median(_timed_round(built) for _ in range(_IDLE_ROUNDS))
        before = built.sms.total
        for number in range(_DUE):
            built.book(size + number)
        began, used = time.perf_counter(), time.process_time()
        _drain(built)
        took, used = time.perf_counter() - began, time.process_time() - used
        assert built.sms.total - before == _DUE
        rows.append([database, f"{size:,}", ms(idle), ms(took), ms(took / _DUE), ms(used / _DUE)])
    return rows


def _drain(built: Stage) -> None:
    while run_round(built.services):
        pass


def _timed_round(built: Stage) -> float:
    began = time.perf_counter()
    assert run_round(built.services) == 0
    return time.perf_counter() - began


def _fill(connection: Connection, template: UUID, jobs: int, messages: int) -> None:
    """Copy the job `template` with its person and planned message until there are so many.

    The copies are as planning left the original, but for their ids.
    """
    sql = _Sql.of(connection)
    wanted = messages // _MESSAGES_A_JOB
    job = {"id": sql.id_of("n"), "reference": "'COPY-' || n"}
    person = {"id": sql.id_of("n"), "job_id": sql.id_of("n")}
    copies: list[tuple[type[Base], dict[str, str], str]] = [
        (Job, job, "t.id"),
        (JobPerson, person, "t.job_id"),
    ]
    for copy in range(_MESSAGES_A_JOB):
        own_id = sql.id_of(f"n * {_MESSAGES_A_JOB} + {copy}")
        message = {"id": own_id, "job_id": sql.id_of("n"), "job_person_id": sql.id_of("n")}
        copies.append((Message, message, "t.status = 'planned' AND t.job_id"))
    for model, instead, where in copies:
        columns = [column.name for column in model.__table__.columns]
        values = [instead.get(name, f"t.{name}") for name in columns]
        statement = (
            f"WITH RECURSIVE numbers(n) AS (VALUES ({jobs})"
            f" UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {wanted})"
            f" INSERT INTO {model.__tablename__} ({', '.join(columns)})"
            f" SELECT {', '.join(values)} FROM {model.__tablename__} t, numbers"
            f" WHERE {where} = {sql.template}"
        )
        connection.execute(text(statement), {"template": template.hex})


@dataclass(frozen=True)
class _Sql:
    """How each database says an id."""

    template: str
    number: str

    @classmethod
    def of(cls, connection: Connection) -> _Sql:
        if connection.dialect.name == "sqlite":
            return cls(":template", "printf('%032x', {})")
        return cls("CAST(:template AS uuid)", "CAST(lpad(to_hex({}), 32, '0') AS uuid)")

    def id_of(self, number: str) -> str:
        """Return the expression that makes an id of a number: a low one, as of long ago."""
        return self.number.format(number)


def _settle_down(built: Stage) -> None:
    """Let PostgreSQL learn its new sizes, and write to disk what was filled in."""
    if built.engine.dialect.name == "postgresql":
        with built.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.execute(text("VACUUM ANALYZE"))
            connection.execute(text("CHECKPOINT"))
        return
    raw = built.engine.raw_connection()
    raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
