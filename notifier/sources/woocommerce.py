"""WooCommerce: an order is booked once it is paid or sent, and follows its status from there.

An order's reference is its number, which is in the shop's mails and on its pages. It is the
order's id unless a plugin numbers them; `order.deleted` carries that id alone.

Source: woocommerce.github.io/woocommerce-rest-api-docs (orders, webhooks), the classes
`WC_Webhook` and `OrderStatus`, the Shipment Tracking extension's documentation.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from notifier.domain.facts import FactSource, FactType
from notifier.domain.jobs import JobKind, JobStatus
from notifier.domain.messages import Role
from notifier.domain.tracking_codes import normal_tracking_code
from notifier.sources.parts.base64_hmac import is_signed
from notifier.sources.parts.booking_fields import address_line, one_line
from notifier.sources.parts.contacts import usable_email, usable_phone
from notifier.sources.parts.json_bodies import object_in, objects_in, read_object, short_text
from notifier.sources.parts.promised_days import promised_day
from notifier.sources.parts.tracker_times import moment_or_utc
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

_F = FactType

#: WooCommerce's status -> our fact. None: nothing is owed, or nothing is new.
STATUSES: dict[str, FactType | None] = {
    "auto-draft": None,
    "checkout-draft": None,
    "draft": None,
    "new": None,
    "pending": None,  # not paid; most such orders are abandoned
    "on-hold": _F.BOOKED,  # where it was paid before; else the payment is awaited
    "failed": None,  # the payment failed
    "trash": None,
    "processing": _F.BOOKED,  # paid
    "completed": _F.SHIPPED,  # "fulfilled": of what is collected, DELIVERED
    "refunded": _F.CANCELLED,  # where it was never completed
    "cancelled": _F.CANCELLED,
    # of plugins
    "partial-shipped": _F.SHIPPED,
    "shipped": _F.SHIPPED,
    "delivered": _F.DELIVERED,
    "ready-pickup": _F.READY_FOR_PICKUP,
}

#: Each carries the whole order. A restored one has the status that it had before.
ORDER_TOPICS = frozenset({"order.created", "order.updated", "order.restored"})

#: What was sent before we heard of it is booked if it is no older than this. A note on last
#: year's order tells nobody anything.
RECENT = timedelta(days=30)

#: Methods by which the customer collects it.
_COLLECTED = frozenset({"local_pickup", "pickup_location"})

_SAVED = re.compile(rb"webhook_id=[0-9]{1,20}")
_TRACKING = "_wc_shipment_tracking_items"  # of Shipment Tracking, and of those that follow it

_ADDRESS = ("address_1", "address_2", "city", "state", "postcode", "country")


def greeting(incoming: Incoming) -> str | None:
    """Return an answer to what WooCommerce posts when a webhook is saved: its bare number."""
    return "ok" if _SAVED.fullmatch(incoming.body) else None


def verify(secrets: Sequence[str], incoming: Incoming, now: datetime) -> bool:
    """Return whether `X-WC-Webhook-Signature` is the base64 HMAC-SHA256 of the raw body.

    WooCommerce signs no time; a replay has the same body, and that counts once.
    """
    return is_signed(secrets, incoming.body, incoming.headers.get("x-wc-webhook-signature", ""))


def delivery_id(incoming: Incoming) -> str | None:
    """Return None: `X-WC-Webhook-Delivery-ID` is made of the webhook and the second.

    Orders that are changed together share it, so that all but one of them would be lost. The
    body tells them apart.
    """
    return None


def account(incoming: Incoming) -> str | None:
    """Return the shop's address as it stays when it moves to HTTPS, or to and from a www."""
    stated = short_text(incoming.headers.get("x-wc-webhook-source"))
    found = re.fullmatch(r"(?:https?://)?(?:www\.)?([^/?#]+)([^?#]*?)/*", (stated or "").lower())
    return f"{found[1]}{found[2]}" if found else None


def translate(incoming: Incoming) -> Translation:
    """Return what the order's status says, and the parcels that it names."""
    body = read_object(incoming.body)
    topic = short_text(incoming.headers.get("x-wc-webhook-topic"))
    if topic is None:
        raise Untranslatable("X-WC-Webhook-Topic: a delivery says what it is about.")
    if topic == "order.deleted":
        return Ignored("put in the trash, which does not say whether it is still sent")
    if topic not in ORDER_TOPICS:
        return Ignored(f"{topic[:60]} is not about an order")
    reference, status = short_text(body.get("number")), short_text(body.get("status"))
    if reference is None:
        raise Untranslatable("number: an order has one.")
    if status is None:
        raise Untranslatable("status: an order has one.")
    said = _said(ByReference(reference), status, body)
    if isinstance(said, Ignored):
        return said
    changed_at = moment_or_utc(body.get("date_modified_gmt"))
    off = STATUSES[status] is _F.CANCELLED
    stands_at = None if off else changed_at
    unless_known = None
    if not any(event.booking for event in said):
        unless_known = f"{'called off' if off else 'sent long ago'}, and not booked here"
    as_made = topic == "order.created"
    said = tuple(
        replace(
            event,
            stands_at=stands_at,
            unless_known=unless_known,
            booking=event.booking and replace(event.booking, as_made=as_made),
        )
        for event in said
    )
    return _with_its_parcels(said, body)


def _said(
    join: ByReference, status: str, order: Mapping[str, Any]
) -> tuple[SourceEvent, ...] | Ignored:
    fact = STATUSES.get(status)
    changed_at = moment_or_utc(order.get("date_modified_gmt"))
    completed_at = moment_or_utc(order.get("date_completed_gmt"))
    methods = {str(one.get("method_id")) for one in objects_in(order.get("shipping_lines"))}
    if fact is None or (status == "refunded" and completed_at is not None):
        return Ignored(f"{status[:60]} is no news of its delivery")
    if not methods and not object_in(order.get("shipping")).get("address_1"):
        return Ignored("nothing of it is sent")
    if fact is _F.CANCELLED and _was_unpaid(order):
        return Ignored("called off before it was paid, and so never booked")
    if status == "on-hold" and _was_unpaid(order):
        return Ignored("its payment is awaited")
    if fact is _F.BOOKED:
        return (_booked(join, order, changed_at), *_parcels(join, order))
    if fact is _F.CANCELLED:
        return (_event(join, fact, changed_at),)
    booked = (_booked(join, order, changed_at),) if _is_recent(order, changed_at) else ()
    if fact is _F.SHIPPED:
        at = (completed_at if status == "completed" else None) or changed_at
        if status == "completed" and methods & _COLLECTED:
            return (*booked, _event(join, _F.DELIVERED, at))
        return (*booked, *(_parcels(join, order) or (_stands(join, fact, at, status),)))
    return (*booked, _stands(join, fact, changed_at, status))


def _is_recent(order: Mapping[str, Any], changed_at: datetime | None) -> bool:
    made_at = moment_or_utc(order.get("date_created_gmt"))
    return None is not made_at and None is not changed_at and changed_at - made_at <= RECENT


def _was_unpaid(order: Mapping[str, Any]) -> bool:
    """Return whether it never came to `processing`, which only cash on delivery does unpaid."""
    return not order.get("date_paid_gmt") and order.get("payment_method") != "cod"


def _event(join: ByReference, fact: FactType, at: datetime | None) -> SourceEvent:
    """Return a fact about the whole order. Who cancelled it is not said."""
    return SourceEvent(join=join, job_kind=JobKind.ORDER, type=fact, occurred_at=at)


def _stands(join: ByReference, fact: FactType, at: datetime | None, status: str) -> SourceEvent:
    """Return what an order's status says; a note on the order has it say the same again."""
    return replace(_event(join, fact, at), stands_as=StandsAs(status))


def _booked(
    join: ByReference, order: Mapping[str, Any], changed_at: datetime | None
) -> SourceEvent:
    """Return the order as it stands, with the day that it promises, if it states one."""
    names = (one.get("name") for one in objects_in(order.get("line_items")))
    items = (one_line(html.unescape(name)) for name in names if isinstance(name, str))
    attributes = [(one.get("key"), one.get("value")) for one in objects_in(order.get("meta_data"))]
    return SourceEvent(
        join=join,
        job_kind=JobKind.ORDER,
        type=_F.BOOKED,
        occurred_at=changed_at,
        booking=Booking(
            reference=join.reference,
            service=None,
            people=(_customer(order),),
            address=address_line(object_in(order.get("shipping")), *_ADDRESS),
            items=tuple(item for item in items if item),
            window=promised_day(attributes),
            made_at=moment_or_utc(order.get("date_created_gmt")),
            as_it_stands=True,
        ),
    )


def _customer(order: Mapping[str, Any]) -> BookedPerson:
    """Return who bought it. The number at an address of somebody else, a gift's, is not theirs."""
    billing, shipping = object_in(order.get("billing")), object_in(order.get("shipping"))
    places = [billing, shipping] if _name(billing) == _name(shipping) else [billing]
    phones = (usable_phone(one.get("phone"), one.get("country")) for one in places)
    number = order.get("customer_id")  # 0 is a guest
    return BookedPerson(
        role=Role.CUSTOMER,
        reference=str(number) if type(number) is int and number > 0 else None,
        name=_name(billing) or _name(shipping),
        phone=next((phone for phone in phones if phone), None),
        email=usable_email(billing.get("email")),
    )


def _name(place: Mapping[str, Any]) -> str | None:
    parts = (one_line(place.get("first_name")), one_line(place.get("last_name")))
    return one_line(" ".join(part for part in parts if part))


def _parcels(join: ByReference, order: Mapping[str, Any]) -> tuple[SourceEvent, ...]:
    """Return that each parcel with a tracking code was shipped, when the shop says it was.

    Its day of shipping is a midnight, which may lie before the order: then it is the order's.
    """
    made_at = moment_or_utc(order.get("date_created_gmt"))
    said_at = moment_or_utc(order.get("date_completed_gmt")) or moment_or_utc(
        order.get("date_modified_gmt")
    )
    parcels: dict[str, SourceEvent] = {}
    for items in _tracked(order):
        for item in items:
            code = _code(item)
            if code is None:
                continue
            carrier = item.get("custom_tracking_provider") or item.get("tracking_provider")
            day = _shipped(item.get("date_shipped"))
            parcels[code] = SourceEvent(
                join=join,
                job_kind=JobKind.ORDER,
                type=_F.SHIPPED,
                occurred_at=max(day, made_at or day) if day else said_at,
                parcel=code,
                adds_parcel=BookedParcel(carrier=one_line(carrier) or "", tracking_code=code),
            )
    return tuple(parcels.values())


def _with_its_parcels(
    said: tuple[SourceEvent, ...], order: Mapping[str, Any]
) -> tuple[SourceEvent, ...]:
    """Return what was said, with all the parcels that the order has by now, where a plugin lists
    them: an empty list says that it has none."""
    changed_at = moment_or_utc(order.get("date_modified_gmt"))
    lists = _tracked(order)
    if not lists or changed_at is None:
        return said
    codes = dict.fromkeys(code for items in lists for one in items if (code := _code(one)))
    shipment = Shipment(name="", codes=tuple(codes), as_of=changed_at)
    return tuple(
        replace(event, shipment=shipment) if event.parcel or not codes else event for event in said
    )


def _tracked(order: Mapping[str, Any]) -> list[Sequence[Mapping[str, Any]]]:
    """Return the lists of parcels that plugins keep with the order: one, or none.

    One from which an item was taken out comes as an object: its places are the names.
    """
    found: list[Sequence[Mapping[str, Any]]] = []
    for meta in objects_in(order.get("meta_data")):
        value = meta.get("value")
        if meta.get("key") == _TRACKING and isinstance(value, list | dict):
            found.append(objects_in(list(value.values()) if isinstance(value, dict) else value))
    return found


def _code(item: Mapping[str, Any]) -> str | None:
    number = short_text(item.get("tracking_number"))
    return normal_tracking_code(number) if number is not None else None


def _shipped(value: object) -> datetime | None:
    """Return a day of shipping, which is a date or the seconds since 1970, also as a text."""
    text = str(value)
    if text.isascii() and text.isdecimal() and len(text) == 10:
        return datetime.fromtimestamp(int(text), UTC)
    return moment_or_utc(value)


ADAPTER = SourceAdapter(
    kind="woocommerce",
    speaks_as=FactSource.SHOP,
    keeps_headers=frozenset({"x-wc-webhook-topic", "x-wc-webhook-source"}),
    greeting=greeting,
    verify=verify,
    signed_with="any text that you give the webhook as well, under WooCommerce → Settings →"
    " Advanced → Webhooks; without --secret one is made",
    delivery_id=delivery_id,
    translate=translate,
    named_at=(("number",),),
    account=account,
    says_itself=frozenset({JobStatus.ORDERED, JobStatus.SHIPPED}),
)
