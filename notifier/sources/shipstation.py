"""ShipStation (API v1): orders are booked, and what is shipped gives them their parcels.

Its webhooks only point to what happened, for which ShipStation is asked with the business's key.
A shipment names its order, and that is asked for too: who bought it, and what, is the same then
whichever of the two webhooks comes first.

An order's reference is its number: it is on the packing slip, in the shop and in its mails.
ShipStation's own number of an order is known to nobody else.

Source: docs.shipstation.com/apis/shipstation-v1 (models Webhook, Order, Shipment, Fulfillment;
requirements), and what its webhooks of several shops really hold.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from notifier.domain.facts import FactSource, FactType
from notifier.domain.jobs import JobKind, JobStatus
from notifier.domain.messages import Role
from notifier.domain.tracking_codes import normal_tracking_code
from notifier.sources.parts.address_tokens import is_one_of, token_in_address
from notifier.sources.parts.booking_fields import address_line, one_line
from notifier.sources.parts.contacts import usable_email, usable_phone
from notifier.sources.parts.json_bodies import object_in, objects_in, read_object, short_text
from notifier.sources.parts.listed_pages import listed
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
    SourceAdapter,
    SourceEvent,
    Translation,
    Untranslatable,
)

#: What a webhook is about -> the list that it points to. None: it is nothing for us.
EVENTS: dict[str, str | None] = {
    "ORDER_NOTIFY": "orders",
    "ITEM_ORDER_NOTIFY": "orders",
    "SHIP_NOTIFY": "shipments",
    "ITEM_SHIP_NOTIFY": "shipments",
    "FULFILLMENT_SHIPPED": "fulfillments",  # sent by another warehouse
    "FULFILLMENT_REJECTED": None,  # that warehouse won't; the shop will see to it
}

#: An order's status -> whether it is one that the customer waits for.
ORDER_STATUSES: dict[str, bool] = {
    "awaiting_payment": False,
    "awaiting_shipment": True,
    "pending_fulfillment": True,
    "on_hold": True,  # paid; no webhook tells when it is let go
    "shipped": False,  # elsewhere, before ShipStation knew of it
    "cancelled": False,
    "rejected_fulfillment": True,  # the shop sends it by another way
}

#: ShipStation's servers call themselves by number in what they point to.
HOSTS = frozenset(
    {
        "ssapi.shipstation.com",
        *(f"ssapi{number}.shipstation.com" for number in range(1, 31)),
    }
)

_ORDER = "https://ssapi.shipstation.com/orders/{}"
_MOST_PAGES = 5  # of 100 each

_ITS_ZONE = ZoneInfo("America/Los_Angeles")

_ADDRESS = ("street1", "street2", "street3", "city", "state", "postalCode", "country")


def verify(secrets: Sequence[str], incoming: Incoming, now: datetime) -> bool:
    """Return whether our secret is in the address. ShipStation v1 signs nothing.

    Whoever learns the address can make us look again at what really is in ShipStation, and at
    nothing else: what counts is fetched from there.
    """
    return is_one_of(secrets, token_in_address(incoming))


def delivery_id(incoming: Incoming) -> str | None:
    """Return None: deliveries have no id. What they point to names a batch of its own."""
    return None


def translate(incoming: Incoming) -> Translation | Needs:
    """Return what the list says that the webhook points to."""
    body = read_object(incoming.body)
    about = short_text(body.get("resource_type"))
    if about is None:
        raise Untranslatable("resource_type: a webhook says what it is about.")
    field = EVENTS.get(about)
    if field is None:
        return Ignored(f"{about[:60]} is nothing that a customer waits for")
    url = short_text(body.get("resource_url"))
    if url is None or path_of(url) != f"/{field}":
        raise Untranslatable(f"resource_url: {about[:60]} points to {field}.")
    found = listed(incoming, url, field, most_pages=_MOST_PAGES)
    if isinstance(found, Needs):
        return found
    return _ordered(found) if field == "orders" else _shipped(incoming, found)


def _ordered(orders: Sequence[Mapping[str, Any]]) -> Translation:
    """Return the bookings of those orders that somebody waits for."""
    awaited = [one for one in orders if ORDER_STATUSES.get(str(one.get("orderStatus")), False)]
    return tuple(map(_booked, awaited)) or Ignored("none of its orders is on its way to anybody")


def _shipped(incoming: Incoming, parcels: Sequence[Mapping[str, Any]]) -> Translation | Needs:
    """Return that each parcel was sent, and the booking of each order that they belong to.

    ShipStation calls an order shipped when its label is made, and tells the shop so then.
    """
    sent = [one for one in parcels if not (one.get("voided") or one.get("isReturnLabel"))]
    asked = {id_: _question(id_) for one in sent if (id_ := _order_id(one)) is not None}
    needs = Needs(tuple(asked.values()))
    if needs.unanswered(incoming.answers):
        return needs
    bookings: dict[str, SourceEvent] = {}
    parcels_sent = []
    for one in sent:
        id_ = _order_id(one)
        order = incoming.answers[asked[id_].name] if id_ is not None else b""
        # An order that was deleted or merged is known from what its shipment says of it.
        booked = _booked(read_object(order) if order else one)
        join = booked.join
        assert isinstance(join, ByReference)
        bookings.setdefault(join.reference, booked)
        parcels_sent.append(_sent(one, join))
    return (*bookings.values(), *parcels_sent) or Ignored(
        "nothing was sent: the labels are void, or for returns"
    )


def _order_id(parcel: Mapping[str, Any]) -> int | None:
    number = parcel.get("orderId")
    return number if type(number) is int else None


def _question(order_id: int) -> Question:
    return Question(f"order {order_id}", _ORDER.format(order_id), may_be_gone=True)


def _sent(parcel: Mapping[str, Any], join: ByReference) -> SourceEvent:
    number = short_text(parcel.get("trackingNumber"))
    code = normal_tracking_code(number) if number is not None else None
    carrier = one_line(parcel.get("carrierCode")) or ""
    return SourceEvent(
        join=join,
        job_kind=JobKind.ORDER,
        type=FactType.SHIPPED,
        occurred_at=_moment(parcel.get("createDate")),
        parcel=code,
        adds_parcel=BookedParcel(carrier=carrier, tracking_code=code) if code else None,
    )


def _booked(order: Mapping[str, Any]) -> SourceEvent:
    reference = _number(order)
    items = (one_line(item.get("name")) for item in objects_in(order.get("items")))
    return SourceEvent(
        join=ByReference(reference),
        job_kind=JobKind.ORDER,
        type=FactType.BOOKED,
        occurred_at=_moment(order.get("createDate")),
        booking=Booking(
            reference=reference,
            service=None,
            people=(_customer(order),),
            address=address_line(object_in(order.get("shipTo")), *_ADDRESS),
            items=tuple(item for item in items if item),
            made_at=_moment(order.get("orderDate")),
            as_it_stands=True,
        ),
    )


def _number(order: Mapping[str, Any]) -> str:
    reference = short_text(order.get("orderNumber"))
    if reference is None:
        raise Untranslatable("orderNumber: each order and shipment has one.")
    return reference


def _customer(order: Mapping[str, Any]) -> BookedPerson:
    """Return who bought it. The number at an address of somebody else, a gift's, is not theirs."""
    billing, shipping = object_in(order.get("billTo")), object_in(order.get("shipTo"))
    buyer, receiver = one_line(billing.get("name")), one_line(shipping.get("name"))
    places = [billing, shipping] if buyer in (None, receiver) else [billing]
    country = billing.get("country") or shipping.get("country")
    phones = (usable_phone(one.get("phone"), one.get("country") or country) for one in places)
    number = order.get("customerId")
    return BookedPerson(
        role=Role.CUSTOMER,
        reference=str(number) if type(number) is int else None,
        name=buyer or receiver,
        phone=next((phone for phone in phones if phone), None),
        email=usable_email(order.get("customerEmail")),
    )


def _moment(value: object) -> datetime | None:
    """Return a time as ShipStation v1 writes it: the Pacific coast's, without saying so."""
    text = short_text(value)
    try:
        said = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    if said is None or not 2000 <= said.year < 2100:
        return None
    return (said if said.tzinfo else said.replace(tzinfo=_ITS_ZONE)).astimezone(UTC)


def _headers(key: str) -> Mapping[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(key.encode()).decode()}"}


def _takes_key(key: str) -> bool:
    api_key, colon, api_secret = key.partition(":")
    return bool(api_key and colon and api_secret) and key.isascii() and key.isprintable()


ADAPTER = SourceAdapter(
    kind="shipstation",
    speaks_as=FactSource.SHOP,
    verify=verify,
    signed_with="any text that you put at the end of the address at ShipStation, as ?token=;"
    " without --secret one is made",
    delivery_id=delivery_id,
    translate=translate,
    asking=Asking(
        hosts=HOSTS,
        headers=_headers,
        key_is="API Key, a colon, API Secret: ShipStation shows both under Settings → Account"
        " → API Settings",
        takes_key=_takes_key,
    ),
    # The shop does that the order came from: ShipStation tells it once a label is made.
    says_itself=frozenset({JobStatus.ORDERED, JobStatus.SHIPPED}),
)
