"""What ShipStation's API v2 points to, and what it answers there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from notifier.sources.protocol import Incoming

API = "https://api.shipstation.com/v2"
ORDERS = f"{API}/shipments?import_batch_id=b6ba2537"
LABELS = f"{API}/labels?batch_id=se-646"
SENT_ELSEWHERE = f"{API}/fulfillments?fulfillment_id=se-167&shipment_id=se-412"
ORDER = f"{API}/shipments/se-412"


def pointer(about: str, url: str) -> bytes:
    """Return the body of a webhook."""
    return json.dumps({"resource_url": url, "resource_type": about}).encode()


def delivered(body: bytes, answers: Mapping[str, Any] | None = None) -> Incoming:
    """Return a webhook as it stands once ShipStation has said `answers`."""
    said = {name: json.dumps(answer).encode() for name, answer in (answers or {}).items()}
    return Incoming({}, body, answers=said, can_ask=True)


def order(made: datetime, **fields: Any) -> Any:
    """Return an order, which is a shipment there."""
    return {
        "shipment_id": "se-412",
        "shipment_number": "100044",
        "shipment_status": "pending",
        "created_at": made.isoformat(),
        "modified_at": made.isoformat(),
        "deliver_by_date": None,
        "is_gift": False,
        "ship_to": _place(),
        "items": [{"name": "Kettle", "quantity": 1}],
    } | fields


def label(made: datetime, code: str = "383144378470", **fields: Any) -> Any:
    """Return a label of that order."""
    return {
        "label_id": "se-184",
        "shipment_id": "se-412",
        "created_at": made.isoformat(),
        "tracking_number": code,
        "is_return_label": False,
        "voided": False,
        "carrier_code": "fedex",
        "packages": [{"tracking_number": code}],
        "ship_to": _place(),
    } | fields


def fulfillment(made: datetime, code: str = "3831466", **fields: Any) -> Any:
    """Return that the order was sent by a label from elsewhere."""
    return {
        "fulfillment_id": "se-167",
        "shipment_id": "se-412",
        "shipment_number": "100044",
        "created_at": made.isoformat(),
        "tracking_number": code,
        "voided": False,
        "fulfillment_carrier_friendly_name": "FedEx",
        "ship_to": _place(),
    } | fields


def page(field: str, *found: Any, pages: int = 1) -> Any:
    """Return one page of a list."""
    return {field: list(found), "total": len(found), "page": 1, "pages": pages}


def _place() -> Any:
    return {
        "name": "Ada Park",
        "phone": "206-555-0100",
        "email": "ada@example.com",
        "address_line1": "12 Elm Street",
        "address_line2": "",
        "city_locality": "Fresno",
        "state_province": "CA",
        "postal_code": "93650",
        "country_code": "US",
    }
