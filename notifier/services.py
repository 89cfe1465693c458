"""Everything that a use case needs, in one frozen value. Built in `app.py`, passed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session, sessionmaker

from notifier.domain.consent import ConsentPolicy
from notifier.domain.guards.limits import Guards
from notifier.domain.messages import Channel
from notifier.providers.protocols import EmailProvider, SmsProvider
from notifier.rendering import Words
from notifier.rulebook import Rulebook
from notifier.sending.lane import Lane, make_lanes
from notifier.store.vault import Vault
from notifier.webhooks.limit import SourceLimit
from notifier.webhooks.refusals import Refusals
from notifier.webhooks.tries import Tries
from notifier.webhooks.vendors import Vendors


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long delivery waits for what. Seconds."""

    lease: float = 30
    look_up_after: float = 40
    look_up_again: float = 90
    hold_after: float = 900

    @property
    def look_up_apart(self) -> float:
        """Between two look-ups that count as two, and before one that failed is repeated."""
        return (self.look_up_again - self.look_up_after) / 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The database, the clock, the ids, the rules, the words and the providers."""

    sessions: sessionmaker[Session]
    now: Callable[[], datetime]
    ids: Callable[[], UUID]
    vault: Vault
    rulebook: Rulebook
    words: Words
    sms: Mapping[str, SmsProvider]  # by name: twilio, twilio_2, sandbox
    email: Mapping[str, EmailProvider]  # by name: sendgrid, smtp, sandbox
    wake: Callable[[], None]  # tells delivery that something may be due
    public_url: str  # without a trailing slash
    timing: Timing = Timing()
    consent: ConsentPolicy = field(default_factory=ConsentPolicy)  # which kind needs what
    guards: Guards = field(default_factory=Guards)  # how much goes before a person is asked
    keep_deliveries: timedelta = timedelta(days=30)  # the raw bodies of webhooks
    lanes: Mapping[Channel, Lane] = field(default_factory=make_lanes)  # of this process
    source_limit: SourceLimit = field(default_factory=SourceLimit)  # of this process
    refusals: Refusals = field(default_factory=Refusals)  # not written yet, of this process
    tries: Tries = field(default_factory=Tries)  # of deliveries that broke, in this process
    vendors: Vendors = field(default_factory=Vendors)  # of sources, where they are asked
