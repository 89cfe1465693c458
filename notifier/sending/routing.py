"""Which provider carries a message, and from which sender."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from notifier.domain.messages import Channel
from notifier.domain.sending.path_health import PathHealth, Stand, choose
from notifier.providers.protocols import EmailProvider, SmsProvider
from notifier.providers.second import paths_of
from notifier.sending.paths import read_health, trials_under_way
from notifier.services import Services
from notifier.store.tables import Brand, Sender

SANDBOX = "sandbox"

#: How long a sender rests after the provider refused our account, before it is tried again.
HALT_REST = timedelta(seconds=60)

#: The paths of each channel, in the order in which they are preferred.
PATHS: Mapping[Channel, tuple[str, ...]] = {
    Channel.SMS: paths_of("twilio"),
    Channel.EMAIL: ("sendgrid", "smtp"),
}


@dataclass(frozen=True, slots=True)
class Route:
    """A provider and, where the brand has one on record, the sender it speaks from.

    `waits_until`: nothing may go this way before.
    """

    provider: SmsProvider | EmailProvider
    sender: Sender | None
    waits_until: datetime | None = None


class Routes:
    """The ways out for the messages of one claim.

    How the paths fare is read once, and what this claim hands to a path on trial counts.
    """

    def __init__(
        self, session: Session, services: Services, senders: Sequence[Sender], now: datetime
    ) -> None:
        self._session = session
        self._services = services
        self._senders = senders
        self._now = now
        self._healths: dict[str, PathHealth] = {}
        self._trials: Counter[str] = Counter()

    def of(self, brand: Brand, channel: Channel) -> Route | None:
        """Return how `channel` leaves for a customer of `brand`, or None if it can't.

        The demo never leaves the sandbox; nor does anything while no provider is configured
        at all. Once one is, a channel without a provider is not swallowed by the sandbox.
        """
        mine = {
            row.provider: row
            for row in self._senders
            if row.brand_id == brand.id and row.channel == channel
        }
        if brand.demo or not any_configured(self._services):
            sandbox = provider_named(self._services, channel, SANDBOX)
            return Route(sandbox, mine.get(SANDBOX)) if sandbox is not None else None
        names = configured_paths(self._services, channel)
        if not names:
            return None
        choice = choose([self._stand(name, mine.get(name)) for name in names], now=self._now)
        name = names[choice.index]
        if choice.waits_until is None:
            self._trials[name] += 1
        return Route(_providers(self._services, channel)[name], mine.get(name), choice.waits_until)

    def _stand(self, name: str, sender: Sender | None) -> Stand:
        health = self._healths.get(name)
        if health is None:
            health = self._healths[name] = read_health(self._session, name)
            if health.open_until is not None:
                since = health.open_until
                self._trials[name] += trials_under_way(self._session, name, since)
        halted_at = sender.halted_at if sender is not None else None
        return Stand(
            health=health,
            halted_until=halted_at + HALT_REST if halted_at is not None else None,
            under_way=self._trials[name],
        )


def any_configured(services: Services) -> bool:
    """Return whether any provider can reach a real person."""
    return bool((set(services.sms) | set(services.email)) - {SANDBOX})


def without_provider(services: Services) -> frozenset[Channel]:
    """Return the channels by which nobody is reached, while others reach real people."""
    if not any_configured(services):
        return frozenset()
    return frozenset(channel for channel in PATHS if not configured_paths(services, channel))


def has_other_path(services: Services, name: str) -> bool:
    """Return whether another path of the same channel is configured."""
    return any(
        name in names and len(configured_paths(services, channel)) > 1
        for channel, names in PATHS.items()
    )


def every_path(services: Services) -> dict[str, SmsProvider | EmailProvider]:
    """Return every path by its name; the sandbox of both channels is one."""
    return {**services.sms, **services.email}


def provider_named(
    services: Services, channel: Channel, name: str
) -> SmsProvider | EmailProvider | None:
    """Return the provider that an attempt went to, if it is still configured."""
    return _providers(services, channel).get(name)


def configured_paths(services: Services, channel: Channel) -> list[str]:
    """Return the configured paths of a channel, in the order in which they are preferred."""
    configured = _providers(services, channel)
    return [name for name in PATHS[channel] if name in configured]


def _providers(
    services: Services, channel: Channel
) -> Mapping[str, SmsProvider] | Mapping[str, EmailProvider]:
    return services.sms if channel is Channel.SMS else services.email
