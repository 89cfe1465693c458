"""What became of a message whose answer was lost, from the provider's own record.

Unknown is never blindly retried. Found: it was taken. Absent twice, some time apart: it was
not, and it goes again if it is still true. Where a record can't be searched, the provider's
reports are read in its place. Where nobody can say, a person must.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from notifier import planner
from notifier.domain.messages import Channel, MessageStatus, WhyNot
from notifier.domain.rules.rule import OnUnknown
from notifier.domain.sending.transitions import MessageEvent, after
from notifier.isolation import Planning, planned_or_soon
from notifier.links import message_token
from notifier.providers.errors import SendError
from notifier.providers.protocols import (
    EmailProvider,
    LookUp,
    LookUpAbsent,
    LookUpFound,
    LookUpImpossible,
    SmsProvider,
)
from notifier.providers.receipt import Receipt, ReceiptEvent
from notifier.receipts import apply_receipt
from notifier.sending.in_doubt import RECORD_UNREADABLE, ask_for_a_look, need_no_look
from notifier.sending.lapsing import let_lapse
from notifier.sending.reports import would_have_come
from notifier.sending.routing import provider_named
from notifier.sending.settling import take
from notifier.sending.waiting import defer
from notifier.services import Services
from notifier.store import outbox
from notifier.store.tables import Attempt, ContactPoint, Message, Person
from notifier.store.tables import Receipt as ReceiptRow
from notifier.store.vault import Unreadable

_log = structlog.get_logger()

_ABSENT = "absent"
_CANDIDATES = 5  # the first may carry what somebody else holds at the moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One look-up to be made, with no transaction open."""

    message_id: UUID
    attempt_id: UUID
    started_at: datetime
    ours_until: datetime  # as the message's row has it for as long as nobody else asks
    path: str
    provider: SmsProvider | EmailProvider | None
    to: str | None  # None: erased meanwhile
    link_token: str
    unreported: bool  # the provider reports what it takes, and would have reported this

    @property
    def has_record(self) -> bool:
        """Whether the provider can be asked."""
        return self.provider is not None and self.provider.can_look_up


def resolve_unknown(services: Services, limit: int = 25) -> int:
    """Turn claims whose lease lapsed into unknown ones, look up what is due; return how many."""
    lapsed = let_lapse(services, limit)
    asked, unreadable = 0, set[str]()
    while asked < limit and (question := _take_question(services)) is not None:
        asked += 1
        if question.path in unreadable:  # it hangs: the others would only wait for it, too
            _leave(services, question)
            continue
        asked_at = services.now()
        answer = ask(question)
        if answer is None and question.has_record:
            unreadable.add(question.path)
        _settle(services, question, answer, asked_at)
    if lapsed or asked:
        services.wake()
    return lapsed + asked


def _take_question(services: Services) -> Question | None:
    """Return what is to be looked up next; it is nobody else's for one lease.

    One at a time: what is asked long after it was taken might be asked by two, and be absent
    twice at the same moment.
    """
    now = services.now()
    with services.sessions.begin() as session:
        for due in outbox.lock_in_doubt(session, now=now, limit=_CANDIDATES):
            message = outbox.lock_message(session, due.message_id, wait=False)
            if message is None or message.status != MessageStatus.UNKNOWN:
                continue
            message.due_at = now + timedelta(seconds=services.timing.lease)
            try:
                return question_of(session, services, message, message.due_at, now)
            except SQLAlchemyError:
                raise
            except Exception as error:  # the next is asked for all the same
                _log.error("look_up_broke", message_id=str(message.id), error=type(error).__name__)
    return None


def question_of(
    session: Session, services: Services, message: Message, ours_until: datetime, now: datetime
) -> Question:
    assert message.attempt_id is not None
    attempt = session.get_one(Attempt, message.attempt_id)
    provider = provider_named(services, Channel(message.channel), attempt.provider)
    by_reports = provider is not None and provider.gives_receipts and not provider.can_look_up
    return Question(
        message_id=message.id,
        attempt_id=attempt.id,
        started_at=attempt.started_at,
        ours_until=ours_until,
        path=attempt.provider,
        provider=provider,
        to=_recipient(session, services, message),
        link_token=message_token(services.vault, message.id),
        unreported=by_reports and would_have_come(session, attempt, services.timing, now),
    )


def _recipient(session: Session, services: Services, message: Message) -> str | None:
    point = session.get(ContactPoint, message.contact_point_id)
    person = session.get(Person, point.person_id) if point is not None else None
    if person is None or message.recipient is None:
        return None
    try:
        return services.vault.open(person.key, message.recipient)
    except Unreadable:
        return None


def ask(question: Question) -> LookUp | None:
    """Ask the provider; None where its record can't be read at the moment."""
    if question.provider is None or question.to is None:
        return LookUpImpossible("gone")
    if not question.provider.can_look_up:
        return _by_reports(question.provider, question)
    try:
        return question.provider.look_up(
            to=question.to, link_token=question.link_token, since=question.started_at
        )
    except SendError as error:
        _log.warning("look_up_failed", message_id=str(question.message_id), code=error.code)
    except Exception as error:
        _log.error("look_up_broke", message_id=str(question.message_id), error=type(error).__name__)
    return None


def _by_reports(
    provider: SmsProvider | EmailProvider, question: Question
) -> LookUpAbsent | LookUpImpossible | None:
    """Had it been taken and reported, it would not be in question."""
    if not provider.gives_receipts:
        return LookUpImpossible("no_record")
    return LookUpAbsent() if question.unreported else None


def _settle(
    services: Services, question: Question, answer: LookUp | None, asked_at: datetime
) -> None:
    noted = planned_or_soon(
        planner.bring_up_to_date,
        lambda plan: _note_answer(services, question, answer, asked_at, plan),
    )
    if noted and isinstance(answer, LookUpFound):
        _apply_standing(services, question, answer)


def _leave(services: Services, question: Question) -> None:
    """Let it be asked in the next round, ahead of the one that could not be answered now."""
    now = services.now()
    with services.sessions.begin() as session:
        message = outbox.lock_message(session, question.message_id)
        if message is None or message.due_at != question.ours_until:
            return
        message.due_at = now + _until_asked_again(services, question, now) / 2
        if now >= _hold_at(services, question):
            told = [message, *outbox.carried_with(session, message, question.attempt_id)]
            _ask_a_person_too(session, services, told, now)


def _until_asked_again(services: Services, question: Question, now: datetime) -> timedelta:
    """Return how long to wait for a record that can't be read: a quarter longer each time, once
    a person is asked."""
    apart = timedelta(seconds=services.timing.look_up_apart)
    return apart if now < _hold_at(services, question) else (now - question.started_at) / 4


def _ask_a_person_too(
    session: Session, services: Services, told: Sequence[Message], now: datetime
) -> None:
    for message in told:
        ask_for_a_look(session, services, message, RECORD_UNREADABLE, now)


def _note_answer(
    services: Services,
    question: Question,
    answer: LookUp | None,
    asked_at: datetime,
    plan: Planning,
) -> bool:
    """Record what the answer means; return False if that is not ours to say any more."""
    now = services.now()
    with services.sessions.begin() as session:
        message = outbox.lock_message(session, question.message_id)
        if (
            message is None
            or message.status != MessageStatus.UNKNOWN
            or message.attempt_id != question.attempt_id
        ):
            return False  # somebody else found out meanwhile
        others_ask = message.due_at != question.ours_until and now < _hold_at(services, question)
        if others_ask and not isinstance(answer, LookUpFound):
            return False  # it took so long that they do
        told = [message, *outbox.carried_with(session, message, question.attempt_id)]
        match answer:
            case LookUpFound():
                _found(session, services, told, question, answer, now)
            case LookUpAbsent():
                _absent(session, services, told, question, asked_at)
            case _:
                _undecided(session, services, told, question, answer, now)
        session.flush()
        plan(session, services, sorted({one.job_id for one in told}), now=now)
    return True


def _found(
    session: Session,
    services: Services,
    told: Sequence[Message],
    question: Question,
    found: LookUpFound,
    now: datetime,
) -> None:
    """It was taken, and with it whatever it carried."""
    _note(session, services, told[0], question, "accepted", found.accepted.provider_id, now)
    for message in told:
        message.status = after(MessageStatus(message.status), MessageEvent.FOUND)
        message.reason = None
        message.settled_at = now
        need_no_look(session, message, now)
        take(
            session,
            message,
            provider_id=found.accepted.provider_id,
            created_at=found.accepted.created_at,
            started_at=question.started_at,
            now=now,
        )


def _absent(
    session: Session,
    services: Services,
    told: Sequence[Message],
    question: Question,
    asked_at: datetime,
) -> None:
    """The first absence may be the record's own delay; one that was asked for later decides."""
    timing, message = services.timing, told[0]
    first = session.scalar(
        select(func.min(ReceiptRow.received_at)).where(
            ReceiptRow.message_id == message.id,  # by which they are indexed
            ReceiptRow.attempt_id == question.attempt_id,
            ReceiptRow.event == _ABSENT,
        )
    )
    _note(session, services, message, question, _ABSENT, None, asked_at)
    decides_from = max(
        question.started_at + timedelta(seconds=timing.look_up_again),
        (first or asked_at) + timedelta(seconds=timing.look_up_apart),
    )
    if asked_at < decides_from:
        message.due_at = decides_from
        return
    _send_again(session, told, question, asked_at)


def _send_again(
    session: Session, told: Sequence[Message], question: Question, now: datetime
) -> None:
    """It was not taken, or the rule would rather have it twice than not at all.

    It waits as long as after any other attempt that came to nothing, from the attempt on:
    looking it up was waiting, too.
    """
    for one in told:
        one.status = after(MessageStatus(one.status), MessageEvent.NOT_TAKEN)
        defer(session, one, since=question.started_at)
        need_no_look(session, one, now)


def _hold_at(services: Services, question: Question) -> datetime:
    return question.started_at + timedelta(seconds=services.timing.hold_after)


def _undecided(
    session: Session,
    services: Services,
    told: Sequence[Message],
    question: Question,
    answer: LookUpImpossible | None,
    now: datetime,
) -> None:
    """Wait for a callback that settles it; after that a person looks into it.

    A record that can't be read now is asked on all the same.
    """
    hold_at = _hold_at(services, question)
    again = now + _until_asked_again(services, question, now)
    if now < hold_at:
        told[0].due_at = min(hold_at, again) if answer is None else hold_at
        return
    rule = services.rulebook.rule(told[0].rule)
    if rule is not None and rule.on_unknown is OnUnknown.RESEND:
        _send_again(session, told, question, now)
        return
    if answer is None and question.has_record:
        told[0].due_at = again
        _ask_a_person_too(session, services, told, now)
        return
    why = answer.why if answer is not None else "never_answered"
    _log.warning("held_in_doubt", message_id=str(question.message_id), why=why)
    for message in told:
        message.status = after(MessageStatus(message.status), MessageEvent.UNRESOLVED)
        message.reason = WhyNot.OUTCOME_UNKNOWN
        ask_for_a_look(session, services, message, WhyNot.OUTCOME_UNKNOWN, now)


def _note(
    session: Session,
    services: Services,
    message: Message,
    question: Question,
    event: str,
    provider_id: str | None,
    now: datetime,
) -> None:
    row_id = services.ids()
    outbox.append_receipt(
        session,
        id=row_id,
        brand_id=message.brand_id,
        message_id=message.id,
        attempt_id=question.attempt_id,
        provider=message.provider,
        provider_id=provider_id,
        event_id=f"look_up:{question.attempt_id}:{row_id}",
        origin="look_up",
        event=event,
        code=None,
        occurred_at=None,
        received_at=now,
    )


def _apply_standing(services: Services, question: Question, found: LookUpFound) -> None:
    """The record also says where the message stands: as good as the receipt that was missed."""
    if found.status in (ReceiptEvent.ACCEPTED, ReceiptEvent.IGNORED) or question.provider is None:
        return
    apply_receipt(
        services,
        Receipt(
            message_id=question.message_id,
            attempt_id=question.attempt_id,
            provider=question.provider.name,
            provider_id=found.accepted.provider_id,
            event_id=f"look_up:{question.attempt_id}:{found.status}",
            event=found.status,
            code=found.code,
        ),
        origin="look_up",
    )
