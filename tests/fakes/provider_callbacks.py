"""Callbacks as the providers make them, correctly signed, posted to the app under test."""

import base64
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urldefrag, urlsplit
from uuid import uuid4

import requests
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from twilio.request_validator import RequestValidator

from tests.fakes.provider_state import Taken


class PostingClient(Protocol):
    """The part of Flask's test client that is used here."""

    def post(self, path: str, **kwargs: Any) -> Any:
        """Make one request without a network."""


class SignedCallbacks:
    """Posts to `app`: the base URL of a running server, or a Flask test client.

    What is signed is the public URL, as the providers see it, wherever the app listens.
    """

    def __init__(
        self,
        *,
        auth_token: str,
        public_url: str,
        app: str | PostingClient | None,
        now: Callable[[], datetime],
    ) -> None:
        self.app = app
        self._validator = RequestValidator(auth_token)
        self._public_url = public_url.rstrip("/")
        self._now = now
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def sendgrid_public_key(self) -> str:
        """The key that verifies our event batches, as SendGrid's settings show it."""
        der = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(der).decode()

    def status(self, sms: Taken, status: str, error_code: int | None) -> int:
        """Report a text's status to its own callback URL; return the app's HTTP status."""
        form = {
            "SmsSid": sms["sid"],
            "SmsStatus": status,
            "MessageSid": sms["sid"],
            "MessageStatus": status,
            "To": sms["to"],
            "From": sms["from"] or "+15005550006",
            "AccountSid": sms["account_sid"],
            "ApiVersion": "2010-04-01",
        }
        if error_code is not None:
            form["ErrorCode"] = str(error_code)
        return self._post_form(sms["status_callback"], form)

    def inbound(self, *, from_: str, to: str, body: str, account_sid: str) -> int:
        """Send the app a text from a customer; return the app's HTTP status."""
        sid = f"SM{uuid4().hex}"
        form = {
            "ToCountry": "US",
            "SmsMessageSid": sid,
            "NumMedia": "0",
            "SmsSid": sid,
            "SmsStatus": "received",
            "Body": body,
            "FromCountry": "US",
            "To": to,
            "NumSegments": "1",
            "MessageSid": sid,
            "AccountSid": account_sid,
            "From": from_,
            "ApiVersion": "2010-04-01",
        }
        return self.reply(form)

    def reply(self, form: dict[str, str]) -> int:
        """Send the app a text from a customer as Twilio wrote it; return the app's HTTP status."""
        return self._post_form(f"{self._public_url}/webhooks/twilio/inbound", form)

    def events(self, items: list[dict[str, Any]]) -> int:
        """Post one batch of SendGrid events; return the app's HTTP status."""
        body = json.dumps(items).encode() + b"\r\n"
        timestamp = str(int(self._now().timestamp()))
        signature = self._key.sign(timestamp.encode() + body, ec.ECDSA(SHA256()))
        headers = {
            "Content-Type": "application/json",
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
        }
        return self._post(f"{self._public_url}/webhooks/sendgrid/events", body, headers)

    def event(self, email: Taken, name: str, extra: dict[str, Any]) -> dict[str, Any]:
        """Return one event about an email that was taken."""
        return {
            "email": email["to"],
            "timestamp": int(self._now().timestamp()),
            "smtp-id": f"<{email['id']}@geopod-ismtpd-fake>",
            "event": name,
            "sg_event_id": uuid4().hex,
            "sg_message_id": f"{email['id']}.recvd-fake-1-0.0",
            **email["custom_args"],
            **extra,
        }

    def _post_form(self, url: str, form: dict[str, str]) -> int:
        """Post to `url` without its fragment, which is for Twilio itself: neither is it signed."""
        called = urldefrag(url).url
        signature = self._validator.compute_signature(called, form)
        return self._post(called, form, {"X-Twilio-Signature": signature})

    def _post(self, url: str, data: bytes | dict[str, str], headers: dict[str, str]) -> int:
        if self.app is None:
            raise RuntimeError("no app was given to post callbacks to")
        parts = urlsplit(url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        if isinstance(self.app, str):
            full = self.app.rstrip("/") + target
            return requests.post(full, data=data, headers=headers, timeout=10).status_code
        base = f"{parts.scheme}://{parts.netloc}"
        answer = self.app.post(target, data=data, headers=headers, base_url=base)
        return int(answer.status_code)
