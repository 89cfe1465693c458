"""What a technician texts back about the visit that they were asked about last."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from notifier.domain.messages import UNDER_WAY, MessageStatus
from notifier.domain.technician_answers import answer_in
from notifier.errors import Conflict, Invalid
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.snapshots import load_snapshots
from notifier.store.tables import Message
from notifier.technicians.day import acts_of, record_answer

_ASKED = UNDER_WAY | {MessageStatus.DELIVERED}


def answer_by_text(
    services: Services,
    brand_id: UUID,
    job_id: UUID,
    job_person_id: UUID,
    body: str,
    *,
    external_id: str,
    received_at: datetime,
) -> bool:
    """Record what the text says; False where a person must read it.

    That is so for other words, of somebody who was not asked or goes elsewhere by now, and for
    what makes no sense of the visit as it stands.
    """
    answer = answer_in(body)
    if answer is None:
        return False
    with reading(services.sessions) as session:
        snapshot = load_snapshots(session, [job_id])[job_id]
        assigned = snapshot.technicians.get(snapshot.state.technician or job_id)
        was_asked = session.scalar(
            select(Message.id)
            .where(Message.job_person_id == job_person_id, Message.status.in_(_ASKED))
            .limit(1)
        )
    if assigned != job_person_id or was_asked is None or answer.act not in acts_of(snapshot):
        return False
    try:
        record_answer(
            services,
            brand_id,
            job_id,
            answer,
            actor=f"person:{job_person_id}",
            occurred_at=received_at,
            external_id=external_id,
        )
    except (Conflict, Invalid):  # it changed between the look and the answer
        return False
    return True
