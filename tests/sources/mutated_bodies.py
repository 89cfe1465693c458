"""Bodies of every source, changed into what no vendor would send."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.sources import (
    calendly_events,
    generic_events,
    jobber_events,
    onfleet_events,
    seventeentrack_events,
    shipstation_events,
    shopify_events,
    square_events,
    woocommerce_events,
)
from tests.sources.aftership_events import checkpoint, tracking_event
from tests.sources.calcom_events import Visit
from tests.sources.easypost_events import Parcel
from tests.sources.shipengine_events import scan, track_event
from tests.sources.shippo_events import track_updated

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)

#: What may not come up in a reason nor a log line: these are in the bodies below.
PERSONAL = ("Ada", "Park", "Elm St", "+12065550100", "555-0100", "ada@example.com", "Ring twice")

_SHOPIFY = shopify_events.order(NOW, note_attributes=[{"name": "Delivery-Date", "value": "x"}])
_SENT = shopify_events.fulfillment(NOW, shipment_status="out_for_delivery")
_ITEM = {"tracking_provider": "usps", "tracking_number": "1Z", "date_shipped": "1795280400"}

# Of each kind: bodies, and the headers that say what they are about.
SEEDS: dict[str, list[tuple[dict[str, str], Any]]] = {
    "shipengine": [
        (
            {},
            track_event(
                scan("EX", "2026-11-23T16:00:00Z", detail="CARRIER_DELAYS"),
                scan("IT", "2026-11-23T11:20:00Z", carrier_at="2026-11-23T04:20:00-07:00"),
                estimated_delivery_date="2026-11-26T00:00:00Z",
            ),
        ),
    ],
    "shippo": [
        ({}, track_updated("TRANSIT", NOW, substatus="delayed", eta="2026-11-26T00:00:00Z")),
    ],
    "aftership": [
        (
            {},
            tracking_event(
                "Exception",
                NOW,
                subtag="Exception_017",
                subtag_message="Delayed (Extreme weather)",
                latest_estimated_delivery={"datetime": "2026-11-26"},
                checkpoints=[checkpoint("Exception", "2026-11-23T08:10:00", learnt=NOW)],
            ),
        ),
    ],
    "seventeentrack": [
        (
            {},
            seventeentrack_events.updated(
                "Exception_Delayed",
                seventeentrack_events.scan("Exception_Delayed", NOW),
                seventeentrack_events.scan(
                    "InTransit_Other",
                    None,
                    time_raw={"date": "2026-11-22", "time": "08:10:00", "timezone": None},
                ),
                looked=NOW,
                estimate={"source": "Official", "from": None, "to": "2026-11-26T00:00:00Z"},
            ),
        ),
        ({}, seventeentrack_events.stopped()),
    ],
    "onfleet": [
        ({}, onfleet_events.Task(NOW).event(9, NOW, worker=onfleet_events.SAM)),
        ({}, onfleet_events.Task(NOW).event(1, NOW, etaSeconds=300.5)),
        ({}, onfleet_events.Task(NOW).event(2, NOW, distance=134.5)),
        ({}, onfleet_events.Task(NOW).event(4, NOW)),
        ({}, onfleet_events.Task(NOW).event(12, NOW, delay=522.5)),
        ({}, onfleet_events.Task(NOW).event(5, NOW)),
        ({}, onfleet_events.opt_out("+12065550100", NOW)),
    ],
    "jobber": [
        ({}, json.loads(jobber_events.pointer("VISIT_UPDATE", NOW))),
        ({}, json.loads(jobber_events.pointer("VISIT_DESTROY", NOW))),
    ],
    "calendly": [
        ({}, calendly_events.Visit(NOW, NOW).created()),
        *(({}, event) for event in calendly_events.Visit(NOW, NOW).moved(NOW, to=LATER)),
        ({}, calendly_events.Visit(NOW, NOW).canceled(NOW, by="host")),
    ],
    "calcom": [
        ({}, Visit(NOW).created(NOW)),
        ({}, Visit(NOW).moved(NOW, to=LATER)),
        ({}, Visit(NOW).cancelled(NOW, cancelledBy="ada@example.com")),
        ({}, Visit(NOW).not_there(NOW)),
    ],
    "easypost": [
        ({}, Parcel().scanned("in_transit", NOW, estimate=LATER)),
        ({}, Parcel().scanned("failure", NOW, detail="delivery_exception")),
    ],
    "generic": [
        (
            {},
            json.loads(generic_events.event("appointment.delayed", NOW, reference="A", minutes=45)),
        ),
        (
            {},
            json.loads(
                generic_events.event(
                    "order.booked",
                    NOW,
                    reference="ORD-1",
                    parcels=[{"carrier": "UPS", "tracking_code": "1Z"}],
                    window={"start": "2026-11-23T18:00:00Z", "end": "2026-11-23T20:00:00Z"},
                    customer={"name": "Ada Park", "phone": "+12065550100"},
                )
            ),
        ),
    ],
    "shipstation": [
        ({}, json.loads(shipstation_events.pointer("ORDER_NOTIFY", shipstation_events.ORDERS))),
        ({}, json.loads(shipstation_events.pointer("SHIP_NOTIFY", shipstation_events.SHIPMENTS))),
    ],
    "shopify": [
        ({"x-shopify-topic": "orders/updated"}, _SHOPIFY),
        ({"x-shopify-topic": "orders/cancelled"}, {**_SHOPIFY, "cancelled_at": NOW.isoformat()}),
        ({"x-shopify-topic": "fulfillments/update"}, _SENT),
        ({"x-shopify-topic": "products/update"}, _SHOPIFY),
    ],
    "square": [
        ({}, square_events.booking("ACCEPTED", NOW, LATER)),
        ({}, square_events.booking("CANCELLED_BY_CUSTOMER", NOW, LATER)),
        ({}, square_events.order("order.updated", NOW, "CANCELED")),
    ],
    "woocommerce": [
        ({"x-wc-webhook-topic": "order.created"}, woocommerce_events.order("processing", NOW)),
        (
            {"x-wc-webhook-topic": "order.updated"},
            woocommerce_events.order("completed", NOW, meta_data=woocommerce_events.tracked(_ITEM)),
        ),
    ],
}

KINDS = tuple(sorted(SEEDS))

_TIMES = st.sampled_from(
    ["2026-11-23", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-23T25:00:00Z"]
)
_ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | _TIMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
_RARELY = st.integers(0, 9).map(lambda number: number == 7)  # hypothesis is fond of 0


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of everything inside `value`."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found: list[tuple[Any, ...]] = []
    for key, inner in items if isinstance(value, dict | list) else ():
        found.append((*path, key))
        if isinstance(inner, dict | list):
            found.extend(_paths(inner, (*path, key)))
    return found


@st.composite
def mutated_bodies(draw: st.DrawFn) -> tuple[str, dict[str, str], bytes]:
    """Draw a kind, and a body of its with a few values replaced, dropped or cut off."""
    kind = draw(st.sampled_from(KINDS))
    headers, seed = draw(st.sampled_from(SEEDS[kind]))
    body = copy.deepcopy(seed)
    for _ in range(draw(st.integers(1, 3))):
        paths = _paths(body)
        if not paths:
            break
        *way, last = draw(st.sampled_from(paths))
        place = body
        for step in way:
            place = place[step]
        if draw(st.booleans()):
            place[last] = draw(_ODD)
        else:
            del place[last]
    raw = json.dumps(body).encode()
    cut = draw(st.integers(0, len(raw))) if draw(_RARELY) else len(raw)
    return kind, headers, raw[:cut]
