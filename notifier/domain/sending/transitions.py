"""What each event makes of a message: one table in which every (status, event) pair is decided.

Answers, look-ups and receipts come in any order and any number of times. Each therefore
either moves a message on or leaves it where it is; none moves it back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from notifier.domain.messages import WAITING, MessageStatus


class MessageEvent(StrEnum):
    """What can happen to a message once a worker may have tried to send it."""

    # The provider's answer to an attempt, or the lack of one.
    ANSWERED_ACCEPTED = "answered_accepted"
    ANSWERED_DEFERRED = "answered_deferred"  # certainly not taken; may be later
    ANSWERED_PACED = "answered_paced"  # not taken, for we were too fast: no failure
    ANSWERED_REJECTED = "answered_rejected"  # never will be taken
    ANSWERED_UNKNOWN = "answered_unknown"  # the answer was lost
    LEASE_LAPSED = "lease_lapsed"  # the worker that claimed it is dead or hangs

    # What the provider's own record says of an attempt in doubt.
    FOUND = "found"
    NOT_TAKEN = "not_taken"  # looked for often enough, and absent: as if it had been deferred
    UNRESOLVED = "unresolved"  # nobody can say: a person must

    # Receipts.
    RECEIPT_ACCEPTED = "receipt_accepted"
    RECEIPT_SENT = "receipt_sent"
    RECEIPT_DELIVERED = "receipt_delivered"
    RECEIPT_UNDELIVERED = "receipt_undelivered"
    RECEIPT_FAILED = "receipt_failed"
    RECEIPT_BOUNCED = "receipt_bounced"
    RECEIPT_OPTED_OUT = "receipt_opted_out"
    RECEIPT_COMPLAINED = "receipt_complained"
    RECEIPT_DEFERRED = "receipt_deferred"  # the provider has it and goes on trying
    RECEIPT_IGNORED = "receipt_ignored"


_S = MessageStatus
_E = MessageEvent

#: We hold that it was not sent, or don't know. A sign that it was taken proves us wrong.
_NOT_SENT = WAITING | {
    _S.CLAIMED,
    _S.UNKNOWN,
    _S.HELD,
    _S.SUPERSEDED,
    _S.EXPIRED,
    _S.SUPPRESSED,
    _S.SKIPPED,
}

#: An attempt of it is in doubt.
_IN_DOUBT = frozenset({_S.CLAIMED, _S.UNKNOWN, _S.HELD})

# A failure beats "delivered" whichever came first: mail servers bounce after they took a
# mail, and events come unordered. So a failed address never passes for a person reached.
_FAILED_AFTER = WAITING | _IN_DOUBT | {_S.ACCEPTED, _S.SENT, _S.DELIVERED}

#: For each event: the statuses that it moves, and where to. All others stay.
_MOVES: Mapping[MessageEvent, tuple[Iterable[MessageStatus], MessageStatus]] = {
    _E.ANSWERED_ACCEPTED: (_NOT_SENT, _S.ACCEPTED),
    _E.ANSWERED_DEFERRED: (_IN_DOUBT, _S.DEFERRED),
    _E.ANSWERED_PACED: (_IN_DOUBT, _S.DEFERRED),
    _E.ANSWERED_REJECTED: (_IN_DOUBT, _S.REJECTED),
    _E.ANSWERED_UNKNOWN: ({_S.CLAIMED}, _S.UNKNOWN),
    _E.LEASE_LAPSED: ({_S.CLAIMED}, _S.UNKNOWN),
    _E.FOUND: (_NOT_SENT, _S.ACCEPTED),
    _E.NOT_TAKEN: ({_S.UNKNOWN}, _S.DEFERRED),
    _E.UNRESOLVED: ({_S.UNKNOWN}, _S.HELD),
    _E.RECEIPT_ACCEPTED: (_NOT_SENT, _S.ACCEPTED),
    _E.RECEIPT_DEFERRED: (_NOT_SENT, _S.ACCEPTED),
    _E.RECEIPT_SENT: (_NOT_SENT | {_S.ACCEPTED}, _S.SENT),
    _E.RECEIPT_DELIVERED: (_NOT_SENT | {_S.ACCEPTED, _S.SENT, _S.REJECTED}, _S.DELIVERED),
    _E.RECEIPT_UNDELIVERED: (_FAILED_AFTER, _S.UNDELIVERED),
    _E.RECEIPT_FAILED: (_FAILED_AFTER, _S.UNDELIVERED),
    _E.RECEIPT_BOUNCED: (_FAILED_AFTER, _S.UNDELIVERED),
    # Their own act, which says nothing of this message's arrival.
    _E.RECEIPT_OPTED_OUT: (WAITING, _S.SUPPRESSED),
    _E.RECEIPT_COMPLAINED: (WAITING, _S.SUPPRESSED),
    _E.RECEIPT_IGNORED: ((), _S.ACCEPTED),
}

#: What counts whichever attempt it speaks of: the person has it, or may have. Any other
#: event says something of its own attempt alone, and nothing once a later one began.
COUNTS_FOR_ANY_ATTEMPT = frozenset(
    {
        _E.ANSWERED_ACCEPTED,
        _E.FOUND,
        _E.RECEIPT_ACCEPTED,
        _E.RECEIPT_DEFERRED,
        _E.RECEIPT_SENT,
        _E.RECEIPT_DELIVERED,
        _E.RECEIPT_OPTED_OUT,
        _E.RECEIPT_COMPLAINED,
    }
)

TABLE: Mapping[tuple[MessageStatus, MessageEvent], MessageStatus] = {
    (status, event): to if status in set(moved) else status
    for event, (moved, to) in _MOVES.items()
    for status in MessageStatus
}


def after(status: MessageStatus, event: MessageEvent) -> MessageStatus:
    """Return the status of a message that had `status` when `event` came."""
    return TABLE[status, event]
