"""Sending what is due, exactly once: claim, call, settle.

The intent to send is committed before the provider is called, no transaction spans a call,
and an answer that never came is looked up in the provider's own record before anything else.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import cache

import structlog

from notifier.domain.messages import Channel, WhyNot
from notifier.providers.codes import LEASE_OVER, NOT_NOTED, Reaction
from notifier.providers.errors import SendDeferred, SendError, SendOutcomeUnknown
from notifier.sending.batch import Batch
from notifier.sending.claim_size import MOST_AT_A_TIME, ClaimSize
from notifier.sending.claiming import Claim, claim_due
from notifier.sending.lookups import resolve_unknown
from notifier.sending.routing import has_other_path
from notifier.sending.settling import Outcome, settle, sign_of
from notifier.services import Services
from notifier.store import attempts
from notifier.store.engine import DATABASE_TROUBLE

__all__ = ["deliver_due", "resolve_unknown"]

_log = structlog.get_logger()

_AT_ONCE = 8  # provider calls of one process, by one channel

#: Seconds to wait before an answer is offered to a busy database again. All of them and the
#: database's own patience pass within a lease; after that the look-up finds the answer.
_AGAIN_AFTER = (0.2, 1.0, 3.0)


def deliver_due(services: Services, limit: int = MOST_AT_A_TIME) -> int:
    """Send what is due and return how many due messages were dealt with, sent or not.

    0 means that nothing more can be done now. Safe to run in any number of workers.

    :param limit: of each channel.
    """
    return sum(_deliver_by(services, channel, limit) for channel in Channel)


def _deliver_by(services: Services, channel: Channel, limit: int) -> int:
    """Send what is due by one channel, unless others of this process have all its room."""
    lane = services.lanes[channel]
    if not lane.enter():
        return 0
    dealt_with = 0
    try:
        dealt_with = _claim_and_send(services, channel, lane.claim_size, limit)
    finally:
        if lane.leave() or dealt_with:
            services.wake()
    return dealt_with


def _claim_and_send(services: Services, channel: Channel, size: ClaimSize, limit: int) -> int:
    claimed = claim_due(services, limit=min(limit, size.now), channel=channel)
    if claimed.claims:
        services.wake()  # there may be more, and these calls may be slow
        batch = Batch()
        calls = _calls_by(channel)
        in_time = calls.map(lambda one: send_claimed(services, one, batch), claimed.claims)
        too_late = list(in_time).count(False)
        size.learn(claimed=len(claimed.claims), too_late=too_late)
        if too_late:
            _log.warning("claim_too_late", channel=channel, messages=too_late, next_claim=size.now)
    return claimed.dealt_with


def send_claimed(services: Services, claim: Claim, batch: Batch | None = None) -> bool:
    """Make the one call that `claim` allows, and settle what came of it.

    Return whether its turn came while the lease held.

    A claim that waited for its turn until its lease was over is not sent: by then others
    look for it in the provider's record, and a call after they looked would be a second one.
    Nor is one that nobody could use any more, nor one whose path the rest of its batch found
    ill, or was asked to leave alone, nor one of which nobody would know that it was begun.
    """
    batch = batch or Batch()
    path, began = claim.provider.name, services.now()
    outcome: Outcome | None = _too_late(claim, began)
    if outcome is None and batch.lets_go(path, has_other=has_other_path(services, path), now=began):
        outcome = SendDeferred(WhyNot.WAITS_FOR_SENDER, reaction=Reaction.PACE)
    if outcome is None and claim.notes_call:
        outcome, began = _note_call(services, claim), services.now()
        outcome = outcome or _too_late(claim, began)
    outcome = outcome or _call(claim)
    ended = services.now()
    took = ended - began
    sign = sign_of(outcome, at=ended, took=took)
    if sign is not None:
        batch.learn(path, sign)
    _settle(services, claim, outcome, took)
    return not (isinstance(outcome, SendDeferred) and outcome.code == LEASE_OVER)


def _settle(services: Services, claim: Claim, outcome: Outcome, took: timedelta) -> None:
    """Put the answer on record; a database in trouble is given time."""
    for seconds in (*_AGAIN_AFTER, None):
        try:
            settle(services, claim, outcome, took=took)
        except DATABASE_TROUBLE:
            _log.warning("settle_waits_for_database", message_id=str(claim.message_id))
            if seconds is None:
                return
            time.sleep(seconds)
        else:
            return


def _too_late(claim: Claim, now: datetime) -> SendDeferred | None:
    """Return why a call may not be made any more at `now`; None: it may."""
    if now >= claim.valid_until:
        return SendDeferred(WhyNot.EXPIRED)
    if now >= claim.lease_until:
        return SendDeferred(LEASE_OVER, reaction=Reaction.PACE)
    return None


def _note_call(services: Services, claim: Claim) -> SendDeferred | None:
    """Write down that the call begins, and return why it may not; None: it may.

    What is not written down was not begun, for everybody else: so it must not be.
    """
    try:
        with services.sessions.begin() as session:
            begun = attempts.begin_call(
                session, claim.attempt_id, claim.message_id, now=services.now()
            )
    except DATABASE_TROUBLE:
        _log.warning("call_waits_for_database", message_id=str(claim.message_id))
        return SendDeferred(NOT_NOTED, reaction=Reaction.PACE)
    return None if begun else SendDeferred(LEASE_OVER, reaction=Reaction.PACE)


def _call(claim: Claim) -> Outcome:
    """Call the provider. Whatever it raises that is no plain answer leaves the outcome open."""
    try:
        # The claim pairs each kind of message with a provider of that kind.
        return claim.provider.send(claim.outgoing)  # type: ignore[arg-type]
    except SendError as error:
        return error
    except Exception as error:
        _log.error(
            "provider_call_broke", message_id=str(claim.message_id), error=type(error).__name__
        )
        return SendOutcomeUnknown(type(error).__name__[:40])


@cache
def _calls_by(channel: Channel) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix=f"send-{channel}")
