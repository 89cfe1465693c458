"""Twilio's status callbacks as receipts."""

import re
from collections.abc import Mapping
from uuid import UUID

from notifier.providers.codes import UNKNOWN_EVENT
from notifier.providers.receipt import ParsedReceipts, Receipt, ReceiptEvent, readable_id

# Source: message_enum_status of Twilio's OpenAPI document. "read" is WhatsApp's and RCS's.
# "partially_delivered" says nothing about this person, and "receiving" and "received" are of
# texts to us; those and values that we do not know are stored and move nothing.
STATUS_EVENTS: dict[str, ReceiptEvent] = {
    "accepted": ReceiptEvent.ACCEPTED,
    "scheduled": ReceiptEvent.ACCEPTED,
    "queued": ReceiptEvent.ACCEPTED,
    "sending": ReceiptEvent.ACCEPTED,
    "sent": ReceiptEvent.SENT,
    "delivered": ReceiptEvent.DELIVERED,
    "read": ReceiptEvent.DELIVERED,
    "undelivered": ReceiptEvent.UNDELIVERED,
    "failed": ReceiptEvent.FAILED,
    "canceled": ReceiptEvent.FAILED,
    "partially_delivered": ReceiptEvent.IGNORED,
    "receiving": ReceiptEvent.IGNORED,
    "received": ReceiptEvent.IGNORED,
}


_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


def parse_status_callback(form: Mapping[str, str], *, query: Mapping[str, str]) -> ParsedReceipts:
    """Return the one receipt that a status callback holds, or count it as skipped.

    `query` holds our own ids, `m` and `a`, as `TwilioSms.send` put them into the callback's
    URL; a callback without them is still found by its SID. The signature must have been
    verified before. Twilio does not say when the status was reached.
    """
    sid = readable_id(form.get("MessageSid") or form.get("SmsSid"))
    status = readable_id(form.get("MessageStatus") or form.get("SmsStatus"))
    if not sid or not status:
        return ParsedReceipts(receipts=(), skipped=1)
    code = _error_code(form.get("ErrorCode"))
    event = STATUS_EVENTS.get(status)
    receipt = Receipt(
        message_id=_uuid(query.get("m")),
        attempt_id=_uuid(query.get("a")),
        provider="twilio",
        provider_id=sid,
        event_id=f"{sid}:{status}:{code or ''}",
        event=ReceiptEvent.IGNORED if event is None else event,
        code=UNKNOWN_EVENT if event is None else code,
    )
    return ParsedReceipts(receipts=(receipt,))


def _error_code(value: str | None) -> str | None:
    """Return a real error number: Twilio writes none as nothing, `0` or `null`."""
    return value if value and _NUMBER.fullmatch(value) else None


def _uuid(value: str | None) -> UUID | None:
    try:
        return UUID(value) if value else None
    except ValueError:
        return None
