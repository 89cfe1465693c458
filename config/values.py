"""What a single setting may look like. Each check returns the value as it is used from then on.

The sentences follow the setting's name and never repeat the value, which may be a secret.
"""

import re
from email.utils import parseaddr
from urllib.parse import SplitResult, urlsplit
from zoneinfo import available_timezones

from pydantic import SecretStr

_SECRET_KEY_MIN_CHARS = 32
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_TWILIO_SID = re.compile(r"AC[0-9a-fA-F]{32}")
_SMS_SENDER = re.compile(
    r"\+[1-9][0-9]{6,14}"  # a number in E.164
    r"|[0-9]{5,6}"  # a short code
    r"|MG[0-9a-fA-F]{32}"  # a messaging service
    r"|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}"  # a name, where the country allows it
)
_READABLE_PHONE = re.compile(r"\+?[0-9][0-9 ().\-]{3,22}[0-9]")
_POSTGRES = re.compile(r"postgres(ql)?(\+psycopg)?://(?=.)")


def http_url(value: str) -> str:
    """Return `value`, an http(s) address without query or fragment, without a last slash."""
    parts = _split(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be a whole address such as https://notify.example.com")
    if parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError("must be an address without user, query or fragment")
    return value.rstrip("/")


def is_local(url: str) -> bool:
    """Whether `url` can only be reached from this machine."""
    return _split(url).hostname in _LOCAL_HOSTS


def secret_key(value: SecretStr) -> SecretStr:
    """Return `value`, long enough that nobody guesses it."""
    if len(value.get_secret_value()) < _SECRET_KEY_MIN_CHARS:
        raise ValueError(f"must have at least {_SECRET_KEY_MIN_CHARS} characters")
    return value


def smtp_url(value: SecretStr) -> SecretStr:
    """Return `value`, such as smtp://user:password@host:587 (STARTTLS) or smtps:// (TLS)."""
    parts = _split(value.get_secret_value())
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("must look like smtp://user:password@host:587")
    return value


def database_url(value: str) -> str:
    """Return `value` with the driver named: SQLite, or PostgreSQL through psycopg."""
    if value.startswith("sqlite:///"):
        return value
    if not _POSTGRES.match(value):
        raise ValueError("must start with sqlite:/// or postgresql://")
    return _POSTGRES.sub("postgresql+psycopg://", value, count=1)


def time_zone(value: str) -> str:
    """Return `value`, a name from the IANA time zone database."""
    if value not in available_timezones():
        raise ValueError("must be the name of a time zone, such as America/Los_Angeles")
    return value


def readable_phone(value: str) -> str:
    """Return `value`, a phone number written as customers should read it."""
    if not _READABLE_PHONE.fullmatch(value):
        raise ValueError("must be a phone number as customers should read it")
    return value


def twilio_sid(value: str) -> str:
    """Return `value`, a Twilio account's id."""
    if not _TWILIO_SID.fullmatch(value):
        raise ValueError("must be AC followed by 32 hexadecimal digits")
    return value


def sms_sender(value: str) -> str:
    """Return `value`, something that Twilio takes as a text's sender."""
    if not _SMS_SENDER.fullmatch(value):
        raise ValueError("must be a number such as +12065550100, a short code, or a sender's id")
    return value


def mail_address(value: str) -> str:
    """Return `value`, an email address with or without a name: `Northside <hi@example.com>`."""
    _, address = parseaddr(value)
    local, _, domain = address.rpartition("@")
    if not local or "." not in domain or "\n" in value:
        raise ValueError("must be an email address")
    return value


def _split(value: str) -> SplitResult:
    """Split an address; one that can't be split (a bad port, a lone bracket) has no parts."""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return urlsplit("")
    return urlsplit("") if re.search(r"\s", value) else parts
