"""Track events of ShipEngine and ShipStation of one parcel, written from the facts."""

import json
from datetime import datetime
from typing import Any


def scan(
    status: str,
    at: str,
    *,
    detail: str | None = None,
    carrier_detail: str | None = None,
    carrier_at: str | None = None,
    description: str = "Scanned",
) -> dict[str, Any]:
    """Return one scan; `at` and `carrier_at` as they are written."""
    return {
        "occurred_at": at,
        "carrier_occurred_at": carrier_at or at,
        "description": description,
        "status_code": status,
        "status_detail_code": detail,
        "carrier_detail_code": carrier_detail,
    }


def track_event(*scans: dict[str, Any], code: str = "1Z999AA10123456784", **data: Any) -> Any:
    """Return the event that tells all of `scans` and stands where the first one does."""
    newest = scans[0] if scans else {}
    return {
        "resource_url": "https://api.shipstation.com/v2/labels/se-1/track",
        "resource_type": "TRACK_EVENT_V2",
        "data": {
            "tracking_number": code,
            "carrier_code": "ups",
            "status_code": newest.get("status_code"),
            "status_detail_code": newest.get("status_detail_code"),
            "carrier_detail_code": newest.get("carrier_detail_code"),
            "carrier_status_description": newest.get("description"),
            "ship_date": None,
            "estimated_delivery_date": None,
            "actual_delivery_date": None,
            "events": list(scans),
            **data,
        },
    }


def simple(status: str, at: datetime, *, detail: str | None = None, **data: Any) -> Any:
    """Return the event of one scan `at`."""
    return track_event(scan(status, at.isoformat(), detail=detail), **data)


def body_of(event: Any) -> bytes:
    """Return the event as it travels."""
    return json.dumps(event).encode()
