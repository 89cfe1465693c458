"""The rows of an outbox in memory: what is owed becomes one, and one is bound anew."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from notifier.domain.ledger.views import PastMessage
from notifier.domain.messages import MessageStatus
from notifier.domain.owed import Owed
from notifier.domain.reconciling import Row


def new_row(id: UUID, owed: Owed, *, gives_receipts: bool) -> PastMessage:
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
        due_at=owed.send_at,
        gives_receipts=gives_receipts,
    )
    return bound(row, owed)


def bound(row: PastMessage, owed: Owed) -> PastMessage:
    """Return the row saying what is owed now. Waiting for its time or not, it is *ready*."""
    blocked = owed.why_not is not None
    return replace(
        row,
        asserts=owed.asserts,
        moves_told=owed.moves_told,
        rests_on=owed.rests_on,
        told_before=owed.told_before,
        technician=owed.technician,
        next_update_at=owed.next_update_at,
        tell_by=owed.tell_by,
        due_at=owed.send_at,
        status=MessageStatus.SKIPPED if blocked else MessageStatus.READY,
        reason=owed.why_not,
    )


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
