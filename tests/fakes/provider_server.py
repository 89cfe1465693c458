"""Twilio's and SendGrid's APIs, as far as we call them, in one stateful local server.

In a test: `with FakeProviders(app=client) as providers: ...`. As a process that outlives
whatever a test kills: `python -m tests.fakes.provider_server --port 0 --journal FILE`,
which prints its address and takes faults and callbacks at `POST /_control`.
"""

import argparse
import json
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from tests.fakes.provider_accounts import SendGridAccount, TwilioAccount
from tests.fakes.provider_callbacks import PostingClient, SignedCallbacks
from tests.fakes.provider_http import ProviderServer
from tests.fakes.provider_state import Fault, FaultKind, ProviderState, Taken

ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
AUTH_TOKEN = "fake-auth-token"
API_KEY = "SG.fake-key"
PUBLIC_URL = "https://notify.example.com"


def _utc_now() -> datetime:
    return datetime.now(UTC)


class FakeProviders:
    """Both providers behind one URL, what they took, and the callbacks they would make."""

    def __init__(
        self,
        *,
        app: str | PostingClient | None = None,
        public_url: str = PUBLIC_URL,
        account_sid: str = ACCOUNT_SID,
        auth_token: str = AUTH_TOKEN,
        api_key: str = API_KEY,
        journal: Path | None = None,
        port: int = 0,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.api_key = api_key
        self.state = ProviderState(journal)
        self.twilio_account = TwilioAccount()
        self.sendgrid_account = SendGridAccount()
        self.callbacks = SignedCallbacks(
            auth_token=auth_token, public_url=public_url, app=app, now=now
        )
        self.now = now
        #: Seconds after which Twilio lists a text that it took, by the number that it went to.
        self.listing_lag: Callable[[str], float] = lambda number: 0.0
        self._server = ProviderServer(("127.0.0.1", port), self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
        self._thread.join(timeout=5)

    @property
    def url(self) -> str:
        """The base of both APIs, for TWILIO_API_URL and SENDGRID_API_URL."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def sms(self) -> list[Taken]:
        """The texts taken: sid, to, from, body, status, status_callback, validity…"""
        return self.state.sms

    @property
    def emails(self) -> list[Taken]:
        """The emails taken: id, to, from, from_name, subject, text, html, headers…"""
        return self.state.emails

    @property
    def sendgrid_public_key(self) -> str:
        """The value for SENDGRID_WEBHOOK_PUBLIC_KEY."""
        return self.callbacks.sendgrid_public_key

    def wait_for_sms(self, count: int, timeout: float = 5.0) -> list[Taken]:
        """Wait until at least `count` texts were taken and return them all."""
        return self._wait_for(lambda: self.state.sms, count, timeout)

    def wait_for_emails(self, count: int, timeout: float = 5.0) -> list[Taken]:
        """Wait until at least `count` emails were taken and return them all."""
        return self._wait_for(lambda: self.state.emails, count, timeout)

    def fail_next_sms(self, kind: FaultKind | str, *, times: int = 1, **details: Any) -> None:
        """Let the next text fail; `details` are those of `Fault`."""
        self.state.fail_next("sms", Fault(kind=FaultKind(kind), **details), times)

    def fail_next_email(self, kind: FaultKind | str, *, times: int = 1, **details: Any) -> None:
        """Let the next email fail; `details` are those of `Fault`."""
        self.state.fail_next("email", Fault(kind=FaultKind(kind), **details), times)

    def fail_number(self, number: str, code: int | None) -> None:
        """Let Twilio refuse every text to `number` with `code`, or, with None, none any more."""
        fault = None if code is None else Fault(kind=FaultKind.REJECT, code=code)
        self.state.fail_address(number, fault)

    def deliver(self, sid: str, status: str = "delivered", error_code: int | None = None) -> int:
        """Move a text to `status` and report it, signed; return the app's HTTP status."""
        sms = self.state.update("sms", sid, status=status, error_code=error_code)
        return self.callbacks.status(sms, status, error_code)

    def email_event(self, sent_id: str, name: str = "delivered", **extra: Any) -> int:
        """Report one event about an email, signed; return the app's HTTP status."""
        email = self.state.update("email", sent_id)
        return self.callbacks.events([self.callbacks.event(email, name, extra)])

    def reply(self, *, from_: str, to: str, body: str) -> int:
        """Let a customer text us, signed; return the app's HTTP status."""
        return self.callbacks.inbound(from_=from_, to=to, body=body, account_sid=self.account_sid)

    def _wait_for(
        self, taken: Callable[[], list[Taken]], count: int, timeout: float
    ) -> list[Taken]:
        if not self.state.wait_for(lambda: len(taken()) >= count, timeout):
            raise AssertionError(f"{len(taken())} of {count} were taken within {timeout} s")
        return taken()


def main() -> None:
    """Serve until told to stop, and print the address on the first line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--journal", type=Path)
    parser.add_argument("--app", help="base URL that callbacks are posted to")
    parser.add_argument("--public-url", default=PUBLIC_URL)
    parser.add_argument("--account-sid", default=ACCOUNT_SID)
    parser.add_argument("--auth-token", default=AUTH_TOKEN)
    parser.add_argument("--api-key", default=API_KEY)
    arguments = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with FakeProviders(**vars(arguments)) as providers:
        facts = {"url": providers.url, "sendgrid_public_key": providers.sendgrid_public_key}
        print(json.dumps(facts), flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
