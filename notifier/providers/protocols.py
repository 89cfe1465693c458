"""What a provider of texts or of email must offer, and the values that pass through it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from notifier.providers.receipt import ReceiptEvent


@dataclass(frozen=True, kw_only=True)
class OutgoingSms:
    """One text, rendered and ready. `to` is E.164; `link_token` occurs in `body`.

    After `valid_until` (aware UTC) the provider shall drop it rather than deliver it.
    """

    message_id: UUID
    attempt_id: UUID
    to: str
    body: str
    link_token: str
    valid_until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class OutgoingEmail:
    """One email, rendered and ready. `unsubscribe_url` is for one-click unsubscribing."""

    message_id: UUID
    attempt_id: UUID
    to: str
    from_name: str
    subject: str
    text: str
    html: str
    link_token: str
    unsubscribe_url: str | None = None


@dataclass(frozen=True)
class Accepted:
    """The provider took it. `created_at` is the provider's own time (aware UTC), if given."""

    provider_id: str
    created_at: datetime | None = None


@dataclass(frozen=True)
class LookUpFound:
    """The provider has the message; `status` is where it stands, `code` why it failed."""

    accepted: Accepted
    status: ReceiptEvent
    code: str | None = None


@dataclass(frozen=True)
class LookUpAbsent:
    """The provider's record was read to the end and does not hold the message (yet)."""


@dataclass(frozen=True)
class LookUpImpossible:
    """This provider's record can't settle the question, now or later; `why` is a short code."""

    why: str


LookUp = LookUpFound | LookUpAbsent | LookUpImpossible


class SmsProvider(Protocol):
    """Sends texts. One instance serves one sender and may be used from many threads."""

    @property
    def name(self) -> str:
        """The path's short stable name: `twilio`, `twilio_2`, `sandbox`."""

    @property
    def gives_receipts(self) -> bool:
        """Whether silence after acceptance means something."""

    @property
    def can_look_up(self) -> bool:
        """Whether `look_up` can find a message whose outcome is unknown."""

    def send(self, sms: OutgoingSms) -> Accepted:
        """Hand the text to the provider. No transaction may be open meanwhile.

        :raises SendRejected: it will never be taken.
        :raises SendDeferred: certainly not taken; try again later.
        :raises ProviderMisconfigured: certainly not taken, and nothing else will be.
        :raises SendOutcomeUnknown: it may have been taken.
        """

    def look_up(self, *, to: str, link_token: str, since: datetime) -> LookUp:
        """Search the provider's record for the text to `to` whose body holds `link_token`.

        `since` (aware UTC) is the start of the earliest attempt in question.

        :raises SendDeferred: the record can't be read at the moment; nothing was learnt.
        """


class EmailProvider(Protocol):
    """Sends email. One instance serves one from-address and may be used from many threads."""

    @property
    def name(self) -> str:
        """A short stable name: `sendgrid`, `smtp`, `sandbox`."""

    @property
    def gives_receipts(self) -> bool:
        """Whether silence after acceptance means something."""

    @property
    def can_look_up(self) -> bool:
        """Whether `look_up` can find a message whose outcome is unknown."""

    def send(self, email: OutgoingEmail) -> Accepted:
        """Hand the email to the provider; raises as `SmsProvider.send` does."""

    def look_up(self, *, to: str, link_token: str, since: datetime) -> LookUp:
        """As `SmsProvider.look_up`."""
