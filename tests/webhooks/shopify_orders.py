"""One order at a Shopify shop: what the shop, and its carrier, say of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Job, Parcel
from notifier.webhooks.receiving import receive
from notifier.webhooks.set_up import add_source
from tests.sources import shopify_events
from tests.sources.easypost_events import Parcel as OnItsWay
from tests.webhooks.deliveries import HOUR, push, translate_all

SECRET = "the secret that the shop was given"

#: A delivery about one order, made when it is its turn.
Said = Callable[[], object]


def orders(services: Services) -> dict[str, tuple[str, dict[str, str]]]:
    """Return each order's status, and that of each of its parcels by the letter of its code.

    What was not sent yet has none.
    """
    with reading(services.sessions) as session:
        return {
            job.reference: (
                job.status,
                {
                    parcel.tracking_code[:1]: parcel.status
                    for parcel in session.scalars(select(Parcel).where(Parcel.job_id == job.id))
                },
            )
            for job in session.scalars(select(Job))
        }


class Shop:
    """What Shopify, and a carrier, say of one order. Hours count from when it was made."""

    def __init__(
        self, services: Services, name: str = "#1001", *, made: datetime | None = None
    ) -> None:
        self.services, self.name = services, name
        self.made = made or services.now() - 50 * HOUR
        self._told = 0

    def code(self, letter: str) -> str:
        """Return the code of the order's parcel that this letter stands for."""
        return f"{letter}{self.name[1:]}"

    def ordered(self, **changes: Any) -> UUID:
        """Say that it was made, promised for a day."""
        return self._say("orders/create", self._order(**changes))

    def stands(self, hours: int, sending: str | None, **changes: Any) -> UUID:
        """Say, so many hours later, how far it is sent: `partial` or `fulfilled`."""
        at = str(self.made + hours * HOUR)
        body = self._order(updated_at=at, fulfillment_status=sending, **changes)
        return self._say("orders/updated", body)

    def sent(
        self,
        hours: int,
        letters: Iterable[str],
        status: str | None = None,
        *,
        fulfillment: int = 1,
        **changes: Any,
    ) -> UUID:
        """Say, so many hours later, that a fulfillment has these parcels."""
        codes = [self.code(letter) for letter in letters]
        body = shopify_events.fulfillment(
            self.made + HOUR,
            name=f"{self.name}.{fulfillment}",
            tracking_number=next(iter(codes), None),
            tracking_numbers=codes,
            shipment_status=status,
            updated_at=str(self.made + hours * HOUR),
            **changes,
        )
        return self._say("fulfillments/update", body)

    def happened(self, hours: int, status: str, *, number: int, **changes: Any) -> UUID:
        """Say, half an hour later, that this happened to the fulfillment of that number."""
        at = self.made + hours * HOUR
        body = shopify_events.happened(
            status, at, fulfillment_id=number, updated_at=str(at + HOUR / 2), **changes
        )
        return self._say("fulfillment_events/create", body)

    def scanned(self, hours: int, letter: str, status: str) -> UUID:
        """Let the carrier say where the parcel with this code is."""
        way = OnItsWay(code=self.code(letter))
        return push(self.services, way.scanned(status, self.made + hours * HOUR))

    def _order(self, **changes: Any) -> dict[str, Any]:
        day = [{"name": "Delivery-Date", "value": "2026-11-27"}]
        return shopify_events.order(
            self.made, **{"name": self.name, "note_attributes": day, **changes}
        )

    def _say(self, topic: str, body: dict[str, Any]) -> UUID:
        incoming = shopify_events.delivered(topic, body)
        self._told += 1
        headers = {
            **incoming.headers,
            "x-shopify-webhook-id": f"{self.name} {self._told}",
            "x-shopify-hmac-sha256": shopify_events.sign(SECRET, incoming.body),
        }
        return receive(self.services, "shopify", headers, incoming.body).delivery_id


def given_shop(services: Services, brand: UUID) -> Shop:
    """Return a shop that is live and has one order."""
    add_source(services, brand, "shopify", "shopify", SECRET, live=True)
    shop = Shop(services)
    shop.ordered()
    translate_all(services)
    return shop


def tell(services: Services, said: Sequence[Said]) -> None:
    """Let each of `said` come, and be read."""
    for one in said:
        one()
        translate_all(services)
