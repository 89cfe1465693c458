"""Asks a vendor one question: only where its adapter says, briefly, and following nobody."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from http.cookiejar import DefaultCookiePolicy

import requests
from urllib3.exceptions import HTTPError

from notifier.providers.connection import kept_session, retry_after_seconds
from notifier.sources.parts.vendor_addresses import is_at
from notifier.sources.protocol import Question

MAX_ANSWER_BYTES = 1_000_000
MAX_SECONDS = 10.0  # for one answer, in all

_TIMEOUTS = (3.0, 5.0)  # seconds to connect, seconds without a byte
_PIECE = 64 * 1024


class Trouble(StrEnum):
    """What an answer that is none asks for."""

    AGAIN = "again"  # later it may work
    KEY = "key"  # the vendor does not take the key
    GONE = "gone"  # there is no such thing any more
    NEVER = "never"  # the same question will have no other answer


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Why there is none, as a phrase for the board; `wait`, in seconds, where the vendor says."""

    trouble: Trouble
    why: str
    wait: float | None = None


def _session() -> requests.Session:
    session = kept_session()
    # One business's session at a vendor is not the next one's.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # A .netrc entry for the host would otherwise replace the key.
    session.auth = _keep_headers
    return session


def _keep_headers(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


@dataclass(frozen=True, slots=True)
class Vendors:
    """The way to the vendors of all sources."""

    session: requests.Session = field(default_factory=_session, repr=False)
    max_seconds: float = MAX_SECONDS

    def ask(
        self,
        question: Question,
        hosts: Collection[str],
        headers: Mapping[str, str],
        *,
        now: Callable[[], datetime],
    ) -> bytes | NoAnswer:
        """Return what the vendor answers, or why it does not. Nothing is raised for either.

        `headers` may hold the key: they go to one of `hosts`, or nowhere.
        """
        if not is_at(hosts, question.url):
            return NoAnswer(Trouble.NEVER, "it points to an address that is not the vendor's")
        until = time.monotonic() + self.max_seconds
        content = {} if question.body is None else {"Content-Type": question.media_type}
        try:
            with self.session.request(
                "GET" if question.body is None else "POST",
                question.url,
                data=question.body,
                headers={"Accept": "application/json", **content, **headers},
                timeout=_TIMEOUTS,
                allow_redirects=False,
                stream=True,
            ) as answer:
                if answer.status_code == 200:
                    return _read(answer, until)
                return _refusal(answer.status_code, answer.headers, now)
        except (requests.RequestException, HTTPError, OSError):
            return NoAnswer(Trouble.AGAIN, "the vendor can't be reached")


def _read(answer: requests.Response, until: float) -> bytes | NoAnswer:
    """Return the answer, read in pieces so that neither its size nor its slowness has no end."""
    said = bytearray()
    while piece := answer.raw.read1(_PIECE, decode_content=True):
        said += piece
        if len(said) > MAX_ANSWER_BYTES:
            return NoAnswer(Trouble.NEVER, "the vendor's answer is longer than 1 MB")
        if time.monotonic() > until:
            return NoAnswer(Trouble.AGAIN, "the vendor is too slow")
    return bytes(said)


def _refusal(status: int, headers: Mapping[str, str], now: Callable[[], datetime]) -> NoAnswer:
    match status:
        case 401 | 403:
            return NoAnswer(Trouble.KEY, f"the vendor does not take the key ({status})")
        case 404 | 410:
            return NoAnswer(Trouble.GONE, "gone at the vendor")
        case 429:
            wait = retry_after_seconds(headers, now=now)
            return NoAnswer(Trouble.AGAIN, "the vendor is asked too often", wait)
        case _ if status in (408, 425) or status >= 500:
            wait = retry_after_seconds(headers, now=now)
            return NoAnswer(Trouble.AGAIN, f"the vendor is in trouble ({status})", wait)
        case _:
            return NoAnswer(Trouble.NEVER, f"the vendor refuses to say ({status})")
