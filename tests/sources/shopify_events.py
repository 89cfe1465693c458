"""Shopify's deliveries about one order, written from the documented shape."""

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

from notifier.sources.protocol import Incoming


def sign(secret: str, body: bytes) -> str:
    """Return the value of `X-Shopify-Hmac-Sha256` for `body`."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def delivered(topic: str, body: dict[str, Any], **headers: str) -> Incoming:
    """Return a delivery as we keep it."""
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return Incoming({"x-shopify-topic": topic, **more}, json.dumps(body).encode())


def order(made_at: datetime, **changes: Any) -> dict[str, Any]:
    """Return the order #1001 as made at `made_at`, which its buyer has sent to themselves."""
    home = {
        "first_name": "Ada",
        "last_name": "Park",
        "name": "Ada Park",
        "address1": "12 Elm St",
        "address2": None,
        "city": "Seattle",
        "province": "Washington",
        "zip": "98101",
        "country": "United States",
        "country_code": "US",
        "phone": "(206) 555-0100",
    }
    return {
        "id": 450789469,
        "name": "#1001",
        "order_number": 1001,
        "created_at": made_at.isoformat(),
        "updated_at": made_at.isoformat(),
        "cancelled_at": None,
        "cancel_reason": None,
        "closed_at": None,
        "email": "ada@example.com",
        "contact_email": "ada@example.com",
        "phone": None,
        "customer_locale": "en-US",
        "financial_status": "paid",
        "fulfillment_status": None,
        "note_attributes": [],
        "customer": {"id": 207119551, "first_name": "Ada", "last_name": "Park", "phone": None},
        "billing_address": {**home, "phone": None},
        "shipping_address": home,
        "line_items": [
            {"title": "Kettle", "name": "Kettle - red", "quantity": 1, "requires_shipping": True},
            {"title": "Gift card", "quantity": 1, "requires_shipping": False},
        ],
        **changes,
    }


def fulfillment(at: datetime, **changes: Any) -> dict[str, Any]:
    """Return the first fulfillment of #1001, sent at `at` in one parcel."""
    return {
        "id": 255858046,
        "order_id": 450789469,
        "name": "#1001.1",
        "status": "success",
        "shipment_status": None,
        "created_at": at.isoformat(),
        "updated_at": at.isoformat(),
        "tracking_company": "UPS",
        "tracking_number": "1z 999",
        "tracking_numbers": ["1z 999"],
        "destination": {"city": "Seattle"},
        "line_items": [{"title": "Kettle", "requires_shipping": True}],
        **changes,
    }


def happened(status: str, at: datetime, **changes: Any) -> dict[str, Any]:
    """Return what happened `at` to the first fulfillment of #1001, said at once."""
    return {
        "id": 1234567,
        "fulfillment_id": 255858046,
        "order_id": 450789469,
        "status": status,
        "message": None,
        "happened_at": at.isoformat(),
        "created_at": at.isoformat(),
        "updated_at": at.isoformat(),
        "estimated_delivery_at": None,
        **changes,
    }
