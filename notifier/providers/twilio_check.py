"""What Twilio says of our account: does it take us, is the sender ours, do replies come here?"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urldefrag

import requests
from twilio.base.exceptions import TwilioException
from twilio.http.response import Response
from twilio.rest import Client

from notifier.domain.findings import Finding
from notifier.providers.errors import SendError
from notifier.providers.twilio_callbacks import TRY_AGAIN

_ACCOUNT, _SENDER, _REPLIES = "Twilio account", "Twilio sender", "Twilio replies"
_SHORT_CODE = re.compile(r"[0-9]{5,6}")


def check_twilio(client: Client, *, sender: str, inbound_url: str) -> list[Finding]:
    """Look the account and the sender up; `inbound_url` is where replies should be sent."""
    account = _ask(_ACCOUNT, lambda: client.api.accounts(client.account_sid).fetch())
    if isinstance(account, Finding):
        return [account]
    return [_account(account), *_sender(client, sender, inbound_url)]


def _account(account: Any) -> Finding:
    if account.status != "active":
        return Finding.failing(
            _ACCOUNT, f"The account is {account.status}.", "Open it again in Twilio's console."
        )
    if account.type == "Trial":
        return Finding.warning(
            _ACCOUNT,
            "It is a trial account: it texts only numbers that were verified with Twilio.",
            "Upgrade it in Twilio's console before going live.",
        )
    return Finding.ok(_ACCOUNT, "Twilio takes the credentials; the account is active.")


def _sender(client: Client, sender: str, inbound_url: str) -> list[Finding]:
    if sender.startswith("MG"):
        service = _ask(_SENDER, lambda: client.messaging.v1.services(sender).fetch())
        if isinstance(service, Finding):
            return [service]
        found = Finding.ok(_SENDER, "The messaging service is there.")
        # A service may leave replies to what each of its numbers says.
        if service.use_inbound_webhook_on_number:
            return [found]
        return [found, _replies(service.inbound_request_url, inbound_url)]
    if _SHORT_CODE.fullmatch(sender):
        listed = client.short_codes.list
        numbers = _ask(_SENDER, lambda: listed(short_code=sender, limit=1))
    elif sender.startswith("+"):
        listed = client.incoming_phone_numbers.list
        numbers = _ask(_SENDER, lambda: listed(phone_number=sender, limit=1))
    else:
        return [
            Finding.warning(
                _SENDER,
                "It is a name, which many countries refuse and nobody can reply to.",
                "Use a number or a messaging service where customers should be able to say STOP.",
            )
        ]
    if isinstance(numbers, Finding):
        return [numbers]
    if not numbers:
        return [
            Finding.failing(
                _SENDER,
                "The account has no such number.",
                "Set TWILIO_FROM (TWILIO_SECOND_FROM) to a number or service of this account.",
            )
        ]
    return [
        Finding.ok(_SENDER, "The number belongs to the account."),
        _replies(numbers[0].sms_url, inbound_url),
    ]


def _replies(configured: str | None, inbound_url: str) -> Finding:
    url, overrides = urldefrag(configured or "")
    if url == inbound_url and overrides:
        return Finding.ok(_REPLIES, "Customers' replies come here.")
    if url == inbound_url:
        return Finding.ok(
            _REPLIES,
            "Customers' replies come here. One that meets an error of ours is lost: with"
            f" {TRY_AGAIN} after the URL, Twilio tries again.",
        )
    return Finding.warning(
        _REPLIES,
        "Customers' replies, STOP among them, don't come here.",
        f"Set the sender's incoming-message webhook to {inbound_url}{TRY_AGAIN} (POST).",
    )


def _ask(subject: str, question: Callable[[], Any]) -> Any:
    """Return the answer to `question`, or a finding that says why there is none."""
    try:
        return question()
    except TwilioException as refusal:
        status = _status(refusal)
    except SendError as too_many:
        return _unreachable(subject, too_many.code)
    except requests.RequestException as broken:
        return _unreachable(subject, type(broken).__name__)
    except (ValueError, TypeError, AttributeError, KeyError):
        return _unreachable(subject, "garbage_answer")
    if status in (401, 403):
        return Finding.failing(
            subject,
            "Twilio refuses the credentials.",
            "Check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN against Twilio's console.",
        )
    if status == 404:
        return Finding.failing(
            subject,
            "Twilio knows nothing of that name.",
            "Check TWILIO_ACCOUNT_SID and TWILIO_FROM against Twilio's console.",
        )
    return _unreachable(subject, f"http_{status}")


def _status(refusal: TwilioException) -> int:
    status = getattr(refusal, "status", None)
    if isinstance(status, int):
        return status
    # For a list the SDK keeps the whole answer beside its text.
    answer = next((part for part in refusal.args if isinstance(part, Response)), None)
    return 0 if answer is None else int(answer.status_code)


def _unreachable(subject: str, code: str) -> Finding:
    return Finding.failing(
        subject,
        f"Twilio gave no usable answer ({code}).",
        "Check this machine's way out to api.twilio.com, then status.twilio.com.",
    )
