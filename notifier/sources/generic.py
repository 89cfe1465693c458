"""Our own events, for systems that have no adapter, signed by Standard Webhooks.

Source: standardwebhooks.com; the events are documented in `docs/integrations/generic.md`.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets as randomness
from collections.abc import Sequence
from datetime import datetime

from pydantic import ValidationError
from standardwebhooks.webhooks import hmac_data

from notifier.domain.facts import FactSource, FactType
from notifier.domain.jobs import FACTS_OF, JobKind
from notifier.domain.tracking_codes import normal_tracking_code
from notifier.shapes import name_and_phone
from notifier.sources.generic_events import (
    AppointmentBooked,
    AppointmentData,
    FactData,
    FactEvent,
    OrderBooked,
    OrderData,
    PersonShape,
    problems_of,
)
from notifier.sources.parts.json_bodies import read_object, short_text
from notifier.sources.protocol import (
    BookedParcel,
    BookedPerson,
    Booking,
    ByReference,
    ByTrackingCode,
    Incoming,
    SourceAdapter,
    SourceEvent,
    Translation,
    Untranslatable,
)

#: How far the signed time may be off, either way, in seconds (Standard Webhooks).
TOLERANCE_S = 300

_PREFIX = "whsec_"
_SECRET_BYTES = (24, 64)  # the standard's bounds
_MOST_SIGNATURES = 10

#: A change of somebody's number is no event: `PATCH` corrects people.
_NOT_HERE = frozenset({FactType.CONTACT_CHANGED})

#: Every type but the bookings, with what it says.
TYPES: dict[str, tuple[JobKind, FactType]] = {
    f"{kind}.{fact}": (kind, fact)
    for kind, facts in FACTS_OF.items()
    for fact in sorted(facts - _NOT_HERE)
}

BOOKINGS = {"appointment.booked": JobKind.APPOINTMENT, "order.booked": JobKind.ORDER}


def verify(secrets: Sequence[str], incoming: Incoming, now: datetime) -> bool:
    """Return whether one of `webhook-signature` is right and its time within five minutes.

    The bytes count as they came, in whatever encoding: the library's own `sign` and `verify` take
    text, and `verify` reads the system's clock.
    """
    name = incoming.headers.get("webhook-id", "")
    stamp = incoming.headers.get("webhook-timestamp", "")
    given = incoming.headers.get("webhook-signature", "").split(" ")[:_MOST_SIGNATURES]
    if not (name and stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12):
        return False
    if abs(now.timestamp() - int(stamp)) > TOLERANCE_S:
        return False
    signed = f"{name}.{stamp}.".encode() + incoming.body
    return any(
        hmac.compare_digest(_signature(secret, signed), one.encode())
        for secret in secrets
        for one in given
    )


def _signature(secret: str, signed: bytes) -> bytes:
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    return b"v1," + base64.b64encode(hmac_data(key, signed))


def delivery_id(incoming: Incoming) -> str | None:
    """Return `webhook-id`, which stays the same when an event is sent again."""
    return short_text(incoming.headers.get("webhook-id"))


def translate(incoming: Incoming) -> Translation:
    """Return the one event that the body is."""
    name = read_object(incoming.body).get("type")
    try:
        if name == "appointment.booked":
            appointment = AppointmentBooked.model_validate_json(incoming.body)
            return (_booked(JobKind.APPOINTMENT, appointment.timestamp, appointment.data),)
        if name == "order.booked":
            order = OrderBooked.model_validate_json(incoming.body)
            return (_booked(JobKind.ORDER, order.timestamp, order.data),)
        if not isinstance(name, str) or name not in TYPES:
            raise Untranslatable("type: there is no such event.")
        return (_fact(*TYPES[name], FactEvent.model_validate_json(incoming.body)),)
    except ValidationError as error:
        raise Untranslatable(problems_of(error)) from None


def _fact(kind: JobKind, fact: FactType, event: FactEvent) -> SourceEvent:
    data = event.data
    parcel = _code(data)
    if parcel is not None and kind is not JobKind.ORDER:
        raise Untranslatable("data.tracking_code: only orders have parcels.")
    join: ByReference | ByTrackingCode
    if data.reference is not None:
        join = ByReference(data.reference)
    elif parcel is not None:
        join = ByTrackingCode(parcel)
    else:
        raise Untranslatable("data.reference: say which job this is about.")
    technician, technician_phone = name_and_phone(data.technician)
    return SourceEvent(
        join=join,
        job_kind=kind,
        type=fact,
        occurred_at=event.timestamp,
        expected=data.expectation(),
        minutes=data.minutes,
        window=data.window.to_window() if data.window else None,
        agreed=data.agreed,
        reason=data.reason,
        by=data.by,
        parcel=parcel,
        technician=technician,
        technician_phone=technician_phone,
        note=data.note,
    )


def _code(data: FactData) -> str | None:
    return normal_tracking_code(data.tracking_code) if data.tracking_code else None


def _booked(kind: JobKind, at: datetime, data: AppointmentData | OrderData) -> SourceEvent:
    order = data if isinstance(data, OrderData) else None
    technician, technician_phone = name_and_phone(
        data.technician if isinstance(data, AppointmentData) else None
    )
    return SourceEvent(
        join=ByReference(data.reference),
        job_kind=kind,
        type=FactType.BOOKED,
        occurred_at=at,
        booking=Booking(
            reference=data.reference,
            service=data.service,
            people=tuple(_person(shape) for shape in (data.customer, *data.contacts)),
            window=data.window.to_window() if data.window else None,
            zone=data.place.time_zone,
            address=data.place.address,
            technician=technician,
            technician_phone=technician_phone,
            items=order.items if order else (),
            parcels=tuple(
                BookedParcel(carrier=one.carrier, tracking_code=one.tracking_code)
                for one in (order.parcels if order else ())
            ),
        ),
    )


def _person(shape: PersonShape) -> BookedPerson:
    return BookedPerson(
        role=shape.role,
        reference=shape.reference,
        name=shape.name,
        phone=shape.phone,
        email=shape.email,
        zone=shape.time_zone,
        locale=shape.locale,
    )


def new_secret() -> str:
    """Return a secret of 256 random bits as Standard Webhooks writes them."""
    return _PREFIX + base64.b64encode(randomness.token_bytes(32)).decode()


def takes_secret(secret: str) -> bool:
    """Return whether `secret` is base64 of 24 to 64 bytes, with or without `whsec_`."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return False
    return _SECRET_BYTES[0] <= len(key) <= _SECRET_BYTES[1]


ADAPTER = SourceAdapter(
    kind="generic",
    speaks_as=FactSource.API,
    keeps_headers=frozenset({"webhook-id", "webhook-timestamp"}),
    verify=verify,
    signed_with="base64 of 24 to 64 bytes, with or without whsec_ before it, and your sender signs"
    " with the same; without --secret one is made",
    delivery_id=delivery_id,
    translate=translate,
    named_at=(("data", "reference"), ("data", "tracking_code")),
    new_secret=new_secret,
    takes_secret=takes_secret,
)
