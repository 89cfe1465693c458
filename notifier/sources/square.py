"""Square: visits and orders under Square's ids.

Square's events name a customer, if at all, by an id, and nobody to write to; an order's event
carries ids and states alone. With a key of the business we ask Square for the rest
(`square_look_ups.py`), and book them. Without one each event joins the job that has Square's id
as its reference, booked by somebody else, and waits for it.

Source: developer.squareup.com/reference/square/webhooks (booking.*, order.*), the enums
BookingStatus, OrderState and FulfillmentState, /docs/webhooks/step3validate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from notifier.domain.facts import FactSource, FactType
from notifier.domain.jobs import JobKind, JobStatus
from notifier.domain.reasons import Party
from notifier.domain.windows import Window
from notifier.sources.parts.base64_hmac import is_signed
from notifier.sources.parts.booking_fields import moment
from notifier.sources.parts.json_bodies import object_in, objects_in, read_object, short_text
from notifier.sources.protocol import (
    ByReference,
    Ignored,
    Incoming,
    Needs,
    SourceAdapter,
    SourceEvent,
    Translation,
    Untranslatable,
)
from notifier.sources.square_look_ups import ASKING, ask_about_order, ask_about_visit

_F = FactType

#: A booking's status -> our fact, and whose doing it is. None: nothing is owed.
BOOKING_STATUSES: dict[str, tuple[FactType, Party | None] | None] = {
    "PENDING": None,  # the seller has not accepted it
    "ACCEPTED": (_F.RESCHEDULED, None),  # to the time at which it stands
    "CANCELLED_BY_CUSTOMER": (_F.CANCELLED, Party.CUSTOMER),
    "CANCELLED_BY_SELLER": (_F.CANCELLED, Party.US),
    "DECLINED": (_F.CANCELLED, Party.US),
    "NO_SHOW": (_F.MISSED, Party.CUSTOMER),  # the seller says so: missed, or cancelled too late
}

#: An order's state -> our fact. None: nothing is owed.
ORDER_STATES: dict[str, FactType | None] = {
    "DRAFT": None,
    "OPEN": None,
    "COMPLETED": None,  # it is paid; its fulfillment tells the rest
    "CANCELED": _F.CANCELLED,
}

#: A fulfillment's state -> our fact, where Square can't be asked. None: nothing is owed, or it
#: means one thing of what is sent and another of what is collected: the event tells neither.
FULFILLMENT_STATES: dict[str, FactType | None] = {
    "PROPOSED": None,
    "RESERVED": None,
    "PREPARED": None,  # packed, or ready to collect
    "COMPLETED": None,  # sent, collected or delivered
    "CANCELED": None,  # the order may have others; its own state says whether it is called off
    "FAILED": _F.EXCEPTION,
}

_LONGEST = timedelta(days=7)  # a visit that lasts longer is a mistyped one


def verify(secrets: Sequence[str], incoming: Incoming, now: datetime) -> bool:
    """Return whether the header is the base64 HMAC-SHA256 of the address and the raw body.

    The address is the one that was pasted into Square, byte for byte. Square signs no time, so
    a replay of an old delivery is caught by its event's id instead.
    """
    given = incoming.headers.get("x-square-hmacsha256-signature", "")
    return is_signed(secrets, incoming.url.encode() + incoming.body, given)


def delivery_id(incoming: Incoming) -> str | None:
    """Return the event's id, the same for every retry."""
    return short_text(read_object(incoming.body).get("event_id"))


def translate(incoming: Incoming) -> Translation | Needs:
    """Return what the event says of the job with Square's id."""
    event = read_object(incoming.body)
    name = short_text(event.get("type"))
    if name is None:
        raise Untranslatable("type: an event says what it is about.")
    if name not in _EVENTS:
        return Ignored(f"{name[:60]} is not about a visit or an order")
    field, read = _EVENTS[name]
    told = object_in(object_in(object_in(event.get("data")).get("object")).get(field))
    if not told:
        raise Untranslatable(f"data.object.{field}: the event carries it.")
    said = read(told)
    return _asked(incoming, field, told, said) if incoming.can_ask else said


def _asked(
    incoming: Incoming, field: str, told: Mapping[str, Any], said: Translation
) -> Translation | Needs:
    """Return what the event means once Square is asked, or what it `said` where that is all."""
    if field == "booking":
        moved = said[0] if isinstance(said, tuple) else None
        if moved is None or moved.type is not _F.RESCHEDULED:
            return said
        return ask_about_visit(incoming, moved, told)
    if told.get("state") not in ("OPEN", "COMPLETED") or (
        field == "order_updated" and told.get("state") == "COMPLETED"
    ):
        return said
    changes = {
        uid: state
        for one in objects_in(told.get("fulfillment_update"))
        if (uid := short_text(one.get("fulfillment_uid")))
        and (state := short_text(one.get("new_state")))
        and (one.get("old_state") != state or state == "COMPLETED")
    }
    return ask_about_order(incoming, short_text(told.get("order_id")) or "", changes)


def _booking(booking: Mapping[str, Any]) -> Translation:
    """Return how the visit stands now.

    A change after its time has begun, such as its payment, says nothing of when it is; and who
    is a no-show before that time has cancelled too late.
    """
    reference, status = _said(booking, "booking", "id", "status")
    meaning = BOOKING_STATUSES.get(status)
    if meaning is None:
        return Ignored(f"{status[:60]} owes nothing")
    fact, by = meaning
    changed_at = moment(booking.get("updated_at"))
    window = _window(booking)
    begun = window is not None and changed_at is not None and changed_at >= window.start
    if fact is _F.RESCHEDULED and (window is None or begun):
        return Ignored("no news of when it is")
    if fact is _F.MISSED and not begun:
        fact = _F.CANCELLED
    return (
        SourceEvent(
            join=ByReference(reference),
            job_kind=JobKind.APPOINTMENT,
            type=fact,
            unless_known=_unless_known(fact),
            occurred_at=changed_at,
            window=window if fact is _F.RESCHEDULED else None,
            agreed=False if fact is _F.RESCHEDULED else None,  # who moved it is not said
            by=by,
        ),
    )


def _window(booking: Mapping[str, Any]) -> Window | None:
    """Return the time from its start through all of its segments, or None without either."""
    start = moment(booking.get("start_at"))
    minutes = [
        length
        for segment in objects_in(booking.get("appointment_segments"))
        for field in ("duration_minutes", "intermission_minutes")
        if type(length := segment.get(field)) is int and length > 0
    ]
    if start is None or not 0 < sum(minutes) <= _LONGEST / timedelta(minutes=1):
        return None
    return Window(start, start + timedelta(minutes=sum(minutes)))


def _ordered(order: Mapping[str, Any]) -> Translation:
    """Return nothing: an order's making says neither for whom nor what it is."""
    _said(order, "order_created", "order_id", "state")
    return Ignored("ordered in Square: who it is for needs a look-up there")


def _order(order: Mapping[str, Any]) -> Translation:
    reference, state = _said(order, "order_updated", "order_id", "state")
    fact = ORDER_STATES.get(state)
    if fact is None:
        return Ignored(f"{state[:60]} owes nothing")
    return (_of_order(reference, fact, order),)


def _fulfillment(order: Mapping[str, Any]) -> Translation:
    """Return what became of those fulfillments of the order whose state has changed."""
    reference, _ = _said(order, "order_fulfillment_updated", "order_id", "state")
    changes = [
        one
        for one in objects_in(order.get("fulfillment_update"))
        if one.get("new_state") != one.get("old_state")
    ]
    found = (FULFILLMENT_STATES.get(short_text(one.get("new_state")) or "") for one in changes)
    facts = dict.fromkeys(fact for fact in found if fact is not None)
    return tuple(_of_order(reference, fact, order) for fact in facts) or Ignored(
        "whether it is sent or collected needs a look-up in Square"
    )


def _of_order(reference: str, fact: FactType, order: Mapping[str, Any]) -> SourceEvent:
    return SourceEvent(
        join=ByReference(reference),
        job_kind=JobKind.ORDER,
        type=fact,
        unless_known=_unless_known(fact),
        occurred_at=moment(order.get("updated_at")),
    )


def _unless_known(fact: FactType) -> str | None:
    """Return why it is nothing for us where it ends what nobody booked here, such as a sale."""
    return "called off, and not booked here" if fact is _F.CANCELLED else None


def _said(told: Mapping[str, Any], name: str, reference: str, state: str) -> tuple[str, str]:
    """Return the two fields that everything here has."""
    found = short_text(told.get(reference)), short_text(told.get(state))
    for field, value in zip((reference, state), found, strict=True):
        if value is None:
            raise Untranslatable(f"data.object.{name}.{field}: each has one.")
    return found[0] or "", found[1] or ""


#: What an event is called -> where it carries what it tells, and what reads that.
_EVENTS: dict[str, tuple[str, Callable[[Mapping[str, Any]], Translation]]] = {
    "booking.created": ("booking", _booking),
    "booking.updated": ("booking", _booking),
    "order.created": ("order_created", _ordered),
    "order.updated": ("order_updated", _order),
    "order.fulfillment.updated": ("order_fulfillment_updated", _fulfillment),
}

ADAPTER = SourceAdapter(
    kind="square",
    speaks_as=FactSource.SHOP,
    verify=verify,
    signed_with="the Signature key of the subscription, in Square's Developer Console under"
    " Webhooks → Subscriptions",
    delivery_id=delivery_id,
    translate=translate,
    asking=ASKING,
    says_itself=frozenset({JobStatus.ORDERED, JobStatus.SHIPPED}),
)
