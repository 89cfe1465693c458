"""What ShipStation's API v2 is asked for: orders, and the parcels that were sent of them.

What the business calls an order is a shipment there, and what it calls a shipment is a label, or
a fulfillment if somebody else made the label. Both name their order, which is asked for too.

An order's reference is its `shipment_number`: the order number in the shop and on the slip.

Source: docs.shipstation.com (shipments, labels, fulfillments; webhook payloads), and what its
webhooks and their `resource_url` really answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from notifier.domain.facts import FactType
from notifier.domain.jobs import JobKind
from notifier.domain.messages import Role
from notifier.domain.tracking_codes import normal_tracking_code
from notifier.sources.parts.booking_fields import address_line, one_line
from notifier.sources.parts.contacts import usable_email, usable_phone
from notifier.sources.parts.estimates import LocalDay
from notifier.sources.parts.json_bodies import object_in, objects_in, read_object, short_text
from notifier.sources.parts.listed_pages import listed
from notifier.sources.parts.tracker_times import moment_or_utc
from notifier.sources.parts.vendor_addresses import path_of
from notifier.sources.protocol import (
    Asking,
    BookedParcel,
    BookedPerson,
    Booking,
    ByReference,
    Ignored,
    Incoming,
    Needs,
    Question,
    SourceEvent,
    Translation,
    Untranslatable,
)

#: What a webhook is about -> the list that it points to.
LISTS: dict[str, str] = {
    "SHIPMENT_CREATED_V2": "shipments",
    "LABEL_CREATED_V2": "labels",
    "FULFILLMENT_SHIPPED_V2": "fulfillments",
}

#: An order's status -> whether it is one that the customer waits for.
SHIPMENT_STATUSES: dict[str, bool] = {
    "pending": True,
    "processing": True,
    "label_purchased": True,
    "cancelled": False,
}

_ORDER = "https://api.shipstation.com/v2/shipments/{}"
_MOST_PAGES = 20  # of 25 each

_ADDRESS = (
    "address_line1",
    "address_line2",
    "address_line3",
    "city_locality",
    "state_province",
    "postal_code",
    "country_code",
)


def ask_for(incoming: Incoming, about: str, body: Mapping[str, Any]) -> Translation | Needs:
    """Return what the list says that the webhook points to, one of `LISTS`."""
    field, url = LISTS[about], short_text(body.get("resource_url"))
    if url is None or path_of(url) != f"/v2/{field}":
        raise Untranslatable(f"resource_url: {about} points to {field}.")
    found = listed(incoming, url, field, most_pages=_MOST_PAGES)
    if isinstance(found, Needs):
        return found
    return _ordered(found) if field == "shipments" else _shipped(incoming, found)


def _ordered(orders: Sequence[Mapping[str, Any]]) -> Translation:
    """Return the bookings of those orders that somebody waits for. A split one comes twice."""
    bookings: dict[str, SourceEvent] = {}
    for one in orders:
        if SHIPMENT_STATUSES.get(str(one.get("shipment_status")), False):
            bookings.setdefault(_number(one), _booked(one))
    return tuple(bookings.values()) or Ignored("none of its orders is on its way to anybody")


def _shipped(incoming: Incoming, parcels: Sequence[Mapping[str, Any]]) -> Translation | Needs:
    """Return that each parcel was sent, and the booking of each order that they belong to."""
    sent = [one for one in parcels if not (one.get("voided") or one.get("is_return_label"))]
    asked = {id_: _question(id_) for one in sent if (id_ := short_text(one.get("shipment_id")))}
    needs = Needs(tuple(asked.values()))
    if needs.unanswered(incoming.answers):
        return needs
    bookings: dict[str, SourceEvent] = {}
    parcels_sent = []
    for one in sent:
        id_ = short_text(one.get("shipment_id"))
        said = incoming.answers[asked[id_].name] if id_ else b""
        # An order that is gone is known from what was sent of it, if that tells its number.
        order = read_object(said) if said else one
        if not said and short_text(one.get("shipment_number")) is None:
            continue
        reference = _number(order)
        bookings.setdefault(reference, _booked(order))
        parcels_sent += _sent(one, ByReference(reference))
    return (*bookings.values(), *parcels_sent) or Ignored(
        "nothing was sent: the labels are void, for returns, or of orders that are gone"
    )


def _question(shipment_id: str) -> Question:
    if not shipment_id.replace("-", "").isalnum() or not shipment_id.isascii():
        raise Untranslatable("shipment_id: is none of ShipStation's.")
    return Question(f"order {shipment_id}", _ORDER.format(shipment_id), may_be_gone=True)


def _sent(parcel: Mapping[str, Any], join: ByReference) -> list[SourceEvent]:
    """Return that it was sent: one parcel for each tracking number, or none that is known."""
    packages = [one.get("tracking_number") for one in objects_in(parcel.get("packages"))]
    numbers = (short_text(one) for one in (parcel.get("tracking_number"), *packages))
    codes = dict.fromkeys(normal_tracking_code(one) for one in numbers if one)
    carrier = one_line(parcel.get("fulfillment_carrier_friendly_name")) or one_line(
        parcel.get("carrier_code")
    )
    return [
        SourceEvent(
            join=join,
            job_kind=JobKind.ORDER,
            type=FactType.SHIPPED,
            occurred_at=moment_or_utc(parcel.get("created_at")),
            parcel=code,
            adds_parcel=BookedParcel(carrier=carrier or "", tracking_code=code) if code else None,
        )
        for code in codes or (None,)
    ]


def _booked(order: Mapping[str, Any]) -> SourceEvent:
    reference, place = _number(order), object_in(order.get("ship_to"))
    items = (one_line(item.get("name")) for item in objects_in(order.get("items")))
    return SourceEvent(
        join=ByReference(reference),
        job_kind=JobKind.ORDER,
        type=FactType.BOOKED,
        occurred_at=moment_or_utc(order.get("modified_at"))
        or moment_or_utc(order.get("created_at")),
        booking=Booking(
            reference=reference,
            service=None,
            people=(_customer(place, gift=order.get("is_gift") is True),),
            address=address_line(place, *_ADDRESS),
            items=tuple(item for item in items if item),
            window=_day(order.get("deliver_by_date")),
            made_at=moment_or_utc(order.get("created_at")),
            as_it_stands=True,
        ),
    )


def _number(order: Mapping[str, Any]) -> str:
    reference = short_text(order.get("shipment_number"))
    if reference is None:
        raise Untranslatable("shipment_number: each order has one.")
    return reference


def _customer(place: Mapping[str, Any], *, gift: bool) -> BookedPerson:
    """Return who bought it: the address's mail is theirs, name and number only if it is no gift."""
    return BookedPerson(
        role=Role.CUSTOMER,
        name=None if gift else one_line(place.get("name")),
        phone=None if gift else usable_phone(place.get("phone"), place.get("country_code")),
        email=usable_email(place.get("email")),
    )


def _day(value: object) -> LocalDay | None:
    """Return the day by which the shop promised it. It is a midnight, marked as UTC: a date."""
    said = moment_or_utc(value)
    return LocalDay(date(said.year, said.month, said.day)) if said is not None else None


def _takes_key(key: str) -> bool:
    return bool(key) and key.isascii() and key.isprintable() and " " not in key


ASKING = Asking(
    hosts=frozenset({"api.shipstation.com"}),
    headers=lambda key: {"API-Key": key},
    key_is="an API key of version 2, from ShipStation's Settings → Account → API Settings",
    takes_key=_takes_key,
    required=False,
)
