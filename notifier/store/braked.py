"""The queries of the brake: what a rule is about to send, and what is held of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, select, text
from sqlalchemy.orm import Session, aliased

from notifier.domain.facts import FactSource
from notifier.domain.guards.brake import AboutToGo, must_be_heard
from notifier.domain.jobs import JobKind
from notifier.domain.windows import from_json
from notifier.store.outbox import PRIORITIES
from notifier.store.tables import FactRow, Job, Message

#: As the partial indexes have it.
_HELD = text("messages.status = 'deferred' AND messages.reason = 'braked'")
_WAITING = text("messages.status IN ('planned', 'ready', 'deferred')")

#: Made once: what is made in a query is made anew, with all its columns, each time.
_TRIED = aliased(Message)

_AT_ONCE = 200  # rows read ahead


def is_held(brand_id: UUID, rule: str) -> ColumnElement[bool]:
    """Return the condition on messages of a rule that the brake holds."""
    return and_(_HELD, Message.brand_id == brand_id, Message.rule == rule)


def count_held(session: Session, brand_id: UUID, rule: str) -> int:
    """Return how many messages of a rule the brake holds."""
    query = select(func.count()).select_from(Message).where(is_held(brand_id, rule))
    return session.scalar(query) or 0


def count_all_held(session: Session) -> int:
    """Return how many messages the brake holds, of all brands."""
    return session.scalar(select(func.count()).select_from(Message).where(_HELD)) or 0


def count_about_to_go(
    session: Session, brand_id: UUID, rule: str, *, now: datetime, enough: int
) -> int:
    """Return how many messages of a rule are due at `now` that the brake would hold.

    Those that were claimed before are none, nor is what carries them on by another channel.
    Counting stops at `enough`. Nobody's quiet hours are read: what must be heard, and goes
    before the night, is counted as well.
    """
    carries_on = exists().where(
        _TRIED.job_id == Message.job_id,
        _TRIED.job_person_id == Message.job_person_id,
        _TRIED.rule == Message.rule,
        _TRIED.episode == Message.episode,
        _TRIED.claimed_at.is_not(None),
    )
    rows = session.execute(
        select(
            Job.kind,
            Job.starts_at,
            Job.ends_at,
            Message.tell_by,
            Message.expires_at,
            Message.asserts,
            FactRow.source,
        )
        .select_from(Message)
        .join(Job, Job.id == Message.job_id)
        .outerjoin(FactRow, FactRow.id == Message.rests_on)
        .where(
            _WAITING,
            Message.priority.in_(PRIORITIES.values()),  # leads the index of what is due
            Message.due_at <= now,
            Message.brand_id == brand_id,
            Message.rule == rule,
            ~carries_on,
        )
        .execution_options(yield_per=_AT_ONCE)
    )
    found = 0
    with rows:
        for kind, starts_at, ends_at, tell_by, expires_at, asserts, source in rows:
            message = AboutToGo(
                kind=JobKind(kind),
                starts_at=starts_at,
                ends_at=ends_at,
                tell_by=tell_by,
                expires_at=expires_at,
                said_by=FactSource(source) if source else None,
                last_call=expires_at if must_be_heard(tell_by, from_json(asserts)) else None,
            )
            found += not message.passes(now)
            if found >= enough:
                break
    return found


def said_by(session: Session, facts: Iterable[UUID]) -> dict[UUID, FactSource]:
    """Return the source of each of `facts`."""
    rows = session.execute(select(FactRow.id, FactRow.source).where(FactRow.id.in_(set(facts))))
    return {fact: FactSource(source) for fact, source in rows}
