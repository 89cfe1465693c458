"""A receipt: what a provider says later about a message it took."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

_LONGEST_ID = 200  # characters; theirs have 34 to 120


class ReceiptEvent(StrEnum):
    """What a receipt says, in one vocabulary for every provider."""

    ACCEPTED = "accepted"  # the provider has it and will try
    SENT = "sent"  # handed on to the carrier or mail server; not yet with the person
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"  # handed on, and it did not arrive; the address may be fine
    FAILED = "failed"  # the provider never handed it on
    OPTED_OUT = "opted_out"  # the person's own act; says nothing about this message's arrival
    BOUNCED = "bounced"  # the address refuses mail for good
    DEFERRED = "deferred"  # the provider goes on trying by itself
    COMPLAINED = "complained"  # marked as spam
    IGNORED = "ignored"  # opens, clicks, values we do not know: stored, nothing moves


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """One event about one message. Names nobody: no address, no text.

    `event_id` is the same however often the provider repeats the event. `code` is the
    provider's error number or a short word; `codes.receipt_reaction` reads it.
    """

    message_id: UUID | None
    attempt_id: UUID | None
    provider: str
    provider_id: str | None
    event_id: str
    event: ReceiptEvent
    code: str | None = None
    occurred_at: datetime | None = None  # aware UTC; None where the provider does not say


@dataclass(frozen=True, kw_only=True)
class ParsedReceipts:
    """What a callback held: its receipts, and how many items could not be read."""

    receipts: tuple[Receipt, ...]
    skipped: int = 0


def readable_id(value: object) -> str | None:
    """Return an id of a provider, or None for what is none: no database keeps every text."""
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_ID:
        return None
    return value if value.isascii() and value.isprintable() else None
