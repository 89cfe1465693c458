"""SendGrid's event batches as receipts."""

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from notifier.providers.codes import UNKNOWN_CLASS, UNKNOWN_EVENT
from notifier.providers.receipt import ParsedReceipts, Receipt, ReceiptEvent, readable_id

# Opens and clicks prove nothing (mail scanners do both), and re-subscribing to a group is
# the affair of whoever keeps consents; those and values that we do not know move nothing.
EVENTS: dict[str, ReceiptEvent] = {
    "processed": ReceiptEvent.ACCEPTED,
    "deferred": ReceiptEvent.DEFERRED,
    "delivered": ReceiptEvent.DELIVERED,
    "bounce": ReceiptEvent.BOUNCED,
    "dropped": ReceiptEvent.FAILED,
    "spamreport": ReceiptEvent.COMPLAINED,
    "unsubscribe": ReceiptEvent.OPTED_OUT,
    "group_unsubscribe": ReceiptEvent.OPTED_OUT,
    "open": ReceiptEvent.IGNORED,
    "click": ReceiptEvent.IGNORED,
    "group_resubscribe": ReceiptEvent.IGNORED,
}

# A bounce of one of these classes condemns the address; of another, only this delivery.
_ADDRESS_IS_BAD = frozenset({None, "invalid_address", "unclassified", UNKNOWN_CLASS})

# The id that the send answered stands before the name of the machine that took it.
_SENT_ID = re.compile(r"(.+?)\.(?:filter|recv)")

# SendGrid's own words for a dropped mail and a bounce's class; anything else in the reason
# may quote an address and is not kept.
_DROP_REASONS = frozenset(
    {
        "bounced_address",
        "invalid",
        "invalid_smtpapi_header",
        "recipient_list_over_package_quota",
        "spam_content",
        "spam_reporting_address",
        "unsubscribed_address",
    }
)
_BOUNCE_CLASSES = frozenset(
    {
        "content",
        "frequency_or_volume_too_high",
        "invalid_address",
        "mailbox_unavailable",
        "reputation",
        "technical_failure",
        "unclassified",
    }
)


def parse_event_batch(body: bytes) -> ParsedReceipts:
    """Return the receipts in a verified batch, in its order, and how many items it spoilt.

    A body that is no JSON array counts as one skipped item: SendGrid would send it again
    for a day if it were refused.
    """
    try:
        items = json.loads(body)
    except (ValueError, RecursionError):
        return ParsedReceipts(receipts=(), skipped=1)
    if not isinstance(items, list):
        return ParsedReceipts(receipts=(), skipped=1)
    read = [_receipt(item) for item in items]
    receipts = tuple(receipt for receipt in read if receipt is not None)
    return ParsedReceipts(receipts=receipts, skipped=len(read) - len(receipts))


def _receipt(item: object) -> Receipt | None:
    if not isinstance(item, dict) or not isinstance(item.get("event"), str):
        return None
    name = item["event"]
    event, code = _meaning(name, item)
    return Receipt(
        message_id=_uuid(item.get("message_id")),
        attempt_id=_uuid(item.get("attempt_id")),
        provider="sendgrid",
        provider_id=_sent_id(item.get("sg_message_id")),
        event_id=_event_id(name, item),
        event=event,
        code=code,
        occurred_at=_moment(item.get("timestamp")),
    )


def _meaning(name: str, item: dict[str, Any]) -> tuple[ReceiptEvent, str | None]:
    event = EVENTS.get(name)
    if event is None:
        return ReceiptEvent.IGNORED, UNKNOWN_EVENT
    if name == "dropped":
        return event, _known(item.get("reason"), _DROP_REASONS)
    if name == "bounce":
        code = _known(item.get("bounce_classification"), _BOUNCE_CLASSES)
        blocked = item.get("type") == "blocked" or code not in _ADDRESS_IS_BAD
        return (ReceiptEvent.UNDELIVERED if blocked else event), code
    return event, None


def _known(words: object, vocabulary: frozenset[str]) -> str | None:
    """Return which of the vocabulary is meant; of other words only that they are others."""
    if not words:
        return None
    slug = "_".join(re.findall(r"[a-z]+", str(words).lower()))
    return slug if slug in vocabulary else UNKNOWN_CLASS


def _event_id(name: str, item: dict[str, Any]) -> str:
    """Return the event's own id; of one without it, a hash of the whole item.

    The name is part of it, since test events of different kinds share one id.
    """
    given = readable_id(item.get("sg_event_id"))
    known = readable_id(f"{given}:{name}") if given is not None else None
    if known is not None:
        return known
    canonical = json.dumps(item, sort_keys=True).encode()
    return hashlib.sha256(canonical).hexdigest()


def _sent_id(value: object) -> str | None:
    sent_id = readable_id(value)
    if sent_id is None or sent_id.startswith("filter"):
        return None
    match = _SENT_ID.match(sent_id)
    return match[1] if match else sent_id


def _moment(value: object) -> datetime | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
