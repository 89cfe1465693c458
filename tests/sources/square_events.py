"""Square's events, written from the documented shape."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
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


def asked(body: dict[str, Any], answers: Mapping[str, Any] | None = None) -> Incoming:
    """Return a delivery of a source that has a key, once Square has said `answers`."""
    said = {name: json.dumps(answer).encode() for name, answer in (answers or {}).items()}
    return Incoming({}, json.dumps(body).encode(), URL, answers=said, can_ask=True)


def customer(**fields: Any) -> Any:
    """Return what Square says of the customer C1."""
    return {
        "customer": {
            "id": "C1",
            "given_name": "Ada",
            "family_name": "Park",
            "phone_number": "+12065550100",
            "email_address": "ada@example.com",
        }
        | fields
    }


def service() -> Any:
    """Return what Square says of a service's variation."""
    return {
        "object": {"type": "ITEM_VARIATION", "item_variation_data": {"name": "Regular"}},
        "related_objects": [{"type": "ITEM", "item_data": {"name": "Boiler repair"}}],
    }


def location() -> Any:
    """Return what Square says of the location L1."""
    return {"location": {"id": "L1", "name": "Northside", "timezone": "America/Denver"}}


def looked_up(made: datetime, kind: str, state: str = "PROPOSED", **details: Any) -> Any:
    """Return what Square says of the order O1, which has one fulfillment."""
    recipient = {
        "customer_id": "C1",
        "display_name": "Ada Park",
        "phone_number": "+12065550100",
        "address": {"address_line_1": "12 Elm Street", "locality": "Fresno", "country": "US"},
    }
    return {
        "order": {
            "id": "O1",
            "state": "OPEN",
            "customer_id": "C1",
            "created_at": made.isoformat(),
            "updated_at": made.isoformat(),
            "line_items": [{"name": "Kettle", "quantity": "1"}],
            "fulfillments": [
                {
                    "uid": "F1",
                    "type": kind,
                    "state": state,
                    f"{kind.lower()}_details": {"recipient": recipient} | details,
                }
            ],
        }
    }
