"""The sandbox: takes every message, sends none, and shows them on `/sandbox`."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from notifier.providers.codes import TWILIO
from notifier.providers.errors import SendRejected
from notifier.providers.protocols import (
    Accepted,
    LookUp,
    LookUpAbsent,
    LookUpFound,
    OutgoingEmail,
    OutgoingSms,
)
from notifier.providers.receipt import Receipt, ReceiptEvent

# Numbers that the sandbox refuses as Twilio's test credentials do, so that a person can
# see what becomes of such a customer. Source: twilio.com/docs/iam/test-credentials.
MAGIC_NUMBERS: dict[str, str] = {
    "+15005550001": "21211",  # not a valid number
    "+15005550004": "21610",  # opted out
    "+15005550009": "21614",  # a landline: can't receive texts
}

FindAccepted = Callable[[str], Accepted | None]
"""Finds by its link token what `record` was given; must see every commit before the call."""


class SandboxSms:
    """Texts that go to `record` instead of a phone.

    `record` keeps the text under the id it is given, and keeps it once however often it
    is called; whatever it raises passes through. It must commit before it returns.
    """

    name = "sandbox"
    gives_receipts = True
    can_look_up = True

    def __init__(
        self,
        *,
        record: Callable[[OutgoingSms, Accepted], None],
        find: FindAccepted,
        now: Callable[[], datetime],
    ) -> None:
        self._record = record
        self._find = find
        self._now = now

    def send(self, sms: OutgoingSms) -> Accepted:
        """Record one text.

        :raises SendRejected: if the number is one of `MAGIC_NUMBERS`.
        """
        code = MAGIC_NUMBERS.get(sms.to)
        if code is not None:
            raise SendRejected(code, reaction=TWILIO[code].reaction)
        accepted = Accepted(f"sandbox-sms-{sms.attempt_id}", self._now())
        self._record(sms, accepted)
        return accepted

    def look_up(self, *, to: str, link_token: str, since: datetime) -> LookUp:
        """Say whether the text was recorded."""
        return _look_up(self._find, link_token)


class SandboxEmail:
    """Emails that go to `record` instead of a mailbox; see `SandboxSms`."""

    name = "sandbox"
    gives_receipts = True
    can_look_up = True

    def __init__(
        self,
        *,
        record: Callable[[OutgoingEmail, Accepted], None],
        find: FindAccepted,
        now: Callable[[], datetime],
    ) -> None:
        self._record = record
        self._find = find
        self._now = now

    def send(self, email: OutgoingEmail) -> Accepted:
        """Record one email."""
        accepted = Accepted(f"sandbox-email-{email.attempt_id}", self._now())
        self._record(email, accepted)
        return accepted

    def look_up(self, *, to: str, link_token: str, since: datetime) -> LookUp:
        """Say whether the email was recorded."""
        return _look_up(self._find, link_token)


def receipts_for(
    *, message_id: UUID, attempt_id: UUID, provider_id: str, now: datetime
) -> list[Receipt]:
    """Return the receipts that a provider would have sent for what the sandbox took."""
    return [
        Receipt(
            message_id=message_id,
            attempt_id=attempt_id,
            provider="sandbox",
            provider_id=provider_id,
            event_id=f"{provider_id}:delivered",
            event=ReceiptEvent.DELIVERED,
            occurred_at=now,
        )
    ]


def _look_up(find: FindAccepted, link_token: str) -> LookUp:
    accepted = find(link_token)
    if accepted is None:
        return LookUpAbsent()
    return LookUpFound(accepted=accepted, status=ReceiptEvent.DELIVERED)
