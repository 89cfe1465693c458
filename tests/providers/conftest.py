"""The fake providers, the real adapters pointed at them, and one text and one email."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest

from notifier.providers.protocols import OutgoingEmail, OutgoingSms
from notifier.providers.sendgrid_email import SendGridEmail
from notifier.providers.twilio_sms import TwilioSms
from tests.fakes.clock import FakeClock
from tests.fakes.provider_server import FakeProviders

SHARED = Path(__file__).parents[2].parent / "shared"
MESSAGE = UUID("01900000-0000-7000-8000-000000000001")
ATTEMPT = UUID("01900000-0000-7000-8000-000000000002")
ADA = "+12065550100"
TOKEN = "k3Yt0kEn"


@pytest.fixture
def providers(clock: FakeClock) -> Iterator[FakeProviders]:
    """Both fake providers, freshly started."""
    with FakeProviders(now=clock) as running:
        yield running


@pytest.fixture
def twilio(providers: FakeProviders, clock: FakeClock) -> TwilioSms:
    """The Twilio adapter, pointed at the fake and impatient."""
    return twilio_at(providers, providers.url, clock)


@pytest.fixture
def sendgrid(providers: FakeProviders, clock: FakeClock) -> SendGridEmail:
    """The SendGrid adapter, pointed at the fake and impatient."""
    return sendgrid_at(providers, providers.url, clock)


def twilio_at(
    providers: FakeProviders,
    api_url: str,
    now: Callable[[], datetime],
    *,
    from_: str = "+15005550006",
    timeouts: tuple[float, float] = (1.0, 0.5),
) -> TwilioSms:
    """Return the Twilio adapter with the fake's credentials."""
    return TwilioSms(
        account_sid=providers.account_sid,
        auth_token=providers.auth_token,
        from_=from_,
        public_url="https://notify.example.com",
        api_url=api_url,
        now=now,
        timeouts=timeouts,
    )


def sendgrid_at(
    providers: FakeProviders,
    api_url: str,
    now: Callable[[], datetime],
    *,
    timeouts: tuple[float, float] = (1.0, 0.5),
) -> SendGridEmail:
    """Return the SendGrid adapter with the fake's key."""
    return SendGridEmail(
        api_key=providers.api_key,
        from_address="hello@acme.example",
        api_url=api_url,
        now=now,
        timeouts=timeouts,
    )


def a_text(
    *, to: str = ADA, token: str = TOKEN, valid_until: datetime | None = None
) -> OutgoingSms:
    """Return a text that tells of a slip."""
    return OutgoingSms(
        message_id=MESSAGE,
        attempt_id=ATTEMPT,
        to=to,
        body=f"Acme: sorry, boiler repair will be late: 9:45, not 9. acme.example/s/{token}",
        link_token=token,
        valid_until=valid_until,
    )


def an_email(*, to: str = "ada@example.com", unsubscribe_url: str | None = None) -> OutgoingEmail:
    """Return an email that tells of a slip."""
    return OutgoingEmail(
        message_id=MESSAGE,
        attempt_id=ATTEMPT,
        to=to,
        from_name="Acme, Heating & Sons",
        subject="Your boiler repair will be late",
        text=f"Sorry.\n.\nIt will be 9:45. https://acme.example/s/{TOKEN}",
        html=f"<p>Sorry – it will be 9:45. https://acme.example/s/{TOKEN}</p>",
        link_token=TOKEN,
        unsubscribe_url=unsubscribe_url,
    )
