"""Texts through Twilio, by its official SDK, whose exceptions stop here."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import requests
from twilio.base.exceptions import (
    TwilioException,
    TwilioRestException,
    TwilioServiceException,
)
from twilio.base.version import Version
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from notifier.domain.findings import Finding
from notifier.domain.messages import WhyNot
from notifier.providers.codes import Reaction, http_reaction, send_reaction
from notifier.providers.connection import (
    TIMEOUTS,
    error_for_answer,
    error_for_broken_request,
    kept_session,
    retry_after_seconds,
)
from notifier.providers.errors import (
    ProviderMisconfigured,
    SendDeferred,
    SendError,
    SendOutcomeUnknown,
)
from notifier.providers.protocols import (
    Accepted,
    LookUp,
    LookUpAbsent,
    LookUpFound,
    LookUpImpossible,
    OutgoingSms,
)
from notifier.providers.receipt import ReceiptEvent
from notifier.providers.second import provider_of
from notifier.providers.twilio_callbacks import INBOUND_PATH, STATUS_PATH, TRY_AGAIN
from notifier.providers.twilio_check import check_twilio
from notifier.providers.twilio_receipts import STATUS_EVENTS

_LONGEST_VALIDITY = 36_000  # seconds; the API takes 1 to 36000
_PAGE_SIZE = 200
_MOST_PAGES = 5
_CLOCK_SLACK = timedelta(days=1)  # between their clock and ours: ours may be hours off


class TwilioSms:
    """Sends texts from one number, or through one messaging service (`from_` is its MG SID).

    `name` is the path's; `public_url` is where Twilio reaches us. `api_url` points the SDK
    elsewhere in tests.
    """

    gives_receipts = True
    can_look_up = True

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        from_: str,
        public_url: str,
        now: Callable[[], datetime],
        api_url: str | None = None,
        timeouts: tuple[float, float] = TIMEOUTS,
        name: str = "twilio",
    ) -> None:
        self.name = name
        self._client = Client(
            account_sid,
            auth_token,
            http_client=_KeptClient(timeouts=timeouts, now=now),
            # Else the SDK reads the process's environment, which may name another region.
            environment={"TWILIO_EDGE": "", "TWILIO_REGION": ""},
        )
        if api_url:
            self._client.api.base_url = api_url.rstrip("/")
            self._client.messaging.base_url = api_url.rstrip("/")
        sender = "messaging_service_sid" if from_.startswith("MG") else "from_"
        self._from = from_
        self._sender = {sender: from_}
        self._status_url = public_url.rstrip("/") + STATUS_PATH
        self._inbound_url = public_url.rstrip("/") + INBOUND_PATH
        self._now = now

    def send(self, sms: OutgoingSms) -> Accepted:
        """Hand one text to Twilio; see `SmsProvider.send`.

        The callback's URL carries our ids, since a receipt may come before our commit.
        """
        ids = urlencode({"m": sms.message_id, "a": sms.attempt_id})
        parameters = self._sender | self._validity(sms)
        error: SendError
        try:
            message = self._client.messages.create(
                to=sms.to,
                body=sms.body,
                status_callback=f"{self._status_url}?{ids}{TRY_AGAIN}",
                **parameters,
            )
            if isinstance(message.sid, str) and message.sid:
                return Accepted(message.sid, message.date_created)
            error = SendOutcomeUnknown("garbage_answer")
        except (TwilioRestException, TwilioServiceException) as refusal:
            error = _error_for_refusal(refusal, status=int(refusal.status))
        except requests.RequestException as broken:
            error = error_for_broken_request(broken)
        except (ValueError, TypeError, AttributeError, KeyError):
            error = SendOutcomeUnknown("garbage_answer")
        # Raised out here, so that the SDK's text, which quotes the number, is not its context.
        raise error

    def look_up(self, *, to: str, link_token: str, since: datetime) -> LookUp:
        """Search Twilio's record for our text; see `SmsProvider.look_up`.

        Twilio's own filter by date is not used: it drops messages that are still queued,
        for they have no sent date, and those are the ones in doubt.
        """
        error: SendError
        try:
            return self._search(to=to, link_token=link_token, since=since - _CLOCK_SLACK)
        except SendDeferred as deferred:
            error = deferred
        except requests.RequestException as broken:
            error = SendDeferred(error_for_broken_request(broken).code)
        except TwilioException as refusal:
            error = _error_for_unread_page(refusal)
        except (ValueError, TypeError, AttributeError, KeyError):
            error = SendDeferred("garbage_answer")
        raise error

    def check(self) -> list[Finding]:
        """Ask Twilio about the account, its sender and where replies go; sends nothing."""
        found = check_twilio(self._client, sender=self._from, inbound_url=self._inbound_url)
        if self.name == provider_of(self.name):
            return found
        return [replace(finding, subject=f"{finding.subject}, second") for finding in found]

    def _search(self, *, to: str, link_token: str, since: datetime) -> LookUp:
        page = self._client.messages.page(to=to, page_size=_PAGE_SIZE)
        for _ in range(_MOST_PAGES):
            messages = list(page)
            recent = [item for item in messages if _is_since(item, since)]
            for item in recent:
                if link_token in (item.body or ""):
                    return _found(item)
            if any(not item.body for item in recent):
                return LookUpImpossible("bodies_not_kept")
            # Newest first: a whole page from before means that only older ones follow.
            if (messages and not recent) or not page.next_page_url:
                return LookUpAbsent()
            page = page.next_page()
        return LookUpImpossible("too_many_messages")

    def _validity(self, sms: OutgoingSms) -> dict[str, int]:
        if sms.valid_until is None:
            return {}
        seconds = int((sms.valid_until - self._now()).total_seconds())
        if seconds < 1:
            raise SendDeferred(WhyNot.EXPIRED)
        return {"validity_period": min(seconds, _LONGEST_VALIDITY)}


class _KeptClient(TwilioHttpClient):  # type: ignore[misc]  # the SDK ships no types
    """The SDK's HTTP client over our session; it logs nothing, for it logs whole texts."""

    def __init__(self, *, timeouts: tuple[float, float], now: Callable[[], datetime]) -> None:
        # A logger outside the tree reaches no handler, whatever the process configures.
        super().__init__(logger=logging.Logger("silent", level=logging.CRITICAL + 1))
        self.session = kept_session()
        self.timeout = timeouts
        self._now = now

    def request(self, *args: Any, **kwargs: Any) -> Response:
        """Make the call; a 429 becomes an error here, where headers are seen.

        Not every one is haste: a limit of the day that is used up (63038) is one, too.
        """
        response = super().request(*args, **kwargs)
        if response.status_code == 429:
            raise _error_for_refusal(
                Version.exception("", "", response, ""),
                status=429,
                retry_after=retry_after_seconds(response.headers, now=self._now),
            )
        return response


def _error_for_refusal(
    refusal: TwilioRestException | TwilioServiceException,
    *,
    status: int,
    retry_after: float | None = None,
) -> SendError:
    """Return the error for an answer outside 2xx. Twilio's words are left out of it.

    :param retry_after: seconds, where the answer named a wait.
    """
    # Where the answer names no code, the SDK gives the HTTP status in its place.
    named = isinstance(refusal.code, int) and refusal.code != status
    code = str(refusal.code) if named else None
    reaction = send_reaction("twilio", code=code, status=status)
    return error_for_answer(reaction, code or f"http_{status}", retry_after)


def _error_for_unread_page(refusal: TwilioException) -> SendError:
    """Return the error for a page of the record that was refused; nothing was learnt from it."""
    # The SDK keeps the whole answer beside its text here, and makes no code of it.
    answer = next((part for part in refusal.args if isinstance(part, Response)), None)
    status = 0 if answer is None else int(answer.status_code)
    if status and http_reaction(status) is Reaction.HALT_CHANNEL:
        return ProviderMisconfigured(f"http_{status}")
    return SendDeferred(f"http_{status}" if status else "garbage_answer")


def _is_since(item: Any, since: datetime) -> bool:
    outbound = str(item.direction).startswith("outbound")
    return outbound and (item.date_created is None or item.date_created >= since)


def _found(item: Any) -> LookUpFound:
    return LookUpFound(
        accepted=Accepted(item.sid, item.date_created),
        status=STATUS_EVENTS.get(item.status, ReceiptEvent.IGNORED),
        code=str(item.error_code) if item.error_code else None,
    )
