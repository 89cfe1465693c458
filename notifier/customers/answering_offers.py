"""What C, X and R answer: the offer that stands, recorded as the page's buttons record it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier import intake
from notifier.customers.correspondents import Correspondent
from notifier.domain.facts import FactSource, FactType
from notifier.domain.folding import JobState
from notifier.domain.jobs import JobKind
from notifier.domain.ledger.promises import same_promise
from notifier.domain.messages import MessageStatus
from notifier.domain.reply_intents import Intent
from notifier.domain.windows import Window, from_json
from notifier.errors import Conflict, Invalid
from notifier.services import Services
from notifier.store.snapshots import load_snapshots
from notifier.store.tables import ContactPoint, Job, JobPerson, Message

_log = structlog.get_logger()

#: What each answer says. Who asks for another time says that this one does not suit.
_SAYS = {
    Intent.CONFIRM: FactType.ACCEPTED,
    Intent.DECLINE: FactType.DECLINED,
    Intent.RESCHEDULE: FactType.DECLINED,
}

#: An offer can be answered once it may have been read.
_MAY_BE_READ = frozenset(
    {
        MessageStatus.CLAIMED,
        MessageStatus.ACCEPTED,
        MessageStatus.SENT,
        MessageStatus.DELIVERED,
        MessageStatus.UNKNOWN,
        MessageStatus.HELD,
    }
)


@dataclass(frozen=True, slots=True)
class _Offer:
    """A window that somebody was asked about, and since when."""

    window: Window
    asked_at: datetime


def answer_offer(
    services: Services,
    writer: Correspondent,
    intent: Intent,
    *,
    written_at: datetime,
    external_id: str,
) -> None:
    """Record the answer to an offer that still stands; said again, it is said once.

    What answers no offer, or can't be recorded (it lapsed, the job ended), is no error: a
    person reads the reply.
    """
    said = _SAYS.get(intent)
    if said is None or writer.job_id is None or writer.job_person_id is None:
        return
    try:
        with services.sessions.begin() as session:
            # Locked: of two answers at once, the second finds the first.
            snapshot = load_snapshots(session, [writer.job_id], lock=True)[writer.job_id]
            offer = _open_offer(session, session.get_one(JobPerson, writer.job_person_id))
            if offer is None or _asked_more_than_once(session, writer):
                return
            if _last_answer(snapshot.state, writer.job_person_id, offer) is said:
                return
            new = intake.NewFact(
                type=said,
                source=FactSource.CUSTOMER,
                actor=f"person:{writer.person_id}",
                occurred_at=written_at,
                window=offer.window,
                person=writer.job_person_id,
                external_id=external_id,
            )
            intake.record_in(session, services, writer.brands[0].id, writer.job_id, new)
    except (Conflict, Invalid) as error:
        _log.info("reply_not_recorded", intent=intent, error=type(error).__name__)


def _last_answer(state: JobState, job_person_id: UUID, offer: _Offer) -> FactType | None:
    """Return what they answered last since they were asked, by text or on the page."""
    answers = [
        fact.type
        for fact in state.answers
        if fact.person == job_person_id
        and fact.type in _SAYS.values()
        and fact.received_at >= offer.asked_at
    ]
    return answers[-1] if answers else None


def _asked_more_than_once(session: Session, writer: Correspondent) -> bool:
    """Return whether the writer's number holds several open questions: C answers one of them.

    Which one nobody can tell, so a person asks.
    """
    point = session.get(ContactPoint, writer.contact_point_id)
    if point is None:
        return False
    asked = (
        select(JobPerson.id)
        .join(Message, Message.job_person_id == JobPerson.id)
        .join(ContactPoint, ContactPoint.id == Message.contact_point_id)
        .join(Job, Job.id == JobPerson.job_id)
        .where(
            ContactPoint.brand_id == point.brand_id,
            ContactPoint.channel == point.channel,
            ContactPoint.address_hash == point.address_hash,
            Message.moves_told.is_(False),
            Message.status.in_(_MAY_BE_READ),
            Job.finished.is_(False),
        )
    )
    people = session.scalars(select(JobPerson).where(JobPerson.id.in_(asked)))
    return sum(_open_offer(session, one) is not None for one in people) > 1


def _open_offer(session: Session, asked: JobPerson) -> _Offer | None:
    """Return what was offered last, if the business still believes in it and it was not taken."""
    offer = session.scalar(
        select(Message)
        .where(
            Message.job_person_id == asked.id,
            Message.claimed_at.is_not(None),
            Message.asserts.is_not(None),
            Message.status.in_(_MAY_BE_READ),
        )
        .order_by(Message.claimed_at.desc())
        .limit(1)
    )
    if offer is None or offer.moves_told or offer.claimed_at is None:
        return None
    window = from_json(offer.asserts)
    job = session.get_one(Job, asked.job_id)
    stands = same_promise(JobKind(job.kind), from_json(job.expected), window, ZoneInfo(job.zone))
    taken = from_json(asked.told) == window
    if not isinstance(window, Window) or not stands or taken:
        return None
    return _Offer(window, offer.claimed_at)
