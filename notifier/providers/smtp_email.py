"""Email through any mail server, for people without SendGrid. There are no receipts."""

import re
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import parse_qs, unquote, urlsplit

from notifier.domain.findings import Finding
from notifier.providers.codes import DEFERRED_MAIL, Reaction, smtp_reaction
from notifier.providers.connection import error_for_answer
from notifier.providers.errors import (
    ProviderMisconfigured,
    SendDeferred,
    SendError,
    SendOutcomeUnknown,
    SendRejected,
)
from notifier.providers.protocols import Accepted, LookUp, LookUpImpossible, OutgoingEmail

_TIMEOUT = 10.0  # seconds for each step of the conversation
_DONE, _GO_ON, _REFUSALS = 2, 3, (4, 5)  # the first digit of a reply
_CLOSING = 421  # at any step: the server leaves
_SEVEN_BITS = SMTP.clone(cte_type="7bit")  # not every server takes eight


@dataclass(frozen=True, kw_only=True)
class SmtpServer:
    """Where the mail server is and how to sign in."""

    host: str
    port: int
    encrypted: bool  # TLS from the first byte (smtps)
    starttls: bool
    user: str | None
    password: str | None = field(repr=False)

    @classmethod
    def from_url(cls, url: str) -> "SmtpServer":
        """Read `smtp://user:pass@host:587?starttls=1` or `smtps://user:pass@host`.

        :raises ValueError: with what is wrong, and never the URL, which holds a password.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps"):
            raise ValueError("SMTP_URL must begin with smtp:// or smtps://")
        if not parts.hostname:
            raise ValueError("SMTP_URL names no host")
        try:
            port = parts.port
        except ValueError:
            raise ValueError("SMTP_URL has a port that is no number") from None
        encrypted = parts.scheme == "smtps"
        starttls = parse_qs(parts.query).get("starttls", ["0"])[0] in ("1", "true", "yes")
        if encrypted and starttls:
            raise ValueError("SMTP_URL asks for both smtps and starttls")
        return cls(
            host=parts.hostname,
            port=port or (465 if encrypted else 587 if starttls else 25),
            encrypted=encrypted,
            starttls=starttls,
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )


class SmtpEmail:
    """Sends email from one address, one connection a mail."""

    name = "smtp"
    gives_receipts = False
    can_look_up = False

    def __init__(
        self,
        *,
        url: str,
        from_address: str,
        now: Callable[[], datetime],
        timeout: float = _TIMEOUT,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._server = SmtpServer.from_url(url)
        self._from_address = from_address
        self._now = now
        self._timeout = timeout
        self._tls = tls or ssl.create_default_context()

    def send(self, email: OutgoingEmail) -> Accepted:
        """Hand one email to the server; see `SmsProvider.send`."""
        created_at = self._now()
        error: SendError
        try:
            message = _build(email, from_address=self._from_address, at=created_at)
        except (ValueError, IndexError):
            # Line breaks in a header or an address that is none; nothing was sent.
            error = SendRejected("mail_not_built", reaction=Reaction.FLAG_CONTACT)
        else:
            refusal = self._deliver(email.to, message)
            if refusal is None:
                return Accepted(message["Message-ID"], created_at)
            error = refusal
        # Raised out here, so that a text which quotes the address is not its context.
        raise error

    def look_up(self, *, to: str, link_token: str, since: datetime) -> LookUp:
        """Say that a mail server keeps no record that could be searched."""
        return LookUpImpossible("no_record")

    def check(self) -> list[Finding]:
        """Connect and sign in as for a mail, then leave; sends nothing."""
        try:
            _leave(self._connect())
        except smtplib.SMTPAuthenticationError:
            sentence = "The mail server refuses the user or the password."
        except smtplib.SMTPNotSupportedError:
            sentence = "The mail server offers no sign-in or no TLS of the kind asked for."
        except ssl.SSLCertVerificationError:
            sentence = "The mail server's certificate is not trusted."
        except (smtplib.SMTPException, OSError) as error:
            sentence = f"The mail server gave no usable answer ({type(error).__name__})."
        else:
            return [Finding.ok("mail server", "It lets us sign in.")]
        return [Finding.failing("mail server", sentence, "Check SMTP_URL.")]

    def _deliver(self, to: str, message: EmailMessage) -> SendError | None:
        """Hold the whole conversation; return None once the server has taken the mail."""
        written = False
        connection: smtplib.SMTP | None = None
        try:
            connection = self._connect()
            _expect(connection.mail(self._from_address), _DONE, of_us=True)
            _expect(connection.rcpt(to), _DONE)
            _expect(connection.docmd("DATA"), _GO_ON)
            written = True
            connection.send(_as_data(message))
            _expect(connection.getreply(), _DONE)
        except _Refused as refused:
            return _error_for_refusal(refused.reply, of_us=refused.of_us)
        except smtplib.SMTPNotSupportedError:
            return ProviderMisconfigured("smtp_not_supported")
        except ssl.SSLCertVerificationError:
            return ProviderMisconfigured("certificate_not_trusted")
        except UnicodeEncodeError:
            return SendRejected("address_not_ascii", reaction=Reaction.FLAG_CONTACT)
        # Before DATA was let in the server can't have the mail; after, nobody knows.
        except smtplib.SMTPResponseException as answer:
            if connection is None and answer.smtp_code // 100 in _REFUSALS:
                return _error_for_refusal(answer.smtp_code, of_us=True)  # at the door
            return (SendOutcomeUnknown if written else SendDeferred)("garbage_answer")
        except (smtplib.SMTPException, OSError):
            return (
                SendOutcomeUnknown("connection_lost") if written else SendDeferred("no_connection")
            )
        finally:
            if connection is not None:
                _leave(connection)
        return None

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        connection: smtplib.SMTP
        if server.encrypted:
            connection = smtplib.SMTP_SSL(
                server.host, server.port, timeout=self._timeout, context=self._tls
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=self._timeout)
        try:
            connection.ehlo_or_helo_if_needed()
            if server.starttls:
                connection.starttls(context=self._tls)
                connection.ehlo()
            if server.user is not None:
                connection.login(server.user, server.password or "")
        except BaseException:
            connection.close()
            raise
        return connection


class _Refused(Exception):
    """The server refused a step. `of_us`: us, and not the recipient or the mail."""

    def __init__(self, reply: int, *, of_us: bool) -> None:
        super().__init__(reply)
        self.reply = reply
        self.of_us = of_us


def _expect(reply: tuple[int, bytes], good: int, *, of_us: bool = False) -> None:
    """Let a reply pass that begins with the `good` digit; it alone decides (RFC 5321, 4.3.2).

    :raises _Refused: if it is a refusal, which took nothing.
    :raises smtplib.SMTPResponseException: if it makes no sense here, and so may mean anything.
    """
    digit = reply[0] // 100
    if digit in _REFUSALS:
        raise _Refused(reply[0], of_us=of_us)
    if digit != good:
        raise smtplib.SMTPResponseException(*reply)


def _error_for_refusal(reply: int, *, of_us: bool) -> SendError:
    code = f"smtp_{reply}"
    if 400 <= reply < 500:
        # A mailbox that is busy, a stranger who shall come again: others are taken meanwhile.
        of_one_mail = not of_us and reply != _CLOSING
        return SendDeferred(f"{DEFERRED_MAIL}{reply}" if of_one_mail else code)
    if of_us:
        return ProviderMisconfigured(code)
    return error_for_answer(smtp_reaction(reply), code)


def _leave(connection: smtplib.SMTP) -> None:
    """Say goodbye; the outcome stands whatever becomes of it."""
    try:
        connection.quit()
    except (smtplib.SMTPException, OSError):
        connection.close()


def _as_data(message: EmailMessage) -> bytes:
    """Return the mail as DATA carries it: leading dots doubled, a lone dot at the end.

    Source: RFC 5321, 4.5.2.
    """
    lines = re.sub(rb"(?m)^\.", b"..", message.as_bytes(policy=_SEVEN_BITS))
    return lines + (b"" if lines.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _build(email: OutgoingEmail, *, from_address: str, at: datetime) -> EmailMessage:
    sender = Address(display_name=email.from_name, addr_spec=from_address)
    message = EmailMessage(policy=_SEVEN_BITS)
    message["From"] = sender
    message["To"] = Address(addr_spec=email.to)
    message["Subject"] = email.subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{email.message_id}.{email.attempt_id}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # asks for no holiday replies
    if email.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{email.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(email.text)
    message.add_alternative(email.html, subtype="html")
    return message
