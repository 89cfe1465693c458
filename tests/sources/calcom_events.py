"""Cal.com events of one booking, written from the documented shape, around any moment."""

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

FIRST = "7NSdRxKM4vUqhJ2bWcPz5A"
SECOND = "8PTeSyLN5wVriK3cXdQa6B"
THIRD = "9QUfTzMP6xWsjL4dYeRb7C"
ADA = "ada@example.com"
HOST = "sam@northside.example"

#: What the uid of another booking ends in.
_LETTERS = "DEFGHJKLMNPQRSTUVWXYZ123456789"


def iso(moment: datetime) -> str:
    """Return `moment` as Cal.com writes times."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def sign(secret: str, body: bytes) -> str:
    """Return the value of `X-Cal-Signature-256` for `body`."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def uids_of(nth: int) -> tuple[str, str, str]:
    """Return the uids of another booking, as it is made and moved twice."""
    first, second, third = (f"{uid[:-1]}{_LETTERS[nth]}" for uid in (FIRST, SECOND, THIRD))
    return first, second, third


def body_of(event: dict[str, Any]) -> bytes:
    """Return the event as it travels."""
    return json.dumps(event).encode()


def event(trigger: str, at: datetime, payload: dict[str, Any]) -> dict[str, Any]:
    """Return the envelope of `payload`."""
    return {"triggerEvent": trigger, "createdAt": iso(at), "payload": payload}


@dataclass
class Visit:
    """A booking on its way through Cal.com; `start` is where it stands now."""

    start: datetime
    uid: str = FIRST
    calendar_id: str | None = f"{FIRST}@Cal.com"
    email: str = ADA
    phone: str = "+12065550100"

    def payload(self, **said: Any) -> dict[str, Any]:
        """Return the booking as every event carries it, with `said` besides."""
        return {
            "type": "boiler-repair",
            "title": "Boiler repair between Sam and Ada Park",
            "eventTitle": "Boiler repair",
            "startTime": iso(self.start),
            "endTime": iso(self.start + timedelta(hours=1)),
            "organizer": {
                "name": "Sam",
                "email": HOST,
                "timeZone": "America/Los_Angeles",
                "language": {"locale": "en"},
            },
            "attendees": [
                {
                    "name": "Ada Park",
                    "email": self.email,
                    "phoneNumber": self.phone,
                    "timeZone": "America/Denver",
                    "language": {"locale": "en"},
                },
                {"name": "A guest", "email": "guest@example.com"},
            ],
            "location": "12 Elm St, Seattle",
            "seatsPerTimeSlot": None,
            "uid": self.uid,
            **({"iCalUID": self.calendar_id} if self.calendar_id else {}),
            **said,
        }

    def created(self, at: datetime) -> dict[str, Any]:
        """Return that it was booked, or confirmed by the host."""
        return event("BOOKING_CREATED", at, self.payload(status="ACCEPTED"))

    def moved(self, at: datetime, *, to: datetime, uid: str = SECOND) -> dict[str, Any]:
        """Return that it was moved, which gives it another uid."""
        before, self.uid, self.start = self.uid, uid, to
        said = self.payload(status="ACCEPTED", rescheduleUid=before)
        return event("BOOKING_RESCHEDULED", at, said)

    def cancelled(self, at: datetime, **said: Any) -> dict[str, Any]:
        """Return that it was cancelled."""
        return event("BOOKING_CANCELLED", at, self.payload(status="CANCELLED", **said))

    def not_there(self, at: datetime, *, absent: bool = True) -> dict[str, Any]:
        """Return that the host marked the customer as absent, or took that back."""
        return event(
            "BOOKING_NO_SHOW_UPDATED",
            at,
            {"bookingUid": self.uid, "attendees": [{"email": self.email, "noShow": absent}]},
        )
