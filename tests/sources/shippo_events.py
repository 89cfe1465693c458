"""Shippo's events of one parcel, written from the documented shape."""

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any


def sign(secret: str, body: bytes, at: datetime) -> str:
    """Return the value of `Shippo-Auth-Signature` for `body`, signed `at`."""
    stamp = str(int(at.timestamp()))
    signed = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256)
    return f"t={stamp},v1={signed.hexdigest()}"


def track_updated(
    status: str,
    at: datetime,
    *,
    code: str = "9205590164917312751089",
    substatus: str | None = None,
    eta: str | None = None,
    **latest: Any,
) -> dict[str, Any]:
    """Return the event of a scan `at`, of which Shippo learnt at once."""
    return {
        "event": "track_updated",
        "test": False,
        "data": {
            "carrier": "usps",
            "tracking_number": code,
            "eta": eta,
            "tracking_status": {
                "object_created": at.isoformat(),
                "object_updated": None,
                "status": status,
                "status_date": at.isoformat(),
                "status_details": f"Scan: {status}",
                "substatus": {"code": substatus, "text": "…", "action_required": False}
                if substatus
                else None,
                **latest,
            },
            "tracking_history": [],
        },
    }


def body_of(event: Any) -> bytes:
    """Return the event as it travels."""
    return json.dumps(event).encode()
