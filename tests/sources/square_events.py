"""Square's events, written from the documented shape."""

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

from notifier.sources.protocol import Incoming

URL = "https://notify.example.com/webhooks/in/square"


def sign(key: str, body: bytes, url: str = URL) -> str:
    """Return the value of `x-square-hmacsha256-signature`."""
    digest = hmac.new(key.encode(), url.encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def event(name: str, **objects: Any) -> dict[str, Any]:
    """Return an event called `name` that carries `objects`."""
    return {
        "merchant_id": "M1",
        "type": name,
        "event_id": "e1",
        "created_at": "2026-11-23T17:00:00Z",
        "data": {"type": name.split(".")[0], "id": "B1:0", "object": objects},
    }


def booking(status: str, changed_at: datetime, start: datetime, **changes: Any) -> dict[str, Any]:
    """Return the event of the visit B1 of 90 minutes that begins at `start`."""
    return event(
        "booking.updated",
        booking={
            "id": "B1",
            "status": status,
            "start_at": start.isoformat(),
            "updated_at": changed_at.isoformat(),
            "customer_id": "C1",
            "appointment_segments": [
                {"duration_minutes": 30, "team_member_id": "T1"},
                {"duration_minutes": 45, "intermission_minutes": 15},
            ],
            **changes,
        },
    )


def order(name: str, changed_at: datetime, state: str, **changes: Any) -> dict[str, Any]:
    """Return the event called `name` of the order O1."""
    field = name.replace(".", "_")
    told = {"order_id": "O1", "state": state, "version": 2, "updated_at": changed_at.isoformat()}
    return event(name, **{field: {**told, **changes}})


def delivered(body: dict[str, Any]) -> Incoming:
    """Return a delivery as we keep it."""
    return Incoming({}, json.dumps(body).encode(), URL)
