"""Settling: what a provider answered becomes the message's fate, and planning goes on from it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from notifier import planner
from notifier.domain.messages import Channel, MessageStatus
from notifier.domain.sending.path_health import Answer
from notifier.domain.sending.transitions import COUNTS_FOR_ANY_ATTEMPT, MessageEvent, after
from notifier.isolation import Planning, planned_or_soon
from notifier.providers.codes import Reaction
from notifier.providers.errors import SendDeferred, SendError, SendOutcomeUnknown, SendRejected
from notifier.providers.protocols import Accepted
from notifier.sending.claiming import Claim
from notifier.sending.in_doubt import need_no_look
from notifier.sending.paths import NOT_CALLED, tone_of
from notifier.sending.reactions import react, wake_sender
from notifier.sending.routing import HALT_REST
from notifier.sending.waiting import defer
from notifier.services import Services
from notifier.store import outbox
from notifier.store.tables import ContactPoint, Message

Outcome = Accepted | SendError


def settle(
    services: Services, claim: Claim, outcome: Outcome, *, took: timedelta | None = None
) -> None:
    """Record the answer to one attempt. Twice is once; a receipt that got here first wins.

    :param took: how long the provider took to answer.
    """
    planned_or_soon(
        planner.bring_up_to_date,
        lambda plan: _settle(services, claim, outcome, took, plan),
    )


def _settle(
    services: Services, claim: Claim, outcome: Outcome, took: timedelta | None, plan: Planning
) -> None:
    now = services.now()
    event, code = _read(outcome)
    with services.sessions.begin() as session:
        message = outbox.lock_message(session, claim.message_id)
        if message is None:
            return
        provider_id = outcome.provider_id if isinstance(outcome, Accepted) else None
        is_new = outbox.append_receipt(
            session,
            id=services.ids(),
            brand_id=message.brand_id,
            message_id=message.id,
            attempt_id=claim.attempt_id,
            provider=claim.provider.name,
            provider_id=provider_id,
            event_id=f"answer:{claim.attempt_id}",
            origin="answer",
            event=_name(event),
            code=code,
            occurred_at=outcome.created_at if isinstance(outcome, Accepted) else None,
            received_at=now,
            took_s=took.total_seconds() if took is not None else None,
            wait_s=_rest_of_path(outcome),
        )
        overtaken = message.attempt_id != claim.attempt_id
        if not is_new or (overtaken and event not in COUNTS_FOR_ANY_ATTEMPT):
            return
        told = [message, *outbox.carried_with(session, message, claim.attempt_id)]
        for one in told:
            _apply(session, services, one, claim, outcome, event, code, now)
        session.flush()
        plan(session, services, sorted({one.job_id for one in told}), now=now)


def sign_of(outcome: Outcome, *, at: datetime, took: timedelta) -> Answer | None:
    """Return what an outcome says of its path; None where no call was made."""
    event, code = _read(outcome)
    if code in NOT_CALLED:
        return None
    return Answer(
        at=at,
        tone=tone_of(_name(event), code),
        took=took.total_seconds(),
        wait=_rest_of_path(outcome),
    )


def take(
    session: Session,
    message: Message,
    *,
    provider_id: str | None,
    created_at: datetime | None,
    started_at: datetime,
    now: datetime,
    path: str | None = None,
) -> None:
    """Note that the provider has the message, whoever says so first.

    The hand-over is the provider's own time. It is kept between the attempt's start and now:
    providers give whole seconds and have clocks of their own, and a text can't have been
    handed over before it was sent.

    :param path: by which it went; None: by that of its latest attempt.
    """
    if message.provider_id is None and message.carried_by is None:
        message.provider_id = provider_id  # one message of theirs is one row of ours
    if message.handed_over_at is None:
        message.handed_over_at = min(
            max(created_at or started_at, started_at), max(now, started_at)
        )
    if message.accepted_at is None:
        message.accepted_at = now
    point = session.get(ContactPoint, message.contact_point_id)
    if point is not None and point.first_texted_at is None and message.channel == Channel.SMS:
        point.first_texted_at = message.handed_over_at
    wake_sender(session, message, path=path or message.provider, started_at=started_at)


def _read(outcome: Outcome) -> tuple[MessageEvent, str | None]:
    match outcome:
        case Accepted():
            return MessageEvent.ANSWERED_ACCEPTED, None
        case SendDeferred(reaction=Reaction.PACE):
            return MessageEvent.ANSWERED_PACED, outcome.code
        case SendDeferred():
            return MessageEvent.ANSWERED_DEFERRED, outcome.code
        case SendRejected():
            return MessageEvent.ANSWERED_REJECTED, outcome.code
        case _:
            return MessageEvent.ANSWERED_UNKNOWN, outcome.code


def _name(event: MessageEvent) -> str:
    """Return what an answer is called on record."""
    return event.value.removeprefix("answered_")


def _apply(
    session: Session,
    services: Services,
    message: Message,
    claim: Claim,
    outcome: Outcome,
    event: MessageEvent,
    code: str | None,
    now: datetime,
) -> None:
    before, path = MessageStatus(message.status), claim.provider.name
    message.status = after(before, event)
    message.settled_at = now
    moved = message.status is not before
    if before in (MessageStatus.UNKNOWN, MessageStatus.HELD) and moved:
        need_no_look(session, message, now)
    match outcome:
        case Accepted():
            if moved:
                message.reason = None
            take(
                session,
                message,
                path=path,
                provider_id=outcome.provider_id,
                created_at=outcome.created_at,
                started_at=claim.started_at,
                now=now,
            )
        case SendDeferred(reaction=Reaction.PACE) if moved:
            message.reason = code
            message.due_at = now  # the next claim finds another path, or rests with this one
        case SendDeferred() if moved:
            message.reason = code
            defer(session, message, since=now, wait=outcome.retry_after)
            react(session, services, message, outcome.reaction, path=path, code=code, now=now)
        case SendRejected() if moved:
            message.reason = code
            react(session, services, message, outcome.reaction, path=path, code=code, now=now)
        case SendOutcomeUnknown() if moved:
            message.reason = code
            look_up_at = claim.started_at + timedelta(seconds=services.timing.look_up_after)
            message.due_at = max(now, look_up_at)
        case _:
            pass


def _rest_of_path(outcome: Outcome) -> float | None:
    """Return the seconds for which nothing shall go this way, where the answer asks for it."""
    match outcome:
        case SendDeferred(reaction=Reaction.PACE):
            return outcome.retry_after
        case SendDeferred(reaction=Reaction.HALT_CHANNEL):
            return HALT_REST.total_seconds()
        case _:
            return None
