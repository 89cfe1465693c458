"""Claims whose lease is over: their worker is dead or hangs, and the next ones must not wait."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from notifier import planner
from notifier.domain.messages import MessageStatus
from notifier.domain.sending.transitions import MessageEvent, after
from notifier.isolation import plan_soon, together_or_each
from notifier.providers.codes import LEASE_OVER
from notifier.services import Services
from notifier.store import attempts, outbox
from notifier.store.tables import Message


def let_lapse(services: Services, limit: int) -> int:
    """End up to `limit` of them, and return how many: they go again, or may have gone."""
    now = services.now()
    found: list[outbox.Due] = []

    def take(session: Session) -> Sequence[UUID]:
        found.extend(outbox.lock_lapsed(session, now=now, limit=limit))
        return sorted({due.job_id for due in found})

    def lapse(session: Session, job_ids: Sequence[UUID], alone: bool) -> int:
        jobs, lapsed = set(job_ids), 0
        for due in (one for one in found if one.job_id in job_ids):
            told = _lapse(session, services, due.message_id, now)
            jobs |= {one.job_id for one in told}
            lapsed += bool(told)
        session.flush()
        plan = plan_soon if alone else planner.bring_up_to_date
        plan(session, services, sorted(jobs), now=now)
        return lapsed

    return sum(together_or_each(services, take, lapse))


def _lapse(
    session: Session, services: Services, message_id: UUID, now: datetime
) -> Sequence[Message]:
    """End one claim and return what it told of; nothing, if it was settled meanwhile."""
    message = outbox.lock_message(session, message_id, wait=False)
    if message is None or message.status != MessageStatus.CLAIMED or message.due_at > now:
        return ()
    assert message.attempt_id is not None
    told = [message, *outbox.carried_with(session, message, message.attempt_id)]
    if attempts.never_began(session, message.attempt_id):
        _put_back(session, services, told, now)
    else:
        _put_in_doubt(services, told, now)
    return told


def _put_back(session: Session, services: Services, told: Sequence[Message], now: datetime) -> None:
    """Settle it as its worker would have, had it lived: its turn came too late for this try."""
    message = told[0]
    outbox.append_receipt(
        session,
        id=services.ids(),
        brand_id=message.brand_id,
        message_id=message.id,
        attempt_id=message.attempt_id,
        provider=message.provider,
        provider_id=None,
        event_id=f"lapse:{message.attempt_id}",
        origin="answer",
        event="paced",
        code=LEASE_OVER,
        occurred_at=None,
        received_at=now,
    )
    for one in told:
        before = MessageStatus(one.status)
        one.status = after(before, MessageEvent.ANSWERED_PACED)
        if one.status is not before:
            one.reason, one.due_at, one.settled_at = LEASE_OVER, now, now


def _put_in_doubt(services: Services, told: Sequence[Message], now: datetime) -> None:
    started_at = told[0].claimed_at or now
    look_up_at = started_at + timedelta(seconds=services.timing.look_up_after)
    for one in told:
        one.status = after(MessageStatus(one.status), MessageEvent.LEASE_LAPSED)
        one.reason = "lease_lapsed"
        one.due_at = max(now, look_up_at)
