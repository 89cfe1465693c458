"""Whether the product can do its work now: what `/readyz` answers and `/metrics` counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from notifier.checkup.paths import look_at_paths
from notifier.checkup.senders import refused_senders
from notifier.checkup.silence import silent_paths
from notifier.domain.findings import Level
from notifier.domain.guards.limits import STOPPED_BY
from notifier.domain.messages import WAITING, MessageStatus
from notifier.isolation import JOB_FAILED
from notifier.providers.codes import is_unknown
from notifier.sending.routing import every_path
from notifier.services import Services
from notifier.store.braked import count_all_held
from notifier.store.engine import reading
from notifier.store.heartbeats import last_beat
from notifier.store.id_times import first_id
from notifier.store.reached_twice import count_arrived_twice, count_reached_twice
from notifier.store.source_refusals import count_refusals
from notifier.store.tables import FactRow, Message, Receipt, Task

_TICK_LIMIT = timedelta(seconds=60)
_OVERDUE_LIMIT = timedelta(seconds=120)
#: What is counted, so that the cost does not grow with history.
_COUNTED = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing looked at; `value` is in seconds, or a count where the name says so."""

    name: str
    level: Level
    sentence: str
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """What happened within the last day."""

    messages: Mapping[str, int]  # by status
    facts: Mapping[tuple[str, str], int]  # by type and source
    unknown_codes: Mapping[tuple[str, str], int]  # by provider and code: none that we know
    reached_twice: int  # episodes that somebody has twice, over two channels
    arrived_twice: int  # messages that somebody has twice, over one
    stopped: Mapping[str, int]  # texts that a guard stopped, by which
    refused: Mapping[tuple[str, str], int]  # at sources' addresses, by their kind and the reason


def check_readiness(services: Services) -> list[Check]:
    """Return every check; a database that can't be reached is a check too, not an error."""
    try:
        with reading(services.sessions) as session:
            now = services.now()
            return [
                Check(name="database", level=Level.OK, sentence="The database answers."),
                _tick(session, now),
                _overdue(session, now),
                _callbacks(session, services),
                _paths(session, services),
                _senders(session, services),
                _braked(session),
                _failing_jobs(session, now),
            ]
    except SQLAlchemyError:
        return [
            Check(name="database", level=Level.FAILING, sentence="The database does not answer.")
        ]


def count(session: Session, services: Services) -> Counts:
    """Return how many messages and facts the last day brought, and what they ran into."""
    since = first_id(services.now() - _COUNTED)
    paths = every_path(services)
    messages = session.execute(
        select(Message.status, func.count()).where(Message.id >= since).group_by(Message.status)
    )
    facts = session.execute(
        select(FactRow.type, FactRow.source, func.count())
        .where(FactRow.id >= since)
        .group_by(FactRow.type, FactRow.source)
    )
    codes = session.execute(
        select(Receipt.provider, Receipt.code, func.count())
        .where(Receipt.id >= since, Receipt.code.is_not(None))
        .group_by(Receipt.provider, Receipt.code)
    )
    stopped = session.execute(
        select(Message.reason, func.count())
        .where(Message.id >= since, Message.reason.in_(STOPPED_BY))
        .group_by(Message.reason)
    )
    by_status = dict.fromkeys(map(str, MessageStatus), 0)
    by_status |= {row[0]: row[1] for row in messages}
    return Counts(
        messages=by_status,
        facts={(type_, source): n for type_, source, n in facts},
        unknown_codes={
            (provider, code): n
            for provider, code, n in codes
            if code is not None and is_unknown(provider, code)
        },
        stopped={why: n for why, n in stopped if why is not None},
        refused=count_refusals(session, services.now() - _COUNTED),
        reached_twice=count_reached_twice(
            session,
            since_id=since,
            without_receipts=[name for name, path in paths.items() if not path.gives_receipts],
        ),
        arrived_twice=count_arrived_twice(session, since_id=since),
    )


def _tick(session: Session, now: datetime) -> Check:
    at = last_beat(session)
    if at is None:
        return Check(name="tick", level=Level.FAILING, sentence="Nothing has ticked yet.")
    age = now - at
    late = age > _TICK_LIMIT
    return Check(
        name="tick",
        level=Level.FAILING if late else Level.OK,
        sentence="The clock work stands still." if late else "The clock work runs.",
        value=_seconds(age),
    )


def _overdue(session: Session, now: datetime) -> Check:
    oldest = session.scalar(
        select(func.min(Message.due_at)).where(Message.status.in_(WAITING), Message.due_at < now)
    )
    age = now - oldest if oldest else timedelta()
    late = age > _OVERDUE_LIMIT
    return Check(
        name="oldest_overdue_message",
        level=Level.WARNING if late else Level.OK,
        sentence="Messages wait that should have gone." if late else "Nothing is overdue.",
        value=_seconds(age),
    )


def _callbacks(session: Session, services: Services) -> Check:
    """Count what a provider took and never reported on: its callbacks may not reach us."""
    silent: Counter[str] = Counter()
    for one in silent_paths(session, services):
        silent[one.path] += one.count
    named = ", ".join(f"{name} ({n})" for name, n in silent.items())
    return Check(
        name="accepted_without_callback_count",
        level=Level.WARNING if silent else Level.OK,
        sentence=(
            f"Taken and never reported on, by {named}: check the public address and the sender."
            if silent
            else "Providers report back."
        ),
        value=silent.total(),
    )


def _braked(session: Session) -> Check:
    held = count_all_held(session)
    return Check(
        name="braked_message_count",
        level=Level.WARNING if held else Level.OK,
        sentence=(
            "A rule is about to send far more than ever, and waits for somebody to look: see the"
            " board's tasks."
            if held
            else "No rule is held."
        ),
        value=held,
    )


def _failing_jobs(session: Session, now: datetime) -> Check:
    """Count the jobs that were put off because working on them failed, and nobody looked yet."""
    failing = session.scalar(
        select(func.count(Task.job_id.distinct())).where(
            Task.id >= first_id(now - _COUNTED),  # of a job that fails there is one a day
            Task.kind == JOB_FAILED,
            Task.done_at.is_(None),
        )
    )
    return Check(
        name="failing_job_count",
        level=Level.WARNING if failing else Level.OK,
        sentence=(
            "What some jobs owe can't be worked out: see the board's tasks, and `job_put_off` in"
            " the log."
            if failing
            else "No job fails."
        ),
        value=failing,
    )


def _paths(session: Session, services: Services) -> Check:
    """Name the paths that fail: what they carried waits, or another one carries it."""
    failing = [path.name for path in look_at_paths(session, services) if path.fails]
    return Check(
        name="failing_path_count",
        level=Level.WARNING if failing else Level.OK,
        sentence=f"Not well: {', '.join(failing)}." if failing else "Every path is well.",
        value=len(failing),
    )


def _senders(session: Session, services: Services) -> Check:
    """Name the senders that are refused: what they say reaches nobody, or goes by another way."""
    refused = refused_senders(session, services)
    named = dict.fromkeys(f"{one.path} ({', '.join(one.codes)})" for one in refused)
    return Check(
        name="halted_sender_count",
        level=Level.WARNING if refused else Level.OK,
        sentence=(
            f"Refused by the provider or by carriers: {', '.join(named)}. See the board's tasks."
            if refused
            else "No sender is refused."
        ),
        value=len(refused),
    )


def _seconds(age: timedelta) -> float:
    return round(age.total_seconds(), 1)
