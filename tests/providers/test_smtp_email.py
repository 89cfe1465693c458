"""The SMTP adapter, step by step through the conversation."""

import socket
from email import message_from_bytes, policy

import pytest

from notifier.providers.codes import Reaction
from notifier.providers.errors import (
    ProviderMisconfigured,
    SendDeferred,
    SendError,
    SendOutcomeUnknown,
    SendRejected,
)
from notifier.providers.smtp_email import SmtpEmail, SmtpServer
from tests.fakes.clock import FakeClock
from tests.fakes.mail_server import FakeMailServer
from tests.providers.conftest import ATTEMPT, MESSAGE, an_email

LONG_LINE = "250 " + "x" * 9000  # longer than a line of a reply may be


def _smtp(address: str, clock: FakeClock, *, login: str = "") -> SmtpEmail:
    url = f"smtp://{login}{address}"
    return SmtpEmail(url=url, from_address="hello@acme.example", now=clock, timeout=1)


def _outcome(clock: FakeClock, *, login: str = "", **replies: str) -> SendError:
    with FakeMailServer(**replies) as server, pytest.raises(SendError) as caught:
        _smtp(server.address, clock, login=login).send(an_email())
    assert caught.value.__context__ is None
    return caught.value


def test_an_email_arrives_whole(clock: FakeClock) -> None:
    """Both parts, the brand's name, our id on the brand's domain; a lone dot survives."""
    with FakeMailServer() as server:
        email = an_email(unsubscribe_url="https://acme.example/u/1")
        accepted = _smtp(server.address, clock).send(email)

    mail = message_from_bytes(server.mails[0], policy=policy.default)
    assert accepted.provider_id == f"<{MESSAGE}.{ATTEMPT}@acme.example>"
    assert mail["Message-ID"] == accepted.provider_id
    assert mail["From"] == '"Acme, Heating & Sons" <hello@acme.example>'
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().splitlines() == email.text.splitlines()
    assert html.get_content().strip() == email.html


def test_it_signs_in(clock: FakeClock) -> None:
    """Credentials come from the URL, with their escapes undone."""
    with FakeMailServer() as server:
        _smtp(server.address, clock, login="ada:p%40ss@").send(an_email())

    assert "AUTH PLAIN AGFkYQBwQHNz" in server.commands


@pytest.mark.parametrize(
    ("step", "reply", "error", "reaction"),
    [
        ("greeting", "421 busy", SendDeferred, Reaction.RETRY),
        ("greeting", "554 go away", ProviderMisconfigured, Reaction.HALT_CHANNEL),
        ("greeting", "299 hello", SendDeferred, Reaction.RETRY),
        ("greeting", "hello", SendDeferred, Reaction.RETRY),
        ("greeting", "hang up", SendDeferred, Reaction.RETRY),
        ("MAIL", "451 later", SendDeferred, Reaction.RETRY),
        ("MAIL", "550 not your address", ProviderMisconfigured, Reaction.HALT_CHANNEL),
        ("MAIL", "hello", SendDeferred, Reaction.RETRY),
        ("MAIL", LONG_LINE, SendDeferred, Reaction.RETRY),
        ("RCPT", "450 busy", SendDeferred, Reaction.RETRY),
        ("RCPT", "550 no such ada@example.com", SendRejected, Reaction.FLAG_CONTACT),
        ("RCPT", "552 full", SendRejected, Reaction.OTHER_CHANNEL),
        ("RCPT", "354 go on", SendDeferred, Reaction.RETRY),
        ("DATA", "250 ok", SendDeferred, Reaction.RETRY),
        ("DATA", "451 later", SendDeferred, Reaction.RETRY),
        ("DATA", "hang up", SendDeferred, Reaction.RETRY),
        ("end", "452 disk full", SendDeferred, Reaction.RETRY),
        ("end", "554 spam", SendRejected, Reaction.NEVER),
        ("end", "354 go on", SendOutcomeUnknown, Reaction.HOLD),
        ("end", "150 wait", SendOutcomeUnknown, Reaction.HOLD),
        ("end", "650 what", SendOutcomeUnknown, Reaction.HOLD),
        ("end", "25", SendOutcomeUnknown, Reaction.HOLD),
        ("end", "taken", SendOutcomeUnknown, Reaction.HOLD),
        ("end", LONG_LINE, SendOutcomeUnknown, Reaction.HOLD),
        ("end", "hang up", SendOutcomeUnknown, Reaction.HOLD),
    ],
)
def test_each_step_can_fail(
    clock: FakeClock, step: str, reply: str, error: type[SendError], reaction: Reaction
) -> None:
    """Only what is lost after the mail was written is unknown; refusals took nothing."""
    outcome = _outcome(clock, **{step: reply})

    assert type(outcome) is error
    assert outcome.reaction is reaction
    assert "ada" not in str(outcome)


@pytest.mark.parametrize(
    ("step", "reply"),
    [
        ("MAIL", "251 fine"),
        ("RCPT", "252 can't say, but I take it"),
        ("DATA", "350 go on"),
        ("end", "252 queued"),
        ("end", "200-several\r\n200 lines"),
    ],
)
def test_the_first_digit_of_a_reply_decides(clock: FakeClock, step: str, reply: str) -> None:
    """Servers have their own second and third; what passed must not go out once more."""
    with FakeMailServer(**{step: reply}) as server:
        _smtp(server.address, clock).send(an_email())

    assert len(server.mails) == 1


def test_wrong_credentials_halt_the_channel(clock: FakeClock) -> None:
    """A refused sign-in concerns every mail."""
    outcome = _outcome(clock, login="ada:wrong@", AUTH="535 no")

    assert isinstance(outcome, ProviderMisconfigured)


def test_a_goodbye_that_fails_changes_nothing(clock: FakeClock) -> None:
    """Once taken it is taken, whatever becomes of QUIT."""
    with FakeMailServer(QUIT="hang up") as server:
        _smtp(server.address, clock).send(an_email())

    assert len(server.mails) == 1


def test_no_server_at_all_is_deferred(clock: FakeClock) -> None:
    """Where nothing listens, nothing was taken."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(SendDeferred):
            _smtp(address, clock).send(an_email())


def test_an_address_with_a_line_break_is_refused(clock: FakeClock) -> None:
    """Nobody smuggles a header in through an address."""
    with FakeMailServer() as server, pytest.raises(SendRejected, match="mail_not_built"):
        _smtp(server.address, clock).send(an_email(to="ada@example.com\r\nBcc: eve@example.com"))

    assert server.mails == []


def test_the_forms_of_an_smtp_url() -> None:
    """Ports follow the kind of encryption, and the password stays out of a printed value."""
    submission = SmtpServer.from_url("smtp://u:secret@mail.example?starttls=1")
    assert (submission.port, submission.starttls, submission.encrypted) == (587, True, False)
    assert "secret" not in repr(submission)
    assert SmtpServer.from_url("smtps://mail.example").port == 465
    assert SmtpServer.from_url("smtp://mail.example:2525").port == 2525


@pytest.mark.parametrize(
    "url", ["http://u:secret@x", "smtp://", "smtp://u:secret@x:port", "smtps://x?starttls=1"]
)
def test_a_bad_smtp_url_is_named_without_its_password(url: str) -> None:
    """The message says what is wrong and never repeats the URL."""
    with pytest.raises(ValueError, match="SMTP_URL") as caught:
        SmtpServer.from_url(url)

    assert "secret" not in str(caught.value)
