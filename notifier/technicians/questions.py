"""What technicians were asked by text, and what of it waits for an answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.domain.jobs import FINISHED, JobStatus
from notifier.domain.messages import UNDER_WAY, MessageStatus, Role
from notifier.domain.said_late import Question
from notifier.domain.windows import Window, from_json
from notifier.store.snapshots import Snapshot, load_snapshots
from notifier.store.tables import Job, JobPerson, Message

_MAY_BE_READ = UNDER_WAY | {MessageStatus.DELIVERED}

#: Of what was asked longer ago no bare word is the answer.
_STANDS_FOR = timedelta(hours=12)


def last_question(snapshot: Snapshot) -> Question | None:
    """Return what who is assigned was asked last about the visit; None if they were not."""
    asked = [
        (message.claimed_at, message)
        for message in snapshot.messages.values()
        if message.job_person_id == _assigned(snapshot)
        and message.status in _MAY_BE_READ
        and message.claimed_at is not None
    ]
    if not asked:
        return None
    asked_at, message = max(asked, key=lambda pair: pair[0])
    due = from_json(message.told_before)
    return Question(
        message=message.id, asked_at=asked_at, due=due if isinstance(due, Window) else None
    )


def waits_for_word(snapshot: Snapshot) -> bool:
    """Return whether who is assigned was asked where they are, with no report by anyone since."""
    state, question = snapshot.state, last_question(snapshot)
    if question is None or state.status in FINISHED or state.status is JobStatus.ARRIVED:
        return False
    return state.last_report is None or state.last_report.received_at < question.asked_at


def asked_of(session: Session, person_id: UUID, *, now: datetime) -> list[Snapshot]:
    """Return the open visits that a technician, by their person, was asked about lately.

    Those that somebody else does by now are not among them.
    """
    asked = session.scalars(
        select(Message.job_id)
        .join(JobPerson, JobPerson.id == Message.job_person_id)
        .join(Job, Job.id == Message.job_id)
        .where(
            JobPerson.person_id == person_id,
            JobPerson.role == Role.TECHNICIAN,
            Message.claimed_at > now - _STANDS_FOR,
            Job.finished.is_(False),
        )
        .distinct()
    )
    return [
        snapshot
        for snapshot in load_snapshots(session, sorted(asked)).values()
        if last_question(snapshot) is not None and _goes(snapshot, person_id)
    ]


def _assigned(snapshot: Snapshot) -> UUID | None:
    """Return the job person of who is assigned now; None where they can't be asked."""
    technician = snapshot.state.technician
    return snapshot.technicians.get(technician) if technician is not None else None


def _goes(snapshot: Snapshot, person_id: UUID) -> bool:
    on_job = _assigned(snapshot)
    return on_job is not None and snapshot.people[on_job][1].id == person_id
