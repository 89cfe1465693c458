"""Which messages go as one: the same news, for the same human, about several of their jobs.

By person, never by number: people who share a phone never see each other's jobs.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier import planner
from notifier.sending.refusals import refusal, stand_around
from notifier.services import Services
from notifier.store import outbox
from notifier.store.facts import fact_of
from notifier.store.tables import FactRow, Message

#: Messages that go as one at most. Their jobs are locked until the claim is committed.
MOST_TOGETHER = 10


def gather(
    session: Session,
    services: Services,
    row: Message,
    *,
    up_to_date: set[UUID],
    busy: Collection[UUID],
    now: datetime,
) -> list[Message]:
    """Return what goes with `row`, which is being claimed, locked and true; often nothing.

    Each of them passed the truth check that `row` did; jobs that somebody else holds, and news
    that can still be undone, are left to go by themselves.

    :param up_to_date: the jobs that this claim has checked already; the checked ones join them.
    :param busy: job people who have a message with a provider at this moment.
    """
    rule = services.rulebook.rule(row.rule)
    if rule is None or rule.digest is None:
        return []
    due_by = now + rule.digest
    jobs = _lock_jobs(session, row, due_by)
    if not jobs:
        return []
    unchecked = sorted(jobs - up_to_date)
    if unchecked:
        planner.bring_up_to_date(session, services, unchecked, now=now)
        session.flush()
        up_to_date.update(unchecked)
    busy = set(busy) | outbox.people_with_a_claim(session, unchecked)
    return _allowed(session, services, row, jobs, due_by, busy, now)


def _lock_jobs(session: Session, row: Message, due_by: datetime) -> set[UUID]:
    found = outbox.digest_candidates(session, row, due_by=due_by, limit=MOST_TOGETHER - 1)
    job_ids = set(session.scalars(select(Message.job_id).where(Message.id.in_(found))))
    return set(outbox.lock_jobs(session, sorted(job_ids), wait=False)) if job_ids else set()


def _allowed(
    session: Session,
    services: Services,
    row: Message,
    jobs: set[UUID],
    due_by: datetime,
    busy: Collection[UUID],
    now: datetime,
) -> list[Message]:
    """Return those that still wait after the check, may go, and say the same kind of thing."""
    ids = outbox.digest_candidates(session, row, due_by=due_by, limit=MOST_TOGETHER - 1)
    found = outbox.lock_messages(session, ids, jobs)
    around = stand_around(session, services, found)
    taken = {row.job_person_id, *busy}
    undoable = _undoable(session, found, now)
    together = []
    for one in found:
        same_news = (one.told_before is None) == (row.told_before is None)
        if one.job_person_id in taken or not same_news or one.rests_on in undoable:
            continue
        if refusal(one, around, now) is not None:
            continue
        taken.add(one.job_person_id)
        together.append(one)
    return together


def _undoable(session: Session, messages: Collection[Message], now: datetime) -> set[UUID]:
    """Return the facts under these messages that can still be undone: they wait for that."""
    under = select(FactRow).where(FactRow.id.in_({one.rests_on for one in messages}))
    return {
        row.id
        for row in session.scalars(under)
        if row.received_at + timedelta(seconds=fact_of(row).hold_seconds) > now
    }
