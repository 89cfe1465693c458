"""The ways of orders that a shop books: what it sends of each, and the trackers of its parcel."""

from __future__ import annotations

import json
from datetime import datetime
from itertools import count
from typing import Any

from tests.sources import easypost_events, shopify_events, woocommerce_events
from tests.webhooks.signing import headers_of
from tests.webhooks.ways import HOUR, Order, Said, Way, by_aftership, by_easypost, by_shippo


def shopify(order: Order, now: datetime) -> list[Said]:
    """It promises a day, then the next one, in one parcel that two trackers tell of.

    Both it and its fulfillment are touched, and say the old day and the old status again after a
    tracker has said another.
    """
    made = now - 80 * HOUR
    ids = count(1)

    def said(topic: str, body: dict[str, Any]) -> Said:
        incoming = shopify_events.delivered(topic, body)
        delivery = {"X_Shopify_Topic": topic, "X_Shopify_Webhook_Id": f"{order.number}-{next(ids)}"}
        return Said("shopify", headers_of("shopify", incoming.body, now, **delivery), incoming.body)

    def ordered(topic: str, hours: int, day: str, **changes: Any) -> Said:
        body = shopify_events.order(
            made,
            name=order.reference,
            updated_at=str(made + hours * HOUR),
            note_attributes=[{"name": "Delivery-Date", "value": day}],
            phone=order.phone,
            email=order.email,
            customer={"id": order.number, "first_name": "Ada", "last_name": "Park"},
            **changes,
        )
        return said(topic, body)

    def sent(topic: str, hours: int, status: str | None, **changes: Any) -> Said:
        body = shopify_events.fulfillment(
            made + 20 * HOUR,
            id=order.number,
            name=f"{order.reference}.1",
            tracking_number=order.code.lower(),
            tracking_numbers=[],
            shipment_status=status,
            updated_at=str(made + hours * HOUR),
            **changes,
        )
        return said(topic, body)

    def event(status: str, hours: int, **changes: Any) -> Said:
        at = made + hours * HOUR
        body = shopify_events.happened(status, at, fulfillment_id=order.number, **changes)
        return said("fulfillment_events/create", body)

    soon = (now + 24 * HOUR).isoformat()
    touched = {"tracking_url": "https://carrier.example/track"}
    way = easypost_events.Parcel(code=order.code)
    return [
        ordered("orders/create", 0, "2026-11-26"),
        ordered("orders/updated", 1, "2026-11-26", note="Ring twice"),
        ordered("orders/updated", 10, "2026-11-27"),
        sent("fulfillments/create", 20, None),
        by_easypost(way.scanned("pre_transit", made + 21 * HOUR, detail="label_created"), now),
        by_easypost(way.scanned("in_transit", made + 30 * HOUR, estimate=now + 48 * HOUR), now),
        event("in_transit", 29, updated_at=str(made + 32 * HOUR), estimated_delivery_at=soon),
        sent("fulfillments/update", 31, "in_transit"),
        ordered("orders/updated", 33, "2026-11-27", note="Ring thrice"),
        sent("fulfillments/update", 48, "delayed"),
        by_aftership(
            order,
            "Exception",
            made + 50 * HOUR,
            now,
            subtag_message="Delayed (Extreme weather)",
        ),
        by_easypost(way.scanned("in_transit", made + 52 * HOUR, estimate=now + 96 * HOUR), now),
        sent("fulfillments/update", 54, "delayed", **touched),
        event("in_transit", 55, estimated_delivery_at=soon),
        event("out_for_delivery", 73, message="It is on the van"),
        sent("fulfillments/update", 74, "out_for_delivery"),
        by_aftership(order, "AttemptFail", made + 75 * HOUR, now),
        sent("fulfillments/update", 76, "out_for_delivery", **touched),
        by_aftership(order, "OutForDelivery", made + 77 * HOUR, now),
        by_easypost(way.scanned("delivered", made + 79 * HOUR), now),
        sent("fulfillments/update", 80, "out_for_delivery", **touched, location_id=1),
    ]


def woocommerce(order: Order, now: datetime) -> list[Said]:
    """It waits for its payment, is sent in a parcel, and is late until it has a day."""
    made = now - 60 * HOUR

    def said(status: str, hours: int, **changes: Any) -> Said:
        topic = "order.updated" if hours else "order.created"
        at = woocommerce_events.local(made + hours * HOUR)
        body = woocommerce_events.order(status, made, number=order.reference[1:])
        home = {**body["billing"], "email": order.email, "phone": order.phone}
        body |= {"customer_id": order.number, "billing": home, "date_modified_gmt": at, **changes}
        raw = json.dumps(body).encode()
        return Said(
            "woocommerce", headers_of("woocommerce", raw, now, X_WC_Webhook_Topic=topic), raw
        )

    def scanned(status: str, hours: int, **of_scan: Any) -> Said:
        return by_shippo(order, status, made + hours * HOUR, now, **of_scan)

    item = {
        "tracking_provider": "usps",
        "tracking_number": order.code,
        "date_shipped": str(int((made + 12 * HOUR).timestamp())),
    }
    tracked = {"meta_data": woocommerce_events.tracked(item)}
    completed = {"date_completed_gmt": woocommerce_events.local(made + 14 * HOUR)}
    return [
        said("pending", 0, date_paid_gmt=None),
        said("processing", 1),
        said("processing", 13, **tracked),
        said("completed", 14, **tracked, **completed),
        scanned("TRANSIT", 20, substatus="package_accepted"),
        scanned("TRANSIT", 40, substatus="delayed"),
        scanned("TRANSIT", 42, eta=f"{(now + 48 * HOUR).date().isoformat()}T00:00:00Z"),
        scanned("TRANSIT", 55, substatus="out_for_delivery"),
        scanned("DELIVERED", 58, substatus="delivered"),
    ]


SHOPS: dict[str, Way] = {"shopify": shopify, "woocommerce": woocommerce}
