"""What Square is asked for: who a visit or an order is for, and what an order is.

Its events carry ids. With a key of the business, a visit is booked with its customer, its service
and the zone of its place; an order that is sent, brought or collected with its customer, and
what became of it is told apart by which of the three it is.

Source: developer.squareup.com/reference/square (orders-api, customers-api, catalog-api,
locations-api; objects Order, Fulfillment, Customer, CatalogObject, Location).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from notifier.domain.facts import FactType
from notifier.domain.jobs import JobKind
from notifier.domain.messages import Role
from notifier.domain.tracking_codes import normal_tracking_code
from notifier.domain.windows import Window
from notifier.sources.parts.booking_fields import address_line, moment, one_line, zone_name
from notifier.sources.parts.contacts import usable_email, usable_phone
from notifier.sources.parts.json_bodies import object_in, objects_in, read_object, short_text
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

_F = FactType

# A fulfillment's type and state -> our fact, and the detail that says when. What is sent is
# shipped when it is completed; what is collected or brought is there. None: nothing is owed.
# fmt: off
FULFILLMENTS: dict[str, dict[str, tuple[FactType, str] | None]] = {
    "SHIPMENT": {
        "PROPOSED": None, "RESERVED": None, "PREPARED": None, "CANCELED": None,
        "COMPLETED": (_F.SHIPPED, "shipped_at"),
        "FAILED": (_F.EXCEPTION, "failed_at"),
    },
    "PICKUP": {
        "PROPOSED": None, "RESERVED": None, "CANCELED": None,
        "PREPARED": (_F.READY_FOR_PICKUP, "ready_at"),
        "COMPLETED": (_F.DELIVERED, "picked_up_at"),
        "FAILED": (_F.EXCEPTION, "expired_at"),
    },
    "DELIVERY": {
        "PROPOSED": None, "RESERVED": None, "CANCELED": None,
        "PREPARED": None,  # for the courier
        "COMPLETED": (_F.DELIVERED, "delivered_at"),
        "FAILED": (_F.EXCEPTION, "failed_at"),
    },
}
# fmt: on

_NAMELESS = "your appointment"  # a service that is gone from the catalogue

_API = "https://connect.squareup.com/v2"
_ID = re.compile(r"[A-Za-z0-9_-]{1,192}")
_DURATION = re.compile(r"P(?:(\d{1,3})D)?(?:T(?:(\d{1,3})H)?(?:(\d{1,4})M)?(?:\d+S)?)?")

_ADDRESS = (
    "address_line_1",
    "address_line_2",
    "locality",
    "administrative_district_level_1",
    "postal_code",
    "country",
)


def ask_about_visit(
    incoming: Incoming, moved: SourceEvent, booking: Mapping[str, Any]
) -> Translation | Needs:
    """Return the booking of the visit as it stands where `moved` says, with whom it is for."""
    segments = objects_in(booking.get("appointment_segments"))
    service = segments[0].get("service_variation_id") if segments else None
    questions = [
        question
        for question in (
            _question("customer", "customers/{}", booking.get("customer_id")),
            _question("service", "catalog/object/{}?include_related_objects=true", service),
            _question("location", "locations/{}", booking.get("location_id")),
        )
        if question is not None
    ]
    needs = Needs(tuple(questions))
    if needs.unanswered(incoming.answers):
        return needs
    customer = object_in(_answer(incoming, "customer").get("customer"))
    location = object_in(_answer(incoming, "location").get("location"))
    reference = _reference(moved)
    return (
        SourceEvent(
            join=moved.join,
            job_kind=JobKind.APPOINTMENT,
            type=_F.BOOKED,
            occurred_at=moved.occurred_at,
            booking=Booking(
                reference=reference,
                service=_service(_answer(incoming, "service")) or _NAMELESS,
                people=(_person(customer, booking.get("customer_id")),),
                window=moved.window,
                made_at=moment(booking.get("created_at")),
                zone=zone_name(location.get("timezone")),
                address=address_line(object_in(booking.get("address")), *_ADDRESS),
                as_it_stands=True,
            ),
        ),
    )


def ask_about_order(
    incoming: Incoming, order_id: str, changes: Mapping[str, str]
) -> Translation | Needs:
    """Return the order as it stands, and what `changes` (fulfillment -> its new state) mean."""
    question = _question("order", "orders/{}", order_id)
    if question is None:
        raise Untranslatable("order_id: is none of Square's.")
    needs = Needs((replace(question, may_be_gone=False),))
    if needs.unanswered(incoming.answers):
        return needs
    order = object_in(_answer(incoming, "order").get("order"))
    if order.get("state") in ("DRAFT", "CANCELED"):
        return Ignored("a draft, or called off since: order.updated says so")
    sent = [
        one for one in objects_in(order.get("fulfillments")) if str(one.get("type")) in FULFILLMENTS
    ]
    if not sent:
        return Ignored("nothing of it is sent, brought or collected")
    recipient = object_in(_details(sent[0]).get("recipient"))
    customer_id = order.get("customer_id") or recipient.get("customer_id")
    whose = _question("customer", "customers/{}", customer_id)
    if whose is not None and whose.name not in incoming.answers:
        return Needs((whose,))
    customer = object_in(_answer(incoming, "customer").get("customer"))
    join = ByReference(order_id)
    updated_at = moment(order.get("updated_at"))
    items = (one_line(item.get("name")) for item in objects_in(order.get("line_items")))
    booked = SourceEvent(
        join=join,
        job_kind=JobKind.ORDER,
        type=_F.BOOKED,
        occurred_at=updated_at or moment(order.get("created_at")),
        booking=Booking(
            reference=order_id,
            service=None,
            people=(_customer(customer, customer_id, recipient),),
            address=address_line(object_in(recipient.get("address")), *_ADDRESS),
            items=tuple(item for item in items if item),
            window=_brought(sent),
            made_at=moment(order.get("created_at")),
            as_it_stands=True,
        ),
    )
    facts = (_fact(join, one, changes, updated_at) for one in sent)
    return (booked, *(fact for fact in facts if fact is not None))


def _fact(
    join: ByReference,
    fulfillment: Mapping[str, Any],
    changes: Mapping[str, str],
    updated_at: datetime | None,
) -> SourceEvent | None:
    """Return what the change of this fulfillment means, if it changed."""
    state = changes.get(short_text(fulfillment.get("uid")) or "")
    kind = str(fulfillment.get("type"))
    meaning = FULFILLMENTS[kind].get(state) if state is not None else None
    if meaning is None:
        return None
    fact, when = meaning
    details = _details(fulfillment)
    number = short_text(details.get("tracking_number")) if fact is _F.SHIPPED else None
    code = normal_tracking_code(number) if number is not None else None
    carrier = one_line(details.get("carrier")) or ""
    return SourceEvent(
        join=join,
        job_kind=JobKind.ORDER,
        type=fact,
        occurred_at=moment(details.get(when)) or updated_at,
        parcel=code,
        adds_parcel=BookedParcel(carrier=carrier, tracking_code=code) if code else None,
    )


def _details(fulfillment: Mapping[str, Any]) -> dict[str, Any]:
    return object_in(fulfillment.get(f"{str(fulfillment.get('type')).lower()}_details"))


def _brought(sent: list[dict[str, Any]]) -> Window | None:
    """Return the time at which the business brings it, where it states one, and for how long.

    What is collected comes when the customer does; of what is sent Square knows the day on
    which the carrier is to have it.
    """
    for one in sent:
        details = _details(one)
        start = moment(details.get("deliver_at")) if one.get("type") == "DELIVERY" else None
        length = _duration(details.get("delivery_window_duration"))
        if start is not None and length:
            return Window(start, start + length)
    return None


def _duration(value: object) -> timedelta | None:
    """Return an ISO 8601 duration such as PT1H30M, None for what is none or longer than a week."""
    found = _DURATION.fullmatch(short_text(value) or "")
    if found is None:
        return None
    days, hours, minutes = (int(part or 0) for part in found.groups())
    length = timedelta(days=days, hours=hours, minutes=minutes)
    return length if timedelta() < length <= timedelta(days=7) else None


def _customer(
    customer: Mapping[str, Any], customer_id: object, recipient: Mapping[str, Any]
) -> BookedPerson:
    """Return who ordered it. The number at an address of somebody else, a gift's, is not theirs."""
    person = _person(customer, customer_id)
    name = one_line(recipient.get("display_name"))
    if person.name is not None and name is not None and name.lower() != person.name.lower():
        return person
    country = object_in(recipient.get("address")).get("country")
    return replace(
        person,
        name=person.name or name,
        phone=person.phone or usable_phone(recipient.get("phone_number"), country),
        email=person.email or usable_email(recipient.get("email_address")),
    )


def _person(customer: Mapping[str, Any], customer_id: object) -> BookedPerson:
    names = (one_line(customer.get("given_name")), one_line(customer.get("family_name")))
    country = object_in(customer.get("address")).get("country")
    return BookedPerson(
        role=Role.CUSTOMER,
        reference=short_text(customer_id),
        name=one_line(" ".join(name for name in names if name))
        or one_line(customer.get("company_name")),
        phone=usable_phone(customer.get("phone_number"), country),
        email=usable_email(customer.get("email_address")),
    )


def _service(answer: Mapping[str, Any]) -> str | None:
    """Return what the service is called: the item's name, for its variation may be `Regular`."""
    items = [one for one in objects_in(answer.get("related_objects")) if one.get("type") == "ITEM"]
    names = [one_line(object_in(one.get("item_data")).get("name")) for one in items]
    variation = object_in(object_in(answer.get("object")).get("item_variation_data"))
    return next((name for name in names if name), None) or one_line(variation.get("name"))


def _question(name: str, path: str, id_: object) -> Question | None:
    """Return the question for what has this id, None where there is none."""
    given = short_text(id_)
    if given is None or not _ID.fullmatch(given):
        return None
    return Question(name, f"{_API}/{path.format(given)}", may_be_gone=True)


def _answer(incoming: Incoming, name: str) -> dict[str, Any]:
    """Return what was answered; nothing where it was not asked, or is gone at Square."""
    said = incoming.answers.get(name)
    return read_object(said) if said else {}


def _reference(event: SourceEvent) -> str:
    assert isinstance(event.join, ByReference)
    return event.join.reference


def _takes_key(key: str) -> bool:
    return bool(key) and key.isascii() and key.isprintable() and " " not in key


ASKING = Asking(
    hosts=frozenset({"connect.squareup.com"}),
    headers=lambda key: {"Authorization": f"Bearer {key}"},
    key_is="the production access token of your application in Square's Developer Console",
    takes_key=_takes_key,
    required=False,
)
