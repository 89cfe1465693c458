"""What the fake providers say of the accounts themselves: what `check()` of an adapter asks.

A test changes the fields; they start as a healthy account's.
"""

from dataclasses import dataclass, field
from typing import Any

Answer = tuple[int, Any]


@dataclass
class TwilioAccount:
    """One Twilio account: `numbers` and `services` map each sender to its inbound webhook."""

    status: str = "active"
    type: str = "Full"
    numbers: dict[str, str] = field(default_factory=dict)
    services: dict[str, str] = field(default_factory=dict)

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """Return what the account answers at `path`, or None where that is not its business."""
        name = path.rpartition("/")[2]
        if path.startswith("/v1/Services/"):
            return self._service(name)
        if name == "IncomingPhoneNumbers.json":
            return 200, self._listed("incoming_phone_numbers", path, query["PhoneNumber"])
        if name == "ShortCodes.json":
            return 200, self._listed("short_codes", path, query["ShortCode"])
        if path.startswith("/2010-04-01/Accounts/AC") and path.count("/") == 3:
            return 200, {
                "sid": name.removesuffix(".json"),
                "status": self.status,
                "type": self.type,
            }
        return None

    def _service(self, sid: str) -> Answer:
        if sid not in self.services:
            return 404, {"code": 20404, "message": "not found", "status": 404}
        inbound = self.services[sid]
        return 200, {
            "sid": sid,
            "inbound_request_url": inbound or None,
            "use_inbound_webhook_on_number": not inbound,
        }

    def _listed(self, key: str, path: str, sender: str) -> dict[str, Any]:
        found = [{"sms_url": self.numbers[sender]}] if sender in self.numbers else []
        return {key: found, "page": 0, "page_size": 50, "uri": path, "next_page_uri": None}


@dataclass
class SendGridAccount:
    """One SendGrid account, and what the key in use may do and see."""

    scopes: list[str] = field(default_factory=lambda: ["mail.send"])
    domains: list[str] | None = None  # authenticated ones; None: the key may not read them
    senders: list[str] | None = None  # verified addresses; None: the key may not read them

    def answer(self, path: str) -> Answer | None:
        """Return what the account answers at `path`, or None where that is not its business."""
        match path:
            case "/v3/scopes":
                return 200, {"scopes": self.scopes}
            case "/v3/whitelabel/domains":
                if self.domains is not None:
                    return 200, [{"domain": name, "valid": True} for name in self.domains]
            case "/v3/verified_senders":
                if self.senders is not None:
                    listed = [{"from_email": name, "verified": True} for name in self.senders]
                    return 200, {"results": listed}
            case _:
                return None
        return 403, {"errors": [{"message": "access forbidden", "field": None}]}
