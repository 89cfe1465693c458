"""WooCommerce's deliveries about one order, written from the documented shape."""

import json
from datetime import datetime, timedelta
from typing import Any

from notifier.sources.protocol import Incoming


def local(moment: datetime) -> str:
    """Return a time as WooCommerce writes it: without any zone."""
    return moment.replace(tzinfo=None).isoformat()


def delivered(body: dict[str, Any], topic: str = "order.updated") -> Incoming:
    """Return a delivery as we keep it."""
    return Incoming({"x-wc-webhook-topic": topic}, json.dumps(body).encode())


def order(status: str, made_at: datetime, **changes: Any) -> dict[str, Any]:
    """Return order 727 as made and paid at `made_at`, three hours ahead of the shop's clock."""
    home = {
        "first_name": "Ada",
        "last_name": "Park",
        "address_1": "12 Elm St",
        "address_2": "",
        "city": "Seattle",
        "state": "WA",
        "postcode": "98101",
        "country": "US",
    }
    return {
        "id": 727,
        "number": "727",
        "status": status,
        "date_created": local(made_at - timedelta(hours=3)),
        "date_created_gmt": local(made_at),
        "date_modified_gmt": local(made_at),
        "date_paid_gmt": local(made_at),
        "date_completed_gmt": None,
        "payment_method": "stripe",
        "customer_id": 12,
        "billing": {**home, "email": "ada@example.com", "phone": "(206) 555-0100"},
        "shipping": {**home, "phone": ""},
        "line_items": [{"name": "Kettle &ndash; red", "quantity": 1}],
        "shipping_lines": [{"method_id": "flat_rate", "method_title": "Flat rate"}],
        "meta_data": [],
        **changes,
    }


def tracked(*items: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the meta data in which plugins keep an order's tracking codes."""
    return [{"id": 1, "key": "_wc_shipment_tracking_items", "value": list(items)}]
