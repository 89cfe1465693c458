"""Asking the record before a message gives way: its receipts may have met an outage of ours.

Without that, a customer who read the text gets the email as well, or is rung by somebody.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from notifier import planner
from notifier.domain.giving_way import about_to_give_way
from notifier.providers.protocols import LookUp, LookUpAbsent, LookUpFound, LookUpImpossible
from notifier.providers.receipt import Receipt, ReceiptEvent
from notifier.receipts import apply_receipt
from notifier.sending.lookups import Question, ask, question_of
from notifier.sending.routing import every_path
from notifier.services import Services
from notifier.store.awaited_receipts import ASKED, awaited_query
from notifier.store.engine import reading
from notifier.store.tables import Message

_log = structlog.get_logger()

#: Before the end of `reach`. A later answer might come after the next channel has its turn; of
#: a `reach` that is as short as this, the record is asked at once.
_AHEAD = timedelta(seconds=30)

_LOOKED_AT = 100  # messages of a round; of most that are found something hangs on the answer


def ask_before_giving_way(services: Services, limit: int = 10) -> int:
    """Ask what became of messages that are about to give way; return how many were answered.

    Once for each attempt, the soonest first, and only where another channel or a person would
    follow. However many texts have no receipts, a round asks about `limit`, one after another,
    and a path that can't be read once. Two workers may ask the same: its answer counts once.
    """
    answered, unreadable = 0, set[str]()
    for question in _questions(services, limit):
        answer = None if question.path in unreadable else ask(question)
        if answer is None:
            unreadable.add(question.path)
            continue
        apply_receipt(services, _receipt(question, answer), origin="look_up")
        answered += 1
    return answered


def _questions(services: Services, limit: int) -> list[Question]:
    now = services.now()
    with reading(services.sessions) as session:
        found = {question.message_id: question for question in _awaited(session, services, now)}
    return list(found.values())[:limit]  # what one message carried is one question


def _awaited(session: Session, services: Services, now: datetime) -> Iterator[Question]:
    rules, until = services.rulebook.rules, now + _AHEAD
    rows = session.execute(
        awaited_query(
            paths=[name for name, path in every_path(services).items() if path.can_look_up],
            taken_after=now - max((rule.reach for rule in rules), default=_AHEAD),
            now=now,
            until=until,
            limit=_LOOKED_AT,
        )
    ).all()
    snapshots = planner.load_for_planning(session, services, sorted({job for _, job in rows}))
    for message_id, job_id in rows:
        snapshot = snapshots[job_id]
        try:
            giving_way = about_to_give_way(snapshot.plan_input, rules, now=now, until=until)
            if message_id not in giving_way:
                continue
            message = snapshot.messages[message_id]
            if message.carried_by is not None:
                message = session.get_one(Message, message.carried_by)
            yield question_of(session, services, message, message.due_at, now)
        except SQLAlchemyError:
            raise
        except Exception as error:  # the others are asked about all the same
            _log.error("asking_ahead_broke", job_id=str(job_id), error=type(error).__name__)


def _receipt(question: Question, answer: LookUp) -> Receipt:
    """Return what the record says, as good as the receipt that may have been missed.

    That it says nothing is noted, too, so that it is asked once.
    """
    match answer:
        case LookUpFound(accepted=accepted, status=event, code=code):
            provider_id: str | None = accepted.provider_id
        case LookUpAbsent():
            provider_id, event, code = None, ReceiptEvent.IGNORED, "absent"
        case LookUpImpossible(why=why):
            provider_id, event, code = None, ReceiptEvent.IGNORED, why
    return Receipt(
        message_id=question.message_id,
        attempt_id=question.attempt_id,
        provider=question.path,
        provider_id=provider_id,
        event_id=f"{ASKED}{question.attempt_id}",
        event=event,
        code=code,
    )
