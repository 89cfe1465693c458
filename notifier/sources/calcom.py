"""Cal.com: what is booked, moved and cancelled on its pages is one visit each.

Source: cal.com/docs/developing/guides/automation/webhooks, payload version 2021-10-20.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from notifier.domain.facts import FactSource, FactType
from notifier.domain.jobs import JobKind
from notifier.domain.messages import Role
from notifier.domain.reasons import Party
from notifier.domain.windows import OFF, UNKNOWN
from notifier.sources.parts.booking_fields import (
    locale_name,
    moment,
    one_line,
    phone_number,
    window,
    zone_name,
)
from notifier.sources.parts.json_bodies import object_in, objects_in, read_object, short_text
from notifier.sources.parts.moved_bookings import reassigned
from notifier.sources.protocol import (
    BookedPerson,
    Booking,
    ByReference,
    Ignored,
    Incoming,
    SourceAdapter,
    SourceEvent,
    Translation,
    Untranslatable,
)

#: A booking's uid as Cal.com makes them: 128 bits in base 58.
_UID = re.compile(r"[1-9A-HJ-NP-Za-km-z]{20,22}")

#: What Cal.com makes up as the address of somebody who gave a phone number alone.
_NO_EMAIL = "@sms.cal.com"


def verify(secrets: Sequence[str], incoming: Incoming, now: datetime) -> bool:
    """Return whether `X-Cal-Signature-256` is the hex HMAC-SHA256 of the raw body.

    Cal.com signs no time. A delivery that is replayed is the same body, and counts once.
    """
    given = incoming.headers.get("x-cal-signature-256", "").encode()
    return any(
        hmac.compare_digest(
            hmac.new(secret.encode(), incoming.body, hashlib.sha256).hexdigest().encode(), given
        )
        for secret in secrets
    )


def delivery_id(incoming: Incoming) -> str | None:
    """Return None: Cal.com gives its deliveries no id, so the same body is the same delivery."""
    return None


def translate(incoming: Incoming) -> Translation:
    """Return what the event says of its booking, at the time of `createdAt`."""
    event = read_object(incoming.body)
    trigger = short_text(event.get("triggerEvent"))
    if trigger is None:
        raise Untranslatable("triggerEvent: an event says what it is about.")
    meaning = TRIGGERS.get(trigger, "is not known here")
    if isinstance(meaning, str):
        return Ignored(f"{trigger[:60]} {meaning}")
    payload = event.get("payload")
    if not isinstance(payload, dict):
        raise Untranslatable("payload: is missing; leave the webhook's custom payload off.")
    if payload.get("seatsPerTimeSlot"):
        return Ignored("an event with seats is shared by several people")
    return meaning(payload, moment(event.get("createdAt")))


def _join(payload: Mapping[str, Any]) -> ByReference:
    """Return the uids that the booking has had, as far as it names them, the first one first.

    Moving a booking gives it a new uid. Its calendar id (`iCalUID`) stays that of the first,
    unless a calendar put its own there, and `rescheduleUid` leads back one move. The visits of a
    series are told apart by their uids alone.
    """
    own, before = short_text(payload.get("uid")), short_text(payload.get("rescheduleUid"))
    stem = (short_text(payload.get("iCalUID")) or "").partition("@")[0]
    is_of_first = _UID.fullmatch(stem) and not payload.get("recurringEvent")
    first = stem if is_of_first and (before is None or stem != own) else None
    names = tuple(dict.fromkeys(uid for uid in (first, before, own) if uid is not None))
    if not names:
        raise Untranslatable("payload.uid: a booking has one.")
    return ByReference(names[0], later=names[1:])


def _booked(payload: Mapping[str, Any], at: datetime | None) -> Translation:
    """Return the booking as it stands now: made, confirmed, or moved, maybe to another host."""
    join = _join(payload)
    when = window(payload.get("startTime"), payload.get("endTime"))
    if when is None:
        raise Untranslatable("payload.startTime: a booking has a start, and later an end.")
    attendees = objects_in(payload.get("attendees"))
    if not attendees:
        raise Untranslatable("payload.attendees: a booking has somebody who made it.")
    organizer = object_in(payload.get("organizer"))
    host = one_line(organizer.get("name"))
    booked = SourceEvent(
        join=join,
        job_kind=JobKind.APPOINTMENT,
        type=FactType.BOOKED,
        occurred_at=at,
        note=_answer(payload, "rescheduleReason"),
        booking=Booking(
            reference=join.reference,
            service=one_line(payload.get("eventTitle")) or one_line(payload.get("type")),
            people=(_booker(payload, attendees[0]),),
            window=when,
            zone=zone_name(organizer.get("timeZone")),
            address=_address(payload.get("location")),
            technician=host,
            as_it_stands=True,
            as_made=not join.later,
            agreed=_by_the_customer(payload),
        ),
    )
    return (booked, reassigned(booked, host)) if join.later and host else (booked,)


def _by_the_customer(payload: Mapping[str, Any]) -> bool:
    """Return whether an attendee chose the time: by a link of theirs, which may say nobody's name.

    Whoever moves it while logged in to Cal.com is named, as the host or a colleague of theirs.
    """
    who = short_text(payload.get("rescheduledBy"))
    return who is None or who.lower() in _addresses(objects_in(payload.get("attendees")))


def _addresses(people: Sequence[Mapping[str, Any]]) -> set[str]:
    return {email.lower() for one in people if (email := short_text(one.get("email")))}


def _booker(payload: Mapping[str, Any], attendee: Mapping[str, Any]) -> BookedPerson:
    """Return who booked: the first attendee. Guests get what they need from them."""
    email = short_text(attendee.get("email"))
    return BookedPerson(
        role=Role.CUSTOMER,
        name=one_line(attendee.get("name")),
        phone=phone_number(attendee.get("phoneNumber"))
        or phone_number(_answer(payload, "attendeePhoneNumber"))
        or phone_number(payload.get("smsReminderNumber"))
        or phone_number(_answer(payload, "smsReminderNumber"))
        or _number_to_call(payload),
        email=email if email and not email.endswith(_NO_EMAIL) else None,
        zone=zone_name(attendee.get("timeZone")),
        locale=locale_name(object_in(attendee.get("language")).get("locale")),
    )


def _number_to_call(payload: Mapping[str, Any]) -> str | None:
    """Return the number of who booked a call to themselves; a call to the host has another type."""
    answer = object_in(object_in(object_in(payload.get("responses")).get("location")).get("value"))
    return phone_number(answer.get("optionValue")) if answer.get("value") == "phone" else None


def _address(location: object) -> str | None:
    """Return where the visit is, None for calls: `integrations:daily`, a link or a number."""
    place = one_line(location)
    if place is None or place.startswith(("integrations:", "http")) or phone_number(place):
        return None
    return place


def _answer(payload: Mapping[str, Any], question: str) -> str | None:
    """Return what was answered to one of Cal.com's own questions."""
    return one_line(object_in(object_in(payload.get("responses")).get(question)).get("value"))


def _requested(payload: Mapping[str, Any], at: datetime | None) -> Translation:
    """Return that nobody knows the time, if a booking waits to be moved; else nothing yet.

    The old time is given up with the request, and the new one holds once the host confirms
    it, which says `BOOKING_CREATED`.
    """
    if not _join(payload).later:
        return Ignored("BOOKING_REQUESTED is no booking until the host confirms it")
    return (replace(_said(payload, at, FactType.DELAYED), expected=UNKNOWN, until_booked=True),)


def _rejected(payload: Mapping[str, Any], at: datetime | None) -> Translation:
    """Return that the visit is cancelled by the host, who refused to move it.

    Cal.com cancels the old time with the request, so that none is left. The refusal may name its
    request alone, by which a visit is known once `BOOKING_REQUESTED` said so. A refusal of what
    was never booked takes nothing from anybody.
    """
    refused = replace(
        _said(payload, at, FactType.CANCELLED),
        by=Party.US,
        note=one_line(payload.get("rejectionReason")),
        unless_known="BOOKING_REJECTED is of a request, which was never booked",
    )
    return (refused,)


def _cancelled(payload: Mapping[str, Any], at: datetime | None) -> Translation:
    """Return that it is cancelled, or, where the host asks for another time, that it is off."""
    note = one_line(payload.get("cancellationReason"))
    if payload.get("requestReschedule") is True:
        off = _said(payload, at, FactType.DELAYED)
        return (replace(off, expected=OFF, until_booked=True, note=note),)
    cancelled = _said(payload, at, FactType.CANCELLED)
    return (replace(cancelled, by=_who_cancelled(payload), note=note),)


def _said(payload: Mapping[str, Any], at: datetime | None, type: FactType) -> SourceEvent:
    return SourceEvent(join=_join(payload), job_kind=JobKind.APPOINTMENT, type=type, occurred_at=at)


def _who_cancelled(payload: Mapping[str, Any]) -> Party:
    """Return the party whose address `cancelledBy` is."""
    who = (short_text(payload.get("cancelledBy")) or "").lower()
    if who in _addresses([object_in(payload.get("organizer"))]):
        return Party.US
    if who in _addresses(objects_in(payload.get("attendees"))):
        return Party.CUSTOMER
    return Party.UNKNOWN


def _no_show(payload: Mapping[str, Any], at: datetime | None) -> Translation:
    """Return that the host marked the customer as absent. It names the booking by its own uid."""
    uid = short_text(payload.get("bookingUid"))
    if uid is None:
        raise Untranslatable("payload.bookingUid: a no-show is of a booking.")
    if not any(one.get("noShow") is True for one in objects_in(payload.get("attendees"))):
        return Ignored("a no-show was taken back; take back the fact on the board")
    return (
        SourceEvent(
            join=ByReference(uid),
            job_kind=JobKind.APPOINTMENT,
            type=FactType.MISSED,
            occurred_at=at,
            by=Party.CUSTOMER,
        ),
    )


# What each trigger of Cal.com means: how its booking is read, or why it is nothing for us.
# fmt: off
TRIGGERS: dict[str, str | Callable[[Mapping[str, Any], datetime | None], Translation]] = {
    "BOOKING_CREATED":                _booked,
    "BOOKING_RESCHEDULED":            _booked,
    "BOOKING_REQUESTED":              _requested,
    "BOOKING_CANCELLED":              _cancelled,
    "BOOKING_NO_SHOW_UPDATED":        _no_show,
    "BOOKING_REJECTED":               _rejected,
    "BOOKING_PAYMENT_INITIATED":      "moves nothing",
    "BOOKING_PAID":                   "moves nothing",
    "MEETING_STARTED":                "comes by the clock, whether or not somebody came",
    "MEETING_ENDED":                  "comes by the clock, whether or not somebody came",
    "AFTER_HOSTS_CAL_VIDEO_NO_SHOW":  "is about a video call, not a visit",
    "AFTER_GUESTS_CAL_VIDEO_NO_SHOW": "is about a video call, not a visit",
    "INSTANT_MEETING":                "is about a video call, not a visit",
    "RECORDING_READY":                "is about a video call, not a visit",
    "RECORDING_TRANSCRIPTION_GENERATED": "is about a video call, not a visit",
    "OOO_CREATED":                    "is about a host, not a booking",
    "FORM_SUBMITTED":                 "is about a form, not a booking",
    "FORM_SUBMITTED_NO_EVENT":        "is about a form, not a booking",
    "ROUTING_FORM_FALLBACK_HIT":      "is about a form, not a booking",
    "WRONG_ASSIGNMENT_REPORT":        "is for the team alone",
    "DELEGATION_CREDENTIAL_ERROR":    "is for the team alone",
    "PING":                           "is the test of the connection: it works",
}
# fmt: on


ADAPTER = SourceAdapter(
    kind="calcom",
    speaks_as=FactSource.API,
    verify=verify,
    signed_with="any text that you give Cal.com as well, under Settings → Developer → Webhooks;"
    " without --secret one is made",
    delivery_id=delivery_id,
    translate=translate,
    named_at=(("payload", "uid"),),
)
