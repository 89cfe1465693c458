"""17TRACK's updates of one parcel, in the shape of API v2.2 to v2.4."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

CODE = "RR123456789CN"

#: What a carrier without an estimate has in the place of one.
NO_ESTIMATE = {"source": None, "from": None, "to": None}


def sign(secret: str, body: bytes) -> str:
    """Return the value of `sign` for `body`."""
    return hashlib.sha256(body + b"/" + secret.encode()).hexdigest()


def scan(sub_status: str | None, at: datetime | None, **more: Any) -> dict[str, Any]:
    """Return a scan `at`, as 17TRACK writes it where it knows the zone; without, no time."""
    return {
        "time_iso": at.isoformat() if at else None,
        "time_utc": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None,
        "time_raw": {"date": None, "time": None, "timezone": None},
        "description": f"Scan: {sub_status}",
        "location": "LOS ANGELES, CA",
        "stage": None,
        "sub_status": sub_status,
        **more,
    }


def updated(
    sub_status: str,
    *scans: dict[str, Any],
    looked: datetime | None,
    status: str | None = None,
    number: str = CODE,
    estimate: dict[str, Any] = NO_ESTIMATE,
    carriers: Sequence[dict[str, Any]] = (),
) -> Any:
    """Return an update as of when 17TRACK `looked`; the first of `scans` is the latest event."""
    return {
        "event": "TRACKING_UPDATED",
        "data": {
            "number": number,
            "carrier": 3011,
            "param": None,
            "tag": "",
            "track_info": {
                "latest_status": {
                    "status": status or sub_status.partition("_")[0],
                    "sub_status": sub_status,
                    "sub_status_descr": None,
                },
                "latest_event": scans[0] if scans else None,
                "time_metrics": {"days_of_transit": 4, "estimated_delivery_date": estimate},
                "tracking": {"providers": [carrier(looked, *scans), *carriers]},
            },
        },
    }


def carrier(looked: datetime | None, *scans: dict[str, Any]) -> dict[str, Any]:
    """Return what one carrier said when 17TRACK `looked`."""
    return {
        "provider": {"key": 3011, "name": "China Post", "country": "CN"},
        "latest_sync_status": "Success",
        "latest_sync_time": looked.isoformat() if looked else None,
        "events_hash": -104481533,
        "events": list(scans),
    }


def stopped() -> Any:
    """Return what is said when 17TRACK looks no more."""
    return {
        "event": "TRACKING_STOPPED",
        "data": {"number": CODE, "carrier": 3011, "param": None, "tag": ""},
    }


def body_of(event: Any) -> bytes:
    """Return the event as it travels: without blanks, and not in ASCII alone."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
