"""What the adapters can tell of their accounts, asked of the fake providers."""

from __future__ import annotations

from notifier.domain.findings import Finding, Level
from notifier.providers.sendgrid_email import SendGridEmail
from notifier.providers.smtp_email import SmtpEmail
from notifier.providers.twilio_callbacks import TRY_AGAIN
from notifier.providers.twilio_sms import TwilioSms
from tests.fakes.clock import FakeClock
from tests.fakes.mail_server import FakeMailServer
from tests.fakes.provider_server import FakeProviders
from tests.providers.conftest import sendgrid_at, twilio_at

NUMBER = "+15005550006"
SERVICE = "MG" + "0123456789abcdef" * 2
INBOUND = "https://notify.example.com/webhooks/twilio/inbound"
CLOSED_PORT = "http://127.0.0.1:9"


def levels(findings: list[Finding]) -> list[tuple[str, Level]]:
    """Return subject and level of each finding; one that is not ok says what to do."""
    assert all((finding.remedy is None) == (finding.level is Level.OK) for finding in findings)
    return [(finding.subject, finding.level) for finding in findings]


def test_a_healthy_twilio_account_is_well(providers: FakeProviders, twilio: TwilioSms) -> None:
    """The credentials work, the number is ours and its replies come here."""
    providers.twilio_account.numbers[NUMBER] = INBOUND

    assert levels(twilio.check()) == [
        ("Twilio account", Level.OK),
        ("Twilio sender", Level.OK),
        ("Twilio replies", Level.OK),
    ]


def test_replies_that_a_deploy_would_lose_come_here_too(
    providers: FakeProviders, twilio: TwilioSms
) -> None:
    """A URL without what lets Twilio try again is right; the better one is named, once."""
    said = {}
    for configured in (INBOUND, f"{INBOUND}#rc=2", INBOUND + TRY_AGAIN):
        providers.twilio_account.numbers[NUMBER] = configured
        replies = twilio.check()[-1]
        assert replies.level is Level.OK
        said[configured] = TRY_AGAIN in replies.sentence

    assert said == {INBOUND: True, f"{INBOUND}#rc=2": False, INBOUND + TRY_AGAIN: False}


def test_replies_that_go_elsewhere_are_told(providers: FakeProviders, twilio: TwilioSms) -> None:
    """A STOP that never reaches us must not be found out by the customer; the URL is named."""
    providers.twilio_account.numbers[NUMBER] = "https://demo.twilio.com/welcome/sms/reply"

    replies = twilio.check()[-1]

    assert replies.level is Level.WARNING
    assert INBOUND + TRY_AGAIN in (replies.remedy or "")


def test_a_number_of_another_account_fails(twilio: TwilioSms) -> None:
    """Twilio would refuse every text from it."""
    assert levels(twilio.check()) == [
        ("Twilio account", Level.OK),
        ("Twilio sender", Level.FAILING),
    ]


def test_wrong_credentials_fail_and_are_not_printed(
    providers: FakeProviders, clock: FakeClock
) -> None:
    """Neither the token nor the account's id is in what is said."""
    token, providers.auth_token = providers.auth_token, "rotated"
    twilio = twilio_at(providers, providers.url, clock)
    providers.auth_token = token

    (finding,) = twilio.check()

    assert finding.level is Level.FAILING
    assert "credentials" in finding.sentence
    assert "rotated" not in repr(finding)
    assert providers.account_sid not in repr(finding)


def test_a_suspended_or_trial_account_is_told(providers: FakeProviders, twilio: TwilioSms) -> None:
    """Suspended sends nothing; a trial texts only verified numbers."""
    providers.twilio_account.type = "Trial"
    assert twilio.check()[0].level is Level.WARNING

    providers.twilio_account.status = "suspended"
    assert twilio.check()[0].level is Level.FAILING


def test_a_messaging_service_is_looked_up(providers: FakeProviders, clock: FakeClock) -> None:
    """It lives at another of Twilio's addresses; TWILIO_API_URL stands for that one too."""
    twilio = twilio_at(providers, providers.url, clock, from_=SERVICE)
    assert levels(twilio.check())[1:] == [("Twilio sender", Level.FAILING)]

    providers.twilio_account.services[SERVICE] = INBOUND
    assert levels(twilio.check())[1:] == [
        ("Twilio sender", Level.OK),
        ("Twilio replies", Level.OK),
    ]


def test_short_codes_and_names_are_senders_too(providers: FakeProviders, clock: FakeClock) -> None:
    """A short code is looked up; of a name nobody can say more than that it takes no replies."""
    providers.twilio_account.numbers["12345"] = INBOUND
    code = twilio_at(providers, providers.url, clock, from_="12345")
    name = twilio_at(providers, providers.url, clock, from_="Northside")

    assert levels(code.check())[1] == ("Twilio sender", Level.OK)
    assert levels(name.check())[1] == ("Twilio sender", Level.WARNING)


def test_providers_that_do_not_answer_fail_without_an_exception(
    providers: FakeProviders, clock: FakeClock
) -> None:
    """The doctor goes on to the next line whatever becomes of this one."""
    with FakeMailServer(greeting="hang up") as mail:
        smtp = SmtpEmail(url=f"smtp://{mail.address}", from_address="a@acme.example", now=clock)
        adapters = (
            twilio_at(providers, CLOSED_PORT, clock),
            sendgrid_at(providers, CLOSED_PORT, clock),
            smtp,
        )
        found = [adapter.check() for adapter in adapters]

    assert [finding.level for (finding,) in found] == [Level.FAILING] * 3


def test_a_key_that_may_only_send_is_well(
    providers: FakeProviders, sendgrid: SendGridEmail
) -> None:
    """A key with the fewest permissions is right, though it can't say who is verified."""
    assert levels(sendgrid.check()) == [("SendGrid key", Level.OK), ("SendGrid sender", Level.OK)]


def test_a_key_that_may_not_send_fails(providers: FakeProviders, sendgrid: SendGridEmail) -> None:
    """Without the Mail Send permission no email leaves."""
    providers.sendgrid_account.scopes = ["stats.read"]

    assert levels(sendgrid.check()) == [("SendGrid key", Level.FAILING)]


def test_the_from_address_must_be_verified(
    providers: FakeProviders, sendgrid: SendGridEmail
) -> None:
    """A domain is best, the one address will do, and with neither SendGrid refuses mails."""
    account = providers.sendgrid_account
    account.domains, account.senders = [], []
    assert sendgrid.check()[1].level is Level.FAILING

    account.senders = ["hello@acme.example"]
    assert sendgrid.check()[1].level is Level.WARNING

    account.domains = ["acme.example"]
    assert sendgrid.check()[1].level is Level.OK


def test_a_revoked_key_fails(providers: FakeProviders, clock: FakeClock) -> None:
    """SendGrid no longer takes it."""
    sendgrid = sendgrid_at(providers, providers.url, clock)
    providers.api_key = "SG.another"

    (finding,) = sendgrid.check()

    assert finding.level is Level.FAILING
    assert "fake-key" not in repr(finding)


def test_a_mail_server_is_signed_in_to(clock: FakeClock) -> None:
    """As for a mail, but nothing is sent; a refused password is told without showing it."""
    with FakeMailServer() as mail:
        smtp = SmtpEmail(
            url=f"smtp://user:sesame@{mail.address}", from_address="a@acme.example", now=clock
        )
        assert levels(smtp.check()) == [("mail server", Level.OK)]
        assert mail.mails == []
    with FakeMailServer(AUTH="535 no") as mail:
        smtp = SmtpEmail(
            url=f"smtp://user:sesame@{mail.address}", from_address="a@acme.example", now=clock
        )
        (finding,) = smtp.check()
    assert finding.level is Level.FAILING
    assert "sesame" not in repr(finding)
