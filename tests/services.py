"""The services as tests use them: real database, fake clock and ids, recording providers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session, sessionmaker

from notifier.brands import add_brand
from notifier.clock import new_id
from notifier.domain.guards.limits import Guards
from notifier.providers.protocols import (
    Accepted,
    EmailProvider,
    LookUp,
    LookUpAbsent,
    LookUpFound,
    LookUpImpossible,
    OutgoingEmail,
    OutgoingSms,
    SmsProvider,
)
from notifier.providers.receipt import ReceiptEvent
from notifier.rendering import Words
from notifier.rulebook import Rulebook, load_rulebook
from notifier.services import Services, Timing
from notifier.store.tables import Brand
from notifier.store.vault import Vault

ROOT = Path(__file__).parent.parent
PUBLIC_URL = "https://go.example.com"
SECRET = "a secret of the tests, long enough to be one"


@dataclass
class RecordingSms:
    """Takes every text; `fail_next` are raised one a send."""

    name: str = "sandbox"
    gives_receipts: bool = True
    can_look_up: bool = True
    sent: list[OutgoingSms] = field(default_factory=list)
    fail_next: list[Exception] = field(default_factory=list)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def send(self, sms: OutgoingSms) -> Accepted:
        """Take `sms`, or fail as told."""
        if self.fail_next:
            raise self.fail_next.pop(0)
        self.sent.append(sms)
        return Accepted(provider_id=f"SM{len(self.sent):04d}", created_at=self.now())

    def look_up(self, *, to: str, link_token: str, since: datetime) -> LookUp:
        """Find a text by its recipient and link."""
        for number, sms in enumerate(self.sent, 1):
            if sms.to == to and link_token in sms.body:
                accepted = Accepted(provider_id=f"SM{number:04d}", created_at=self.now())
                return LookUpFound(accepted=accepted, status=ReceiptEvent.SENT)
        return LookUpAbsent()


@dataclass
class RecordingEmail:
    """Takes every email; `fail_next` are raised one a send."""

    name: str = "sandbox"
    gives_receipts: bool = True
    can_look_up: bool = False
    sent: list[OutgoingEmail] = field(default_factory=list)
    fail_next: list[Exception] = field(default_factory=list)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def send(self, email: OutgoingEmail) -> Accepted:
        """Take `email`, or fail as told."""
        if self.fail_next:
            raise self.fail_next.pop(0)
        self.sent.append(email)
        return Accepted(provider_id=f"EM{len(self.sent):04d}", created_at=self.now())

    def look_up(self, *, to: str, link_token: str, since: datetime) -> LookUp:
        """Say, as SendGrid does, that its record can't be asked."""
        return LookUpImpossible("no_record")


@lru_cache(maxsize=1)
def shipped_rulebook() -> Rulebook:
    """Return the rules that come with the product; nothing can change them, so once is enough."""
    return load_rulebook(ROOT / "rules")


@lru_cache(maxsize=1)
def shipped_words() -> Words:
    """Return the words that come with the product; templates stay compiled from test to test."""
    return Words(ROOT / "templates" / "messages")


def make_services(
    sessions: sessionmaker[Session],
    *,
    now: Callable[[], datetime],
    ids: Callable[[], UUID] = new_id,
    sms: SmsProvider | None = None,
    email: EmailProvider | None = None,
    wake: Callable[[], None] = lambda: None,
    public_url: str = PUBLIC_URL,
    timing: Timing | None = None,
    guards: Guards = Guards(),  # noqa: B008 - frozen
) -> Services:
    """Return services on `sessions`; without providers, two that take everything."""
    sms = sms or RecordingSms(now=now)
    email = email or RecordingEmail(now=now)
    return Services(
        sessions=sessions,
        now=now,
        ids=ids,
        vault=Vault(SECRET),
        rulebook=shipped_rulebook(),
        words=shipped_words(),
        sms={sms.name: sms},
        email={email.name: email},
        wake=wake,
        public_url=public_url,
        timing=timing or Timing(),
        guards=guards,
    )


def given_brand(services: Services, *, live: bool = True, **fields: object) -> Brand:
    """Return a brand on record: in Los Angeles, live since long ago unless told otherwise."""
    values: dict[str, object] = {
        "slug": "northside",
        "name": "Northside Heating",
        "zone": "America/Los_Angeles",
        "phone": "+12065550199",
        "live_at": datetime(2026, 1, 1, tzinfo=UTC) if live else None,
    }
    with services.sessions.begin() as session:
        return add_brand(session, services, **(values | fields))  # type: ignore[arg-type]
