"""The rows of an outbox in memory: what is owed becomes one, and one is bound anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from notifier.domain.ledger.views import PastMessage
from notifier.domain.messages import MessageStatus
from notifier.domain.owed import Owed
from notifier.domain.reconciling import Row, Standing, standing


def new_row(id: UUID, owed: Owed, *, gives_receipts: bool, now: datetime) -> PastMessage:
    """Return the row of what is owed."""
    row = PastMessage(
        id=id,
        rule=owed.rule.id,
        family=owed.rule.family,
        episode=owed.episode,
        episode_no=owed.episode_no,
        channel=owed.channel,
        contact=owed.contact,
        status=MessageStatus.READY,
        reason=None,
        asserts=owed.asserts,
        moves_told=owed.moves_told,
        rests_on=owed.rests_on,
        told_before=owed.told_before,
        technician=owed.technician,
        next_update_at=owed.next_update_at,
        tell_by=owed.tell_by,
        claimed_at=None,
        handed_over_at=None,
        accepted_at=None,
        send_at=owed.send_at,
        due_at=owed.send_at,
        gives_receipts=gives_receipts,
    )
    return bound(row, owed, now)


def bound(row: PastMessage, owed: Owed, now: datetime) -> PastMessage:
    """Return the row saying what is owed now. Waiting for its time or not, it is *ready*, unless
    no provider took it yet."""
    row = replace(
        row,
        asserts=owed.asserts,
        moves_told=owed.moves_told,
        rests_on=owed.rests_on,
        told_before=owed.told_before,
        technician=owed.technician,
        next_update_at=owed.next_update_at,
        tell_by=owed.tell_by,
    )
    if owed.why_not is not None:
        return replace(row, status=MessageStatus.SKIPPED, reason=owed.why_not, due_at=owed.send_at)
    if row.status is not MessageStatus.DEFERRED:
        return replace(row, status=MessageStatus.READY, reason=None, due_at=owed.send_at)
    before = Standing(status=row.status, reason=row.reason, send_at=row.send_at, due_at=row.due_at)
    stands = standing(owed, before, held=False, now=now)
    return replace(row, send_at=stands.send_at, due_at=stands.due_at)


def as_reconciled(row: PastMessage, owed: Owed) -> Row:
    """Return what reconciling reads of a row; `owed`: what it was made of."""
    return Row(
        id=row.id,
        job_person=owed.job_person,
        contact=row.contact,
        rule=row.rule,
        episode=row.episode,
        channel=row.channel,
        status=row.status,
        reason=row.reason,
        claimed=row.claimed_at is not None,
        expires_at=owed.expires_at,
    )
