"""ShipStation points to something: the way from there to facts, in the tests of fetching."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import FactRow
from notifier.webhooks.fetching import fetch_due
from notifier.webhooks.receiving import receive
from notifier.webhooks.translation import translate_received
from tests.fakes.vendor_server import Said
from tests.sources.shipstation_events import (
    ORDERS,
    SECRET,
    pointer,
)

KEY = "an-api-key:its-secret"
ORDER_501 = "https://ssapi.shipstation.com/orders/501"


def said(value: Any) -> Said:
    """Return `value` as a vendor answers it."""
    return Said(body=json.dumps(value).encode())


def point(services: Services, about: str = "ORDER_NOTIFY", url: str = ORDERS) -> UUID:
    """Let ShipStation point to something; return the delivery's id."""
    body = pointer(about, url)
    return receive(services, "shipstation", {}, body, query=f"token={SECRET}").delivery_id


def work(services: Services) -> None:
    """Translate and fetch until neither has anything to do now."""
    while translate_received(services) or fetch_due(services):
        pass


def facts(services: Services) -> list[tuple[str, str | None]]:
    """Return the type and parcel of every fact, in order of arrival."""
    with reading(services.sessions) as session:
        rows = session.query(FactRow).order_by(FactRow.job_id, FactRow.seq)
        return [(row.type, row.body.get("parcel")) for row in rows]
