"""Claiming: what is due is checked against the truth once more, worded, and handed to a worker.

One transaction. When it commits, the intent to send is on record; a worker that dies from
here on leaves a claim whose lease lapses, and the provider's own record settles it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from notifier import planner
from notifier.domain.messages import Channel, MessageStatus, WhyNot
from notifier.domain.sending.path_health import PATIENCE
from notifier.guards.at_claim import GuardsAtClaim
from notifier.isolation import together_or_each
from notifier.links import status_url
from notifier.providers.protocols import EmailProvider, OutgoingEmail, OutgoingSms, SmsProvider
from notifier.rendering import RenderFailed
from notifier.sending.caps_at_claim import begin_tally
from notifier.sending.composing import Composed, compose
from notifier.sending.digests import gather
from notifier.sending.refusals import Around, Refusal, refusal, stand_around
from notifier.sending.routing import Route, Routes
from notifier.sending.waiting import rest
from notifier.services import Services
from notifier.store import outbox
from notifier.store.snapshots import Snapshot
from notifier.store.tables import Attempt, Brand, ContactPoint, Message, Person
from notifier.store.tasks import owe_look_into
from notifier.store.vault import Unreadable
from notifier.technicians.day_links import open_day

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One message that this process alone will hand to a provider, once."""

    message_id: UUID
    attempt_id: UUID
    started_at: datetime
    lease_until: datetime  # the call must have begun by then
    valid_until: datetime  # and by then, for afterwards silence is better
    notes_call: bool  # before it is made, for nobody could look it up afterwards
    provider: SmsProvider | EmailProvider
    outgoing: OutgoingSms | OutgoingEmail


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What one claim took, and how many due messages it dealt with, sent or not."""

    claims: tuple[Claim, ...]
    dealt_with: int


def claim_due(services: Services, *, limit: int, channel: Channel | None = None) -> Claimed:
    """Claim at most `limit` due messages, each for the one call to its provider that follows.

    What is no longer true, not allowed, or can't be worded is not claimed; its row says why.
    A message of a rule with a digest takes along what waits with the same news for its reader.

    :param channel: only what leaves by it; None: by any.
    """
    now = services.now()
    found: list[outbox.Due] = []

    def take(session: Session) -> Sequence[UUID]:
        found.extend(outbox.lock_due(session, now=now, limit=limit, channel=channel))
        return sorted({due.job_id for due in found})

    def claim(
        session: Session, job_ids: Sequence[UUID], alone: bool
    ) -> tuple[list[Claim], set[UUID]]:
        return _claim_of(session, services, job_ids, channel, alone=alone, now=now)

    done = together_or_each(services, take, claim)
    waiting = {row for _, rows in done for row in rows}
    return Claimed(
        claims=tuple(one for claims, _ in done for one in claims),
        dealt_with=len({due.message_id for due in found} - waiting),
    )


def _claim_of(
    session: Session,
    services: Services,
    job_ids: Sequence[UUID],
    channel: Channel | None,
    *,
    alone: bool,
    now: datetime,
) -> tuple[list[Claim], set[UUID]]:
    """Deal with what is due of locked jobs; return the claims, and the rows that wait.

    :param alone: nothing goes along of jobs that are not among these.
    """
    snapshots = planner.bring_up_to_date(session, services, job_ids, now=now)
    session.flush()
    rows = outbox.due_of_jobs(session, job_ids, now=now, channel=channel)
    around = stand_around(session, services, rows)
    claims, waiting = _claim_each(session, services, rows, around, snapshots, alone=alone, now=now)
    session.flush()
    refused = sorted({row.job_id for row in rows if row.status in _REFUSED})
    if refused:  # another channel may carry them now
        planner.bring_up_to_date(session, services, refused, now=now)
    return claims, waiting


_REFUSED = frozenset({MessageStatus.SUPPRESSED, MessageStatus.SKIPPED, MessageStatus.EXPIRED})


def _claim_each(
    session: Session,
    services: Services,
    rows: Sequence[Message],
    around: Around,
    snapshots: Mapping[UUID, Snapshot],
    *,
    alone: bool,
    now: datetime,
) -> tuple[list[Claim], set[UUID]]:
    """Claim or refuse each row; return the claims, and the rows that wait for another."""
    busy = outbox.people_with_a_claim(session, [row.job_id for row in rows])
    up_to_date = {row.job_id for row in rows}
    tally = begin_tally(session, services, around, now=now)
    guards = GuardsAtClaim(session, services, rows, around, snapshots, now=now)
    routes = Routes(session, services, around.senders, now)
    claims: list[Claim] = []
    waiting: set[UUID] = set()
    for row in rows:
        if row.status == MessageStatus.CLAIMED:  # another row's digest has taken it along
            continue
        if row.job_person_id in busy or around.jobs[row.job_id].held_at is not None:
            waiting.add(row.id)
            continue
        refused = refusal(row, around, now)
        way = None if refused else routes.of(around.brands[row.brand_id], Channel(row.channel))
        if refused is None and way is None:
            refused = Refusal(MessageStatus.SKIPPED, WhyNot.NO_PROVIDER)
        if refused is None and tally.has_enough(row):
            refused = Refusal(MessageStatus.SKIPPED, WhyNot.CAP_REACHED)
        if refused is not None or way is None:
            assert refused is not None
            row.status, row.reason = refused.status, refused.why
            row.settled_at = now
            continue
        if way.waits_until is not None:
            if way.waits_until > now + PATIENCE:
                around.jobs[row.job_id].look_at = now  # planning sees how long it may wait
            rest(row, way.waits_until, now=now)
            continue
        held_until = guards.holds(row)
        if held_until is not None:
            row.status, row.reason = MessageStatus.DEFERRED, WhyNot.BRAKED
            row.due_at = held_until
            continue
        together: list[Message] = []
        if not alone:
            together = gather(session, services, row, up_to_date=up_to_date, busy=busy, now=now)
        composed = _compose_together(session, services, row, together, now)
        if composed is None:
            together, composed = [], _compose(session, services, row, now)
        if composed is None:
            row.settled_at = now
            continue
        stopped = guards.stops(row, composed)
        if stopped is not None:
            row.status, row.reason, row.settled_at = MessageStatus.SKIPPED, stopped, now
            continue
        guards.count(row, composed)
        valid_until = min(one.expires_at for one in (row, *together))
        claims.append(_claim(session, services, row, way, composed, valid_until, around, now))
        tally.claimed.append(row)
        busy.add(row.job_person_id)
        for carried in together:
            _carry(session, services, carried, row, composed)
            busy.add(carried.job_person_id)
    guards.write()
    return claims, waiting


def _compose_together(
    session: Session, services: Services, row: Message, together: Sequence[Message], now: datetime
) -> Composed | None:
    """Return the words of a digest, or None where each message goes by itself."""
    if not together:
        return None
    try:
        return compose(session, services, row, now=now, together=together)
    except (RenderFailed, Unreadable) as error:
        _log.error("digest_not_worded", message_id=str(row.id), why=type(error).__name__)
        return None


def _compose(session: Session, services: Services, row: Message, now: datetime) -> Composed | None:
    """Return the words, or None where there are none: the row says so, and a person is told."""
    try:
        return compose(session, services, row, now=now)
    except Unreadable:
        row.status, row.reason = MessageStatus.SKIPPED, WhyNot.NO_CONTACT
    except RenderFailed as error:
        _log.error("render_failed", message_id=str(row.id), why=str(error))
        row.status, row.reason = MessageStatus.SKIPPED, WhyNot.RENDER_FAILED
        owe_look_into(
            session,
            row,
            id=services.ids(),
            key=f"render_failed:{row.id}",
            why=WhyNot.RENDER_FAILED,
            now=now,
        )
    return None


def _claim(
    session: Session,
    services: Services,
    row: Message,
    way: Route,
    composed: Composed,
    valid_until: datetime,
    around: Around,
    now: datetime,
) -> Claim:
    """Put the intent to send on record, with the words as they will be sent.

    :param valid_until: when the first of all that it says becomes stale.
    """
    attempt_id, lease_until = services.ids(), now + timedelta(seconds=services.timing.lease)
    notes_call = not way.provider.can_look_up
    _keep_words(session, services, row, composed)
    row.segments, row.carried_by = composed.segments, None
    row.status, row.reason = MessageStatus.CLAIMED, None
    row.claimed_at, row.due_at = now, lease_until
    row.turn_at = row.turn_at or now
    row.attempts += 1
    row.attempt_id, row.provider, row.provider_id = attempt_id, way.provider.name, None
    session.add(
        Attempt(
            id=attempt_id,
            brand_id=row.brand_id,
            message_id=row.id,
            number=row.attempts,
            provider=way.provider.name,
            started_at=now,
            lease_until=lease_until,
            notes_call=notes_call,
        )
    )
    brand = around.brands[row.brand_id]
    open_day(session, services, row, around.jobs[row.job_id], brand, composed.link_token, now=now)
    return Claim(
        message_id=row.id,
        attempt_id=attempt_id,
        started_at=now,
        lease_until=lease_until,
        valid_until=valid_until,
        notes_call=notes_call,
        provider=way.provider,
        outgoing=_outgoing(services, row, composed, valid_until, brand, way, attempt_id),
    )


def _carry(
    session: Session, services: Services, row: Message, by: Message, composed: Composed
) -> None:
    """Let `row` go with `by`, whose fate it shares from now on."""
    _keep_words(session, services, row, composed)
    row.segments, row.carried_by = None, by.id  # it costs nothing of its own
    row.status, row.reason = MessageStatus.CLAIMED, None
    row.claimed_at, row.due_at = by.claimed_at, by.due_at
    row.turn_at = row.turn_at or by.claimed_at
    row.attempts += 1
    row.attempt_id, row.provider, row.provider_id = by.attempt_id, by.provider, None


def _keep_words(session: Session, services: Services, row: Message, composed: Composed) -> None:
    """Keep what is sent, sealed for the person whom the row is about."""
    point = session.get_one(ContactPoint, row.contact_point_id)
    key = session.get_one(Person, point.person_id).key
    assert key is not None
    seal = services.vault.seal
    row.recipient = seal(key, composed.recipient)
    row.body = seal(key, composed.body)
    row.subject = seal(key, composed.subject) if composed.subject is not None else None
    row.html = seal(key, composed.html) if composed.html is not None else None
    row.template_hash = composed.template_hash


def _outgoing(
    services: Services,
    row: Message,
    composed: Composed,
    valid_until: datetime,
    brand: Brand,
    way: Route,
    attempt_id: UUID,
) -> OutgoingSms | OutgoingEmail:
    if row.channel == Channel.SMS:
        return OutgoingSms(
            message_id=row.id,
            attempt_id=attempt_id,
            to=composed.recipient,
            body=composed.body,
            link_token=composed.link_token,
            valid_until=valid_until,
        )
    assert composed.subject is not None
    assert composed.html is not None
    return OutgoingEmail(
        message_id=row.id,
        attempt_id=attempt_id,
        to=composed.recipient,
        from_name=(way.sender.name if way.sender else None) or brand.name,
        subject=composed.subject,
        text=composed.body,
        html=composed.html,
        link_token=composed.link_token,
        unsubscribe_url=f"{status_url(services.public_url, composed.link_token)}/stop",
    )
