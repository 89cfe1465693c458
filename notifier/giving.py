"""Enter in the ledger what a message gave a person, or that it gave nothing after all."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.domain.jobs import JobKind
from notifier.domain.ledger.promises import tell_by
from notifier.domain.messages import Strength
from notifier.domain.windows import Window, from_json
from notifier.services import Services
from notifier.store.facts import promised_kind
from notifier.store.ledger_rows import refresh_told
from notifier.store.tables import Job, Message, Promise


def give(
    session: Session, services: Services, message: Message, strength: Strength, *, now: datetime
) -> None:
    """It reached them: the ledger says so, and `told` with it if this hand-over is the latest.

    A promised update, or call back, is entered as a moment of its own.
    """
    given_at = message.handed_over_at or message.claimed_at or now
    asserts = from_json(message.asserts)
    if message.moves_told and asserts is not None:
        job = session.get_one(Job, message.job_id)
        heard_by = None
        if isinstance(asserts, Window):
            zone = ZoneInfo(job.zone)
            heard_by = tell_by(JobKind(job.kind), asserts, given_at=given_at, zone=zone)
        _append(
            session,
            services,
            message,
            strength,
            given_at=given_at,
            asserts=message.asserts,
            tell_by=heard_by,
            recorded_at=now,
        )
    if message.next_update_at is not None:
        _append(
            session,
            services,
            message,
            strength,
            given_at=given_at,
            what=promised_kind(session, message.rests_on),
            moment=message.next_update_at,
            tell_by=message.next_update_at,
            recorded_at=now,
        )
    session.flush()
    refresh_told(session, message.job_person_id)


def take_back(session: Session, services: Services, message: Message, *, now: datetime) -> None:
    """A failure after we held that it had reached them: it had not."""
    rows = list(
        session.scalars(
            select(Promise)
            .where(Promise.message_id == message.id)
            .order_by(Promise.recorded_at, Promise.id)
        )
    )
    if not rows or rows[-1].strength == Strength.NONE:
        return
    for row in {(row.moment is None): row for row in rows}.values():
        append_taken_back(session, services, row, now=now)
    session.flush()
    refresh_told(session, message.job_person_id)


def append_taken_back(
    session: Session, services: Services, given: Promise, *, now: datetime
) -> None:
    """Append that what the row `given` says reached nobody after all; the row itself stays."""
    session.add(
        Promise(
            id=services.ids(),
            brand_id=given.brand_id,
            job_id=given.job_id,
            job_person_id=given.job_person_id,
            asserts=given.asserts,
            what=given.what,
            moment=given.moment,
            given_at=given.given_at,
            tell_by=given.tell_by,
            strength=Strength.NONE,
            message_id=given.message_id,
            fact_id=given.fact_id,
            recorded_at=now,
        )
    )


def _append(
    session: Session, services: Services, message: Message, strength: Strength, **values: object
) -> None:
    session.add(
        Promise(
            id=services.ids(),
            brand_id=message.brand_id,
            job_id=message.job_id,
            job_person_id=message.job_person_id,
            strength=strength,
            message_id=message.id,
            fact_id=None,
            **values,
        )
    )
