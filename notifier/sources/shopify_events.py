"""Shopify's fulfillment events: when something happened to a shipment, and when it is to come.

They know the fulfillment by Shopify's number alone, and name no parcel: what they say is of the
parcels that the fulfillment has by its own webhooks, and waits until one of those came.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from notifier.domain.facts import ESTIMATE, FactType
from notifier.domain.jobs import JobKind
from notifier.domain.windows import UNKNOWN, utc_text
from notifier.sources.parts.booking_fields import moment, one_line
from notifier.sources.parts.estimates import DayOf
from notifier.sources.parts.json_bodies import short_text
from notifier.sources.protocol import (
    ByReference,
    Ignored,
    SourceEvent,
    StandsAs,
    Translation,
    Untranslatable,
)

#: After these, an estimate of the delivery means nothing.
_ARRIVED = frozenset({FactType.DELIVERED, FactType.READY_FOR_PICKUP, FactType.RETURNED})


def known_as(number: object) -> str | None:
    """Return the name of a fulfillment by the number that its events know it by."""
    return f"fulfillment {number}" if type(number) is int else None


def happened(event: Mapping[str, Any], statuses: Mapping[str, FactType | None]) -> Translation:
    """Return the status as of when it happened, and the estimate as of when that was said.

    The same estimate comes with each event, so it is news only where it is another. *Delayed*
    with a day is late and no more; without one nobody knows when.
    """
    shipment = known_as(event.get("fulfillment_id"))
    if shipment is None:
        raise Untranslatable("fulfillment_id: an event is about a fulfillment.")
    word = (short_text(event.get("status")) or "").lower()
    fact, day = statuses.get(word), moment(event.get("estimated_delivery_at"))
    said_at = moment(event.get("updated_at")) or moment(event.get("created_at"))
    if fact in _ARRIVED:
        day = None
    late, join = fact is FactType.DELAYED, ByReference(shipment)
    facts = []
    if fact is not None:
        facts.append(
            SourceEvent(
                join=join,
                job_kind=JobKind.ORDER,
                type=FactType.IN_TRANSIT if late and day is not None else fact,
                occurred_at=moment(event.get("happened_at")) or said_at,
                expected=UNKNOWN if late and day is None else None,
                of_shipment=shipment,
                stands_as=StandsAs(word, anew=True),
                note=one_line(event.get("message")),
            )
        )
    if day is not None:
        facts.append(
            SourceEvent(
                join=join,
                job_kind=JobKind.ORDER,
                type=FactType.DELAYED,
                occurred_at=said_at,
                expected=DayOf(day),
                of_shipment=shipment,
                stands_as=StandsAs(utc_text(day), ESTIMATE),
            )
        )
    return tuple(facts) or Ignored("it moves nothing, and gives no day")
