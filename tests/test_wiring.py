"""The composition root: what the settings say reaches the part that they are about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes

import pytest

from app import build_services
from config.settings import Settings, load_settings
from notifier.providers.errors import ProviderMisconfigured
from notifier.services import Services, Timing
from tests.fakes.mail_server import FakeMailServer
from tests.fakes.provider_server import ACCOUNT_SID, API_KEY, AUTH_TOKEN, FakeProviders
from tests.providers.conftest import a_text, an_email

OTHER_SID, OTHER_TOKEN = "AC" + "fedcba9876543210" * 2, "token-of-the-other"
FIRST, SECOND = "+12065550199", "MG" + "0123456789abcdef" * 2


@pytest.fixture(scope="module")
def providers() -> Iterator[FakeProviders]:
    """Both fake providers; what they took is kept for all tests here."""
    with FakeProviders() as running:
        yield running


@pytest.fixture(scope="module")
def mail_server() -> Iterator[FakeMailServer]:
    """A mail server that takes everything."""
    with FakeMailServer() as running:
        yield running


@pytest.fixture(scope="module")
def installed(
    providers: FakeProviders, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Services]:
    """Return what builds the services of an environment; both channels have their first path."""
    directory = tmp_path_factory.mktemp("wiring")
    usual = {
        "SECRET_KEY": "s3cr3t-" * 6,
        "BRAND_NAME": "Northside",
        "BRAND_PHONE": "206-555-0199",
        "DATABASE_URL": f"sqlite:///{directory}/wiring.db",
        "PUBLIC_URL": "https://notify.northside.example/",
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_FROM": FIRST,
        "TWILIO_API_URL": providers.url,
        "SENDGRID_API_KEY": API_KEY,
        "SENDGRID_FROM": "Northside <hello@northside.example>",
        "SENDGRID_API_URL": providers.url,
    }

    def build(**settings: str) -> Services:
        with pytest.MonkeyPatch.context() as environment:
            environment.chdir(directory)
            for name in Settings.model_fields:
                environment.delenv(name.upper(), raising=False)
            for name, value in {**usual, **settings}.items():
                environment.setenv(name, value)
            return build_services(load_settings())

    return build


@pytest.fixture(scope="module")
def services(installed: Callable[..., Services], mail_server: FakeMailServer) -> Services:
    """Return the services of an installation that has two paths a channel, and times of its own.

    All values differ, so that none can stand in for another.
    """
    return installed(
        TWILIO_SECOND_FROM=SECOND,
        TWILIO_SECOND_ACCOUNT_SID=OTHER_SID,
        TWILIO_SECOND_AUTH_TOKEN=OTHER_TOKEN,
        SMTP_URL=f"smtp://{mail_server.address}",
        LEASE_SECONDS="31",
        LOOKUP_AFTER_SECONDS="42",
        LOOKUP_AGAIN_SECONDS="93",
        HOLD_AFTER_SECONDS="904",
        KEEP_DELIVERIES_DAYS="5",
    )


def test_a_second_account_signs_in_as_itself(
    services: Services, providers: FakeProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with its own token, from its own sender; neither is taken by the other's account."""
    first, second = services.sms["twilio"], services.sms["twilio_2"]

    first.send(a_text())
    with pytest.raises(ProviderMisconfigured):
        second.send(a_text())
    monkeypatch.setattr(providers, "account_sid", OTHER_SID)
    monkeypatch.setattr(providers, "auth_token", OTHER_TOKEN)
    second.send(a_text())
    with pytest.raises(ProviderMisconfigured):
        first.send(a_text())

    of_first, of_second = providers.sms[-2:]
    assert (first.name, of_first["from"]) == ("twilio", FIRST)
    assert (second.name, of_second["messaging_service_sid"]) == ("twilio_2", SECOND)
    address = "https://notify.northside.example/webhooks/twilio/status?"
    assert of_first["status_callback"].startswith(address)
    assert of_second["status_callback"].startswith(address)


def test_a_second_sender_of_the_same_account_uses_its_token(
    installed: Callable[..., Services], providers: FakeProviders
) -> None:
    """Nothing but the sender is said again; without a mail server there is none."""
    services = installed(TWILIO_SECOND_FROM=SECOND)

    services.sms["twilio_2"].send(a_text())

    assert providers.sms[-1]["messaging_service_sid"] == SECOND
    assert list(services.sms) == ["sandbox", "twilio", "twilio_2"]
    assert list(services.email) == ["sandbox", "sendgrid"]


def test_a_mail_server_stands_beside_sendgrid(
    services: Services, providers: FakeProviders, mail_server: FakeMailServer
) -> None:
    """Both speak from one address, whose own name gives way to the brand's."""
    services.email["sendgrid"].send(an_email())
    services.email["smtp"].send(an_email())

    (mail,) = map(message_from_bytes, mail_server.mails)
    assert [sent["from"] for sent in providers.emails] == ["hello@northside.example"]
    assert str(mail["From"]).endswith("<hello@northside.example>")
    assert [path.name for path in services.email.values()] == ["sandbox", "sendgrid", "smtp"]


def test_each_time_is_the_one_that_was_set(services: Services) -> None:
    """One in another's place would send twice, or wait for nobody."""
    assert services.timing == Timing(lease=31, look_up_after=42, look_up_again=93, hold_after=904)
    assert services.keep_deliveries == timedelta(days=5)
