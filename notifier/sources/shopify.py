"""Shopify: orders book orders, fulfillments ship their parcels and tell where those are.

An order's reference is its name, such as #1001: it is in the shop's mails, on its pages and in
what trackers are told, and a fulfillment is called #1001.1 after it. Shopify's own number of an
order is known to nobody else.

Fulfillment orders name an order by that number or not at all, and no parcel, so that they could
end an order of which one parcel has come.

Source: shopify.dev/docs/api/webhooks, /docs/apps/build/webhooks, the REST resources Order and
Fulfillment, the enum FulfillmentEventStatus.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from notifier.domain.facts import FactSource, FactType
from notifier.domain.jobs import JobKind, JobStatus
from notifier.domain.messages import Role
from notifier.domain.reasons import Party, Reason
from notifier.domain.tracking_codes import normal_tracking_code
from notifier.domain.windows import UNKNOWN
from notifier.sources.parts.base64_hmac import is_signed
from notifier.sources.parts.booking_fields import address_line, locale_name, moment, one_line
from notifier.sources.parts.contacts import usable_email, usable_phone
from notifier.sources.parts.json_bodies import object_in, objects_in, read_object, short_text
from notifier.sources.parts.promised_days import promised_day
from notifier.sources.protocol import (
    BookedParcel,
    BookedPerson,
    Booking,
    ByReference,
    Ignored,
    Incoming,
    Shipment,
    SourceAdapter,
    SourceEvent,
    StandsAs,
    Translation,
    Untranslatable,
)
from notifier.sources.shopify_events import happened, known_as

_F = FactType

#: A fulfillment's shipment status -> our fact. None: it moves nothing. `delayed` is a parcel of
#: which nobody says when it comes.
STATUSES: dict[str, FactType | None] = {
    "label_purchased": None,  # a label, no parcel yet
    "label_printed": None,
    "confirmed": None,  # the carrier knows of it and has not got it
    "carrier_picked_up": _F.IN_TRANSIT,
    "in_transit": _F.IN_TRANSIT,
    "out_for_delivery": _F.OUT_FOR_DELIVERY,
    "attempted_delivery": _F.ATTEMPTED,
    "ready_for_pickup": _F.READY_FOR_PICKUP,
    "ready_for_recipient_pickup": _F.READY_FOR_PICKUP,
    "picked_up": _F.DELIVERED,  # by the customer
    "delivered": _F.DELIVERED,
    "delayed": _F.DELAYED,
    "failure": _F.EXCEPTION,
    "buyer_action_required": _F.EXCEPTION,
    "returning_to_sender": _F.RETURNED,
}

#: A fulfillment's own status -> whether it was sent.
SENT: dict[str, bool] = {
    "pending": False,
    "open": False,
    "success": True,
    "cancelled": False,
    "error": False,
    "failure": False,
}

#: How far an order is sent -> whether more is to come. What is not there says nothing of it: of an
#: order of which nothing was sent, every parcel is still to be made.
MORE_TO_SEND: dict[str, bool] = {"partial": True, "fulfilled": False, "restocked": False}

#: Why an order was cancelled -> whose doing that is, and the cause that it states.
CANCEL_REASONS: dict[str, tuple[Party, Reason | None]] = {
    "customer": (Party.CUSTOMER, None),
    "inventory": (Party.US, Reason.STOCK),
    "staff": (Party.US, None),
    "fraud": (Party.UNKNOWN, None),
    "declined": (Party.UNKNOWN, None),  # the payment
    "other": (Party.UNKNOWN, None),
}

#: Each carries the whole order.
ORDER_TOPICS = frozenset(
    {
        "orders/create",
        "orders/updated",
        "orders/paid",
        "orders/fulfilled",
        "orders/partially_fulfilled",
        "orders/cancelled",
    }
)

_FULFILLMENT_TOPICS = frozenset({"fulfillments/create", "fulfillments/update"})

#: How long after its sale an order of the same shop is made.
_AT_ONCE = timedelta(days=1)

_NAMES_NEITHER = ("fulfillment_events/", "fulfillment_orders/")

#: #1001.1 is the first fulfillment of #1001.
_FULFILLMENT_NAME = re.compile(r"(.+)(?:\.|-F)\d+")

_ADDRESS = ("address1", "address2", "city", "province", "zip", "country")


def verify(secrets: Sequence[str], incoming: Incoming, now: datetime) -> bool:
    """Return whether the header is the base64 HMAC-SHA256 of the raw body.

    Shopify signs no time, so a replay of an old delivery is caught by its id instead.
    """
    return is_signed(secrets, incoming.body, _header(incoming, "hmac-sha256") or "")


def delivery_id(incoming: Incoming) -> str | None:
    """Return the delivery's id, the same for every retry.

    An event's id is shared by all topics that one change touches, so it counts with the topic.
    """
    delivery = _header(incoming, "webhook-id")
    event = _header(incoming, "event-id")
    if delivery is None and event is not None:
        return f"{event} {_header(incoming, 'topic')}"
    return delivery


def translate(incoming: Incoming) -> Translation:
    """Return what the topic's body says: an order's booking and day, or a parcel's way."""
    body = read_object(incoming.body)
    topic = _header(incoming, "topic")
    if topic is None:
        raise Untranslatable("X-Shopify-Topic: a delivery says what it is about.")
    if _header(incoming, "test") == "true":
        return Ignored("a test notification, which is about no real order")
    if topic in ORDER_TOPICS:
        return _order(topic, body)
    if topic in _FULFILLMENT_TOPICS:
        return _fulfillment(body)
    if topic == "fulfillment_events/create":
        return happened(body, STATUSES)
    if topic.startswith(_NAMES_NEITHER):
        return Ignored(f"{topic[:60]} names no parcel: fulfillments/update says it with one")
    return Ignored(f"{topic[:60]} is not about an order on its way")


def _header(incoming: Incoming, name: str) -> str | None:
    """Return one of Shopify's headers, which newer deliveries write without the X-."""
    headers = incoming.headers
    return short_text(headers.get(f"x-shopify-{name}") or headers.get(f"shopify-{name}"))


def _order(topic: str, order: Mapping[str, Any]) -> Translation:
    reference = short_text(order.get("name"))
    if reference is None:
        raise Untranslatable("name: an order has one, such as #1001.")
    join = ByReference(reference)
    cancelled_at = moment(order.get("cancelled_at"))
    if cancelled_at is not None:
        return (_cancelled(order, join, cancelled_at),)
    sending = short_text(order.get("fulfillment_status")) or ""
    more = False if order.get("closed_at") is not None else MORE_TO_SEND.get(sending)
    over = more is False and not (topic == "orders/create" and _was_sent_at_once(order))
    items = [one for one in objects_in(order.get("line_items")) if one.get("current_quantity") != 0]
    sent = [one for one in items if one.get("requires_shipping") is not False]
    if items and not sent:
        return Ignored("nothing of it is sent")
    attributes = [
        (one.get("name"), one.get("value")) for one in objects_in(order.get("note_attributes"))
    ]
    return (
        SourceEvent(
            join=join,
            job_kind=JobKind.ORDER,
            type=_F.BOOKED,
            occurred_at=moment(order.get("updated_at")) or moment(order.get("created_at")),
            more_to_send=more,
            unless_known="all of it was sent: its parcels tell the rest" if over else None,
            booking=Booking(
                reference=reference,
                service=None,
                people=(_customer(order),),
                address=address_line(object_in(order.get("shipping_address")), *_ADDRESS),
                items=tuple(name for one in sent if (name := one_line(one.get("title")))),
                window=promised_day(attributes),
                made_at=moment(order.get("created_at")),
                as_it_stands=True,
                as_made=topic == "orders/create",
            ),
        ),
    )


def _was_sent_at_once(order: Mapping[str, Any]) -> bool:
    """Return whether an order was just made, and sent with that: its parcels wait for it.

    A sale at the till is sent nowhere, and what is imported from another shop was sold long ago.
    """
    made_at, sold_at = moment(order.get("created_at")), moment(order.get("processed_at"))
    imported = made_at is not None and sold_at is not None and made_at - sold_at > _AT_ONCE
    return (
        order.get("fulfillment_status") == "fulfilled"
        and bool(object_in(order.get("shipping_address")))
        and not imported
    )


def _cancelled(order: Mapping[str, Any], join: ByReference, at: datetime) -> SourceEvent:
    reason = short_text(order.get("cancel_reason")) or "other"
    by, cause = CANCEL_REASONS.get(reason, (Party.UNKNOWN, None))
    return SourceEvent(
        join=join,
        job_kind=JobKind.ORDER,
        type=_F.CANCELLED,
        occurred_at=at,
        by=by,
        reason=cause,
        unless_known="called off, and not booked here",
    )


def _customer(order: Mapping[str, Any]) -> BookedPerson:
    """Return who bought it. The number at an address of somebody else, a gift's, is not theirs."""
    buyer, billing = object_in(order.get("customer")), object_in(order.get("billing_address"))
    shipping = object_in(order.get("shipping_address"))
    name = _full_name(buyer) or _full_name(billing) or _full_name(shipping)
    country = billing.get("country_code") or shipping.get("country_code")
    places = [order, buyer, billing]
    if not billing or _full_name(shipping) in (name, _full_name(billing)):
        places.append(shipping)
    phones = (
        usable_phone(place.get("phone"), place.get("country_code") or country) for place in places
    )
    emails = (
        usable_email(value)
        for value in (order.get("email"), order.get("contact_email"), buyer.get("email"))
    )
    number = buyer.get("id")
    return BookedPerson(
        role=Role.CUSTOMER,
        reference=str(number) if type(number) is int else None,
        name=name,
        phone=next((phone for phone in phones if phone), None),
        email=next((email for email in emails if email), None),
        locale=locale_name(order.get("customer_locale")),
    )


def _full_name(person: Mapping[str, Any]) -> str | None:
    both = (one_line(person.get("first_name")), one_line(person.get("last_name")))
    return one_line(" ".join(part for part in both if part)) or one_line(person.get("name"))


def _fulfillment(fulfillment: Mapping[str, Any]) -> Translation:
    """Return that its parcels were sent, and where they are now.

    It is said as a whole with any change, and its status is as old as that: an old one may be
    said again. A parcel that Shopify knows no code of is the whole order's. What is not sent to
    an address, such as what is picked up, was not shipped.
    """
    name = _FULFILLMENT_NAME.fullmatch(short_text(fulfillment.get("name")) or "")
    if name is None:
        raise Untranslatable("name: a fulfillment is called after its order, such as #1001.1.")
    status = short_text(fulfillment.get("status")) or ""
    if status in ("cancelled", "error", "failure"):
        return Ignored(f"the fulfillment is {status}: nothing was sent")
    items = objects_in(fulfillment.get("line_items"))
    if items and all(one.get("requires_shipping") is False for one in items):
        return Ignored("nothing of it is sent")

    word = (short_text(fulfillment.get("shipment_status")) or "").lower()
    moves = STATUSES.get(word)
    codes = _codes(fulfillment)
    left = SENT.get(status, False) and bool(codes or fulfillment.get("destination"))
    facts: list[tuple[FactType, datetime | None, str | None]] = []
    for code in codes or (None,):
        if left:
            facts.append((_F.SHIPPED, moment(fulfillment.get("created_at")), code))
        if moves is not None:
            facts.append((moves, moment(fulfillment.get("updated_at")), code))
    carrier = one_line(fulfillment.get("tracking_company")) or ""
    as_of = moment(fulfillment.get("updated_at"))
    number = known_as(fulfillment.get("id"))
    shipment = None
    if as_of is not None:
        shipment = Shipment(name=name[0], codes=tuple(codes), as_of=as_of, known_as=number)
    join = ByReference(name[1])
    if not facts:
        return _not_sent(join, shipment)
    return tuple(
        SourceEvent(
            join=join,
            job_kind=JobKind.ORDER,
            type=fact,
            occurred_at=at,
            expected=UNKNOWN if fact is _F.DELAYED else None,
            parcel=code,
            adds_parcel=BookedParcel(carrier=carrier, tracking_code=code) if code else None,
            shipment=shipment,
            stands_as=StandsAs(word) if fact is moves else None,
        )
        for fact, at, code in facts
    )


def _not_sent(join: ByReference, shipment: Shipment | None) -> Translation:
    """Return that nothing was sent, and that the codes which it had are taken away."""
    why = "nothing was sent yet"
    if shipment is None or shipment.codes:
        return Ignored(why)
    return (
        SourceEvent(
            join=join,
            job_kind=JobKind.ORDER,
            type=_F.SHIPPED,
            occurred_at=shipment.as_of,
            shipment=shipment,
            only_shipment=True,
            unless_known=why,
        ),
    )


def _codes(fulfillment: Mapping[str, Any]) -> list[str]:
    """Return its tracking codes, each once."""
    listed = fulfillment.get("tracking_numbers")
    given = [*(listed if isinstance(listed, list) else []), fulfillment.get("tracking_number")]
    codes = (normal_tracking_code(code) for one in given if (code := short_text(one)))
    return list(dict.fromkeys(codes))


ADAPTER = SourceAdapter(
    kind="shopify",
    speaks_as=FactSource.SHOP,
    keeps_headers=frozenset(
        f"{prefix}shopify-{name}"
        for prefix in ("x-", "")
        for name in ("topic", "webhook-id", "event-id", "test", "shop-domain")
    ),
    verify=verify,
    signed_with="the key at the foot of Settings → Notifications → Webhooks in Shopify's admin; of"
    " an app, its client secret",
    delivery_id=delivery_id,
    translate=translate,
    named_at=(("name",),),
    new_secret=None,
    account=lambda incoming: _header(incoming, "shop-domain"),
    says_itself=frozenset({JobStatus.ORDERED, JobStatus.SHIPPED, JobStatus.OUT_FOR_DELIVERY}),
)
