"""Which provider carries a message, and from which sender."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifier.domain.messages import Channel
from notifier.providers.protocols import EmailProvider, SmsProvider
from notifier.services import Services
from notifier.store.tables import Brand, Sender

SANDBOX = "sandbox"

#: How long a sender rests after the provider refused our account, before one more trial.
HALT_REST = timedelta(seconds=60)

_PREFERRED: Mapping[Channel, tuple[str, ...]] = {
    Channel.SMS: ("twilio",),
    Channel.EMAIL: ("sendgrid", "smtp"),
}


@dataclass(frozen=True, slots=True)
class Route:
    """A provider and, where the brand has one on record, the sender it speaks from."""

    provider: SmsProvider | EmailProvider
    sender: Sender | None

    def rests_until(self, now: datetime) -> datetime | None:
        """Return until when this sender is left alone, or None if it may be tried."""
        if self.sender is None or self.sender.halted_at is None:
            return None
        ends = self.sender.halted_at + HALT_REST
        return ends if ends > now else None


def route(
    services: Services, brand: Brand, channel: Channel, senders: Iterable[Sender]
) -> Route | None:
    """Return how `channel` leaves for a customer of `brand`, or None if it can't.

    The demo never leaves the sandbox; nor does anything while no provider is configured at
    all. Once one is, a channel without a provider is not swallowed by the sandbox.
    """
    mine = [row for row in senders if row.brand_id == brand.id and row.channel == channel]
    if brand.demo or not any_configured(services):
        return _by_name(services, channel, SANDBOX, mine)
    named = [row.provider for row in mine if row.provider != SANDBOX]
    for name in (*named, *_PREFERRED[channel]):
        found = _by_name(services, channel, name, mine)
        if found is not None:
            return found
    return None


def any_configured(services: Services) -> bool:
    """Return whether any provider can reach a real person."""
    return bool((set(services.sms) | set(services.email)) - {SANDBOX})


def provider_named(
    services: Services, channel: Channel, name: str
) -> SmsProvider | EmailProvider | None:
    """Return the provider that an attempt went to, if it is still configured."""
    if channel is Channel.SMS:
        return services.sms.get(name)
    return services.email.get(name)


def _by_name(
    services: Services, channel: Channel, name: str, senders: Iterable[Sender]
) -> Route | None:
    provider = provider_named(services, channel, name)
    if provider is None:
        return None
    sender = next((row for row in senders if row.provider == name), None)
    return Route(provider, sender)
