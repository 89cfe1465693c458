"""A backup was restored: what has fallen due since it was made may have gone, and is in doubt.

The backup does not know. What it has as waiting would all go, and much of that a second time. So
it is treated as what a dead worker was sending: it is looked for in the provider's own record by
its link, which is made of its id and the same in both lives, or held for a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from notifier.domain.messages import WAITING, Channel, MessageStatus, WhyNot
from notifier.domain.rules.rule import OnUnknown
from notifier.domain.sending.transitions import MessageEvent, after
from notifier.errors import Conflict
from notifier.isolation import plan_soon
from notifier.planner import STEP, look_again
from notifier.sending.in_doubt import ask_for_a_look
from notifier.sending.routing import configured_paths, provider_named
from notifier.services import Services
from notifier.store import outbox
from notifier.store.engine import reading
from notifier.store.heartbeats import last_beat
from notifier.store.tables import Attempt, Brand, ContactPoint, Message

#: Whoever left a sign of life so lately may still run: it would send what is being doubted.
_MAY_RUN = timedelta(minutes=2)

_TRIED = frozenset({MessageStatus.CLAIMED, MessageStatus.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubted:
    """What became of what may have gone since the backup was made."""

    since: datetime | None  # a worker's last sign of life in it; None: none ever ran
    looked_for: int
    held: int


def doubt_what_fell_due(services: Services) -> Doubted:
    """Put in doubt what was due, or under way, when the backup was made or has been since.

    To be called while no worker runs. Twice is once: what is in doubt waits for nobody.

    :raises Conflict: if a worker may be running.
    """
    now = services.now()
    with reading(services.sessions) as session:
        since = last_beat(session)
    if since is None:
        return Doubted(since=None, looked_for=0, held=0)
    if now - since < _MAY_RUN:
        raise Conflict(
            "A worker left a sign of life less than two minutes ago. Stop all workers, wait for"
            " two minutes, and say this again."
        )
    while look_again(services):  # what time alone has made owed since, a worker may have sent, too
        pass
    looked_for = held = 0
    after_job = UUID(int=0)
    while True:
        with services.sessions.begin() as session:
            jobs = _jobs_in_doubt(session, after_job, now)
            for message in _in_doubt(session, jobs, now):
                if _can_be_found(services, message, since):
                    looked_for += _look_for(session, services, message, since, now)
                else:
                    held += _hold(session, services, message, since, now)
            plan_soon(session, services, jobs, now=now)
        if len(jobs) < STEP:
            return Doubted(since=since, looked_for=looked_for, held=held)
        after_job = jobs[-1]


def _due(now: datetime) -> ColumnElement[bool]:
    waits = and_(Message.status.in_(WAITING), Message.due_at <= now)
    real = select(Brand.id).where(~Brand.demo, Brand.live_at.is_not(None))
    return and_(or_(waits, Message.status.in_(_TRIED)), Message.brand_id.in_(real))


def _jobs_in_doubt(session: Session, after_job: UUID, now: datetime) -> list[UUID]:
    theirs = (
        select(Message.job_id)
        .where(_due(now), Message.job_id > after_job)
        .distinct()
        .order_by(Message.job_id)
        .limit(STEP)
    )
    return outbox.lock_jobs(session, session.scalars(theirs).all(), wait=True)


def _in_doubt(session: Session, jobs: Sequence[UUID], now: datetime) -> Sequence[Message]:
    return session.scalars(
        select(Message)
        .where(Message.job_id.in_(jobs), _due(now))
        .order_by(Message.created_at, Message.id)
        .with_for_update()
    ).all()


def _can_be_found(services: Services, message: Message, since: datetime) -> bool:
    """Return whether the one provider that may have it can be asked for the link that it had.

    What was owed only after the backup had another id then, and what may have gone either of two
    ways is absent from one of them.
    """
    channel = Channel(message.channel)
    paths = configured_paths(services, channel)
    if message.status in _TRIED and message.provider is not None:
        paths = [message.provider]
    provider = provider_named(services, channel, paths[0]) if len(paths) == 1 else None
    return provider is not None and provider.can_look_up and message.created_at <= since


def _look_for(
    session: Session, services: Services, message: Message, since: datetime, now: datetime
) -> bool:
    """Let the look-ups find out; return False for what they do already, or would."""
    if message.status in _TRIED:
        return False
    _begin_attempt(session, services, message, since, now)
    message.status = after(MessageStatus.CLAIMED, MessageEvent.LEASE_LAPSED)
    message.reason, message.due_at = WhyNot.OUTCOME_UNKNOWN, now
    return True


def _hold(
    session: Session, services: Services, message: Message, since: datetime, now: datetime
) -> bool:
    """Ask a person to find out, unless its rule would rather have it twice than not at all, or
    there is no way that it could have gone."""
    rule = services.rulebook.rule(message.rule)
    resends = rule is not None and rule.on_unknown is OnUnknown.RESEND
    if resends or not configured_paths(services, Channel(message.channel)):
        return False
    if message.status not in _TRIED:
        _begin_attempt(session, services, message, since, now)
    message.status = after(MessageStatus.UNKNOWN, MessageEvent.UNRESOLVED)
    message.reason = WhyNot.OUTCOME_UNKNOWN
    ask_for_a_look(session, services, message, WhyNot.OUTCOME_UNKNOWN, now)
    return True


def _begin_attempt(
    session: Session, services: Services, message: Message, since: datetime, now: datetime
) -> None:
    """Put on record that it may have been sent at any time since the backup."""
    path = configured_paths(services, Channel(message.channel))[0]
    point = session.get(ContactPoint, message.contact_point_id)
    message.recipient = point.address if point is not None else None
    message.attempt_id, message.attempts = services.ids(), message.attempts + 1
    message.provider, message.provider_id, message.carried_by = path, None, None
    message.claimed_at = now  # from here on its channel has the rule's `reach`
    message.turn_at = message.turn_at or now
    session.add(
        Attempt(
            id=message.attempt_id,
            brand_id=message.brand_id,
            message_id=message.id,
            number=message.attempts,
            provider=path,
            started_at=since,
            lease_until=now,
            notes_call=False,
        )
    )
