"""The kept HTTP connection to a provider, and what its failures mean for a send."""

import logging
import ssl
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from notifier.providers.codes import Reaction
from notifier.providers.errors import (
    ProviderMisconfigured,
    SendDeferred,
    SendError,
    SendOutcomeUnknown,
    SendRejected,
)

TIMEOUTS = (3.0, 10.0)  # seconds to connect, seconds between bytes of the answer
_LONGEST_WAIT = 86_400.0  # seconds; whoever asks for more is asked again tomorrow
_CONNECTIONS = 32  # at least as many as threads that send, or connections are thrown away

# requests raises these before a byte is written.
_NEVER_WRITTEN = (
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidHeader,
)

# Reasons of OpenSSL that come up while keys are agreed on alone, before the request.
_HANDSHAKE_FAILED = frozenset(
    {
        "WRONG_VERSION_NUMBER",
        "UNSUPPORTED_PROTOCOL",
        "NO_PROTOCOLS_AVAILABLE",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "TLSV1_UNRECOGNIZED_NAME",
    }
)


def kept_session() -> requests.Session:
    """Return a session that keeps its connections and never retries by itself."""
    # At DEBUG urllib3 logs the query of each URL, and ours hold phone numbers.
    logging.getLogger("urllib3").setLevel(logging.INFO)
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=_CONNECTIONS, max_retries=0))
    return session


def error_for_broken_request(error: requests.RequestException) -> SendError:
    """Return what a request that got no answer means: not taken, or nobody knows.

    Only what certainly failed before the request was written is deferred. The result
    carries a code alone: the exception's own text holds URLs, and those hold addresses.
    """
    if isinstance(error, _NEVER_WRITTEN):
        return ProviderMisconfigured("invalid_api_url")
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return ProviderMisconfigured("certificate_not_trusted")
        if isinstance(cause, ssl.SSLError) and cause.reason in _HANDSHAKE_FAILED:
            return SendDeferred("no_handshake")
        if isinstance(cause, ConnectTimeoutError):  # its child NewConnectionError included
            refused = isinstance(cause, NewConnectionError)
            return SendDeferred("no_connection" if refused else "connect_timeout")
    if isinstance(error, requests.exceptions.ProxyError) and _is_tunnelled(error):
        return SendDeferred("no_proxy")  # it opened no tunnel, so nothing came through
    if isinstance(error, requests.Timeout):
        return SendOutcomeUnknown("read_timeout")
    return SendOutcomeUnknown("connection_lost")


def error_for_answer(reaction: Reaction, code: str, retry_after: float | None = None) -> SendError:
    """Return the error that carries `reaction` to an answer which was not a success."""
    match reaction:
        case Reaction.RETRY | Reaction.PACE:
            return SendDeferred(code, retry_after=retry_after, reaction=reaction)
        case Reaction.HALT_CHANNEL:
            return ProviderMisconfigured(code)
        case Reaction.HOLD:
            return SendOutcomeUnknown(code)
        case _:
            return SendRejected(code, reaction=reaction)


def retry_after_seconds(headers: Mapping[str, str], *, now: Callable[[], datetime]) -> float | None:
    """Return the wait that a Retry-After header asks for, or None without a readable one.

    A date is read by the clock of the server that wrote it, where the answer bears its own.
    Source: RFC 9110, 10.2.3: seconds or a date.
    """
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return min(float(value), _LONGEST_WAIT)
    moment = _header_date(value)
    if moment is None:
        return None
    sent_at = _header_date(headers.get("Date", "")) or now()
    return min(max(0.0, (moment - sent_at).total_seconds()), _LONGEST_WAIT)


def _header_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _is_tunnelled(error: requests.RequestException) -> bool:
    """Return whether a proxy passes bytes on; of plain HTTP it has the request itself."""
    return error.request is not None and str(error.request.url).startswith("https:")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield `error` and all that it wraps.

    `__context__` is left out: it may be whatever the caller was busy handling, and an
    earlier refused connection must not make this lost answer look safe to retry.
    """
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        wrapped = (current.__cause__, getattr(current, "reason", None))
        waiting += [item for item in (*wrapped, *current.args) if isinstance(item, BaseException)]
