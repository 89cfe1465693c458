"""ShipStation's webhooks, and what it answers when it is asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from notifier.sources.protocol import Incoming

SECRET = "the secret in the address"
ADDRESS = "https://notify.example.com/webhooks/in/shipstation"
HOST = "https://ssapi6.shipstation.com"
ORDERS = f"{HOST}/orders?storeID=7&importBatch=b-1"
SHIPMENTS = f"{HOST}/shipments?batchId=190671&includeShipmentItems=False"


def pointer(about: str, url: str) -> bytes:
    """Return the body of a webhook."""
    return json.dumps({"resource_url": url, "resource_type": about}).encode()


def delivered(body: bytes, answers: Mapping[str, Any] | None = None) -> Incoming:
    """Return a webhook as it stands once ShipStation has said `answers`."""
    said = {name: json.dumps(answer).encode() for name, answer in (answers or {}).items()}
    url = f"{ADDRESS}?token={SECRET}"
    return Incoming({}, body, url, answers=said, can_ask=True)


def local(at: datetime) -> str:
    """Return `at` as ShipStation writes times: Pacific, seven digits, no offset."""
    there = at.astimezone(ZoneInfo("America/Los_Angeles"))
    return there.strftime("%Y-%m-%dT%H:%M:%S.%f0")


def order(made: datetime, number: str = "1001", order_id: int = 501, **fields: Any) -> Any:
    """Return an order that was paid and is to be sent."""
    return {
        "orderId": order_id,
        "orderNumber": number,
        "orderDate": local(made - timedelta(minutes=20)),
        "createDate": local(made),
        "modifyDate": local(made),
        "orderStatus": "awaiting_shipment",
        "customerId": 77,
        "customerEmail": "ada@example.com",
        "billTo": {"name": "Ada Park", "phone": None, "country": None},
        "shipTo": {
            "name": "Ada Park",
            "street1": "12 Elm Street",
            "city": "Fresno",
            "state": "CA",
            "postalCode": "93650",
            "country": "US",
            "phone": "206-555-0100",
        },
        "items": [{"name": "Kettle", "quantity": 1}],
    } | fields


def shipment(made: datetime, code: str = "1Z999AA10123456784", **fields: Any) -> Any:
    """Return a shipment of that order."""
    return {
        "shipmentId": 901,
        "orderId": 501,
        "orderNumber": "1001",
        "customerEmail": "ada@example.com",
        "createDate": local(made),
        "shipDate": local(made)[:10],
        "trackingNumber": code,
        "carrierCode": "ups",
        "isReturnLabel": False,
        "voided": False,
        "shipTo": {"name": "Ada Park", "phone": "206-555-0100", "country": "US"},
    } | fields


def page(listed: str, *found: Any, pages: int = 1) -> Any:
    """Return one page of a list."""
    return {listed: list(found), "total": len(found), "page": 1, "pages": pages}
