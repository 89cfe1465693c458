"""Calendly events of one invitee, written from the documented shape, around any moment."""

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

FIRST, SECOND, THIRD = "AAAA-1111", "BBBB-2222", "CCCC-3333"


def iso(moment: datetime) -> str:
    """Return `moment` as Calendly writes times."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def uri(invitee: str) -> str:
    """Return an invitee's address in the API."""
    return f"https://api.calendly.com/scheduled_events/EVENT-{invitee}/invitees/{invitee}"


def sign(secret: str, body: bytes, at: datetime) -> str:
    """Return the value of `Calendly-Webhook-Signature` for `body`, sent at `at`."""
    stamp = str(int(at.timestamp()))
    signed = stamp.encode() + b"." + body
    return f"t={stamp},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


def body_of(event: dict[str, Any]) -> bytes:
    """Return the event as it travels."""
    return json.dumps(event).encode()


def event(name: str, at: datetime, payload: dict[str, Any]) -> dict[str, Any]:
    """Return the envelope of `payload`."""
    return {"event": name, "created_at": iso(at), "payload": payload}


@dataclass
class Visit:
    """A booking on its way through Calendly; `start` is where it stands now."""

    start: datetime
    booked_at: datetime
    invitee: str = FIRST
    old: str | None = None
    email: str = "ada@example.com"
    phone: str = "+1 206-555-0100"

    def payload(self, **said: Any) -> dict[str, Any]:
        """Return the invitee as every event carries it, with `said` besides."""
        return {
            "uri": uri(self.invitee),
            "name": "Ada Park",
            "email": self.email,
            "timezone": "America/Denver",
            "text_reminder_number": self.phone,
            "questions_and_answers": [],
            "created_at": iso(self.booked_at),
            "updated_at": iso(self.booked_at),
            "status": "active",
            "rescheduled": False,
            "old_invitee": uri(self.old) if self.old else None,
            "new_invitee": None,
            "no_show": None,
            "scheduled_event": {
                "name": "Boiler repair",
                "start_time": iso(self.start),
                "end_time": iso(self.start + timedelta(hours=1)),
                "location": {"type": "physical", "location": "12 Elm St, Seattle"},
                "event_memberships": [{"user_name": "Sam", "user_email": "sam@northside.example"}],
            },
            **said,
        }

    def created(self) -> dict[str, Any]:
        """Return that it was booked, or booked anew by moving it."""
        return event("invitee.created", self.booked_at + timedelta(seconds=1), self.payload())

    def canceled(self, at: datetime, by: str | None = "invitee", **said: Any) -> dict[str, Any]:
        """Return that it was cancelled at `at`."""
        how = {"canceler_type": by, "reason": "No longer needed", "created_at": iso(at)}
        payload = self.payload(status="canceled", cancellation=how, **said)
        return event("invitee.canceled", at + timedelta(seconds=1), payload)

    def moved(self, at: datetime, *, to: datetime, invitee: str = SECOND) -> list[dict[str, Any]]:
        """Return the two events of a move: the old invitee's end and the new one's booking."""
        ended = self.canceled(at, rescheduled=True, new_invitee=uri(invitee))
        self.invitee, self.old = invitee, self.invitee
        self.start, self.booked_at = to, at
        return [ended, self.created()]
