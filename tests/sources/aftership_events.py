"""AfterShip's events of one parcel, written from the documented shape."""

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any


def sign(secret: str, body: bytes) -> str:
    """Return the value of `Aftership-Hmac-Sha256` for `body`."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def checkpoint(tag: str, time: str, *, learnt: datetime | None = None) -> dict[str, Any]:
    """Return a scan at `time`, as the carrier wrote it, that AfterShip learnt of at `learnt`."""
    return {
        "slug": "ups",
        "tag": tag,
        "message": f"Scan: {tag}",
        "checkpoint_time": time,
        "created_at": learnt.isoformat() if learnt else None,
    }


def tracking_event(tag: str, at: datetime, *, event: str = "tracking_update", **msg: Any) -> Any:
    """Return the event of a tracking with `tag` that was updated `at`."""
    return {
        "event_id": "6f1d2a34-0000-4000-8000-000000000001",
        "event": event,
        "is_tracking_first_tag": True,
        "msg": {
            "id": "trk1",
            "tracking_number": "1Z999AA10123456784",
            "slug": "ups",
            "tag": tag,
            "return_to_sender": False,
            "updated_at": at.isoformat(),
            "checkpoints": [],
            **msg,
        },
        "ts": int(at.timestamp()),
    }


def body_of(event: Any) -> bytes:
    """Return the event as it travels."""
    return json.dumps(event).encode()
