"""Calendly: what invitees book, move and cancel is a visit each.

Source: developer.calendly.com/api-docs (webhook payload, webhook signatures).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from notifier.domain.facts import FactSource, FactType
from notifier.domain.jobs import JobKind
from notifier.domain.messages import Role
from notifier.domain.reasons import Party
from notifier.sources.parts.booking_fields import moment, one_line, phone_number, window, zone_name
from notifier.sources.parts.json_bodies import object_in, objects_in, read_object, short_text
from notifier.sources.parts.moved_bookings import reassigned
from notifier.sources.protocol import (
    BookedPerson,
    Booking,
    ByReference,
    Ignored,
    Incoming,
    Renamed,
    SourceAdapter,
    SourceEvent,
    Translation,
    Untranslatable,
)

#: How far the signed time may be off, either way, in seconds (Calendly says three minutes).
TOLERANCE_S = 180

_MOST_SIGNATURES = 10
_INVITEE = re.compile(r"/invitees/([A-Za-z0-9-]{1,100})")
_ASKS_FOR_NUMBER = re.compile(
    r"phone|mobile|\bcell\b|\btel\b|telef|t[ée]l[ée]ph|handy|\bsms\b", re.I
)

#: Where `location` is a place; other kinds are calls.
_PLACES = frozenset({"physical", "ask_invitee"})

_PARTIES = {"host": Party.US, "invitee": Party.CUSTOMER}


def verify(secrets: Sequence[str], incoming: Incoming, now: datetime) -> bool:
    """Return whether a `v1` of the header signs its time and the body, within three minutes."""
    header = incoming.headers.get("calendly-webhook-signature", "")
    parts = [part.strip().partition("=") for part in header.split(",")[:_MOST_SIGNATURES]]
    stamp = next((value for name, _, value in parts if name == "t"), "")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12):
        return False
    if abs(now.timestamp() - int(stamp)) > TOLERANCE_S:
        return False
    signed = stamp.encode() + b"." + incoming.body
    return any(
        hmac.compare_digest(
            hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode(), given.encode()
        )
        for secret in secrets
        for name, _, given in parts
        if name == "v1"
    )


def delivery_id(incoming: Incoming) -> str | None:
    """Return None: Calendly gives its deliveries no id, so the same body is the same delivery."""
    return None


def translate(incoming: Incoming) -> Translation:
    """Return what the event says of its invitee's visit."""
    event = read_object(incoming.body)
    name = short_text(event.get("event"))
    if name is None:
        raise Untranslatable("event: an event says what it is about.")
    meaning = EVENTS.get(name, "is not known here")
    if isinstance(meaning, str):
        return Ignored(f"{name[:60]} {meaning}")
    payload = event.get("payload")
    if not isinstance(payload, dict):
        raise Untranslatable("payload: an event carries its invitee.")
    return meaning(payload, moment(event.get("created_at")))


def _uuid(uri: object) -> str | None:
    """Return the id at the end of an invitee's address, which their links end in as well."""
    found = _INVITEE.search(uri) if isinstance(uri, str) else None
    return found.group(1) if found else None


def _join(payload: Mapping[str, Any]) -> ByReference:
    """Return the id of the invitee, after that of the one whom they moved from.

    Moving makes a new invitee, who names the one before and no other.
    """
    own, before = _uuid(payload.get("uri")), _uuid(payload.get("old_invitee"))
    if own is None:
        raise Untranslatable("payload.uri: an invitee has one.")
    return ByReference(own) if before is None else ByReference(before, later=(own,))


def _booked(payload: Mapping[str, Any], at: datetime | None) -> Translation:
    """Return the booking as it stands: made, or moved, maybe to another host."""
    join, visit = _join(payload), payload.get("scheduled_event")
    if not isinstance(visit, dict):
        raise Untranslatable("payload.scheduled_event: an invitee has a visit.")
    when = window(visit.get("start_time"), visit.get("end_time"))
    if when is None:
        raise Untranslatable("payload.scheduled_event.start_time: a visit has a start and an end.")
    location = object_in(visit.get("location"))
    kind = short_text(location.get("type"))
    hosts = objects_in(visit.get("event_memberships"))
    host = one_line(hosts[0].get("user_name")) if hosts else None
    booked = SourceEvent(
        join=join,
        job_kind=JobKind.APPOINTMENT,
        type=FactType.BOOKED,
        occurred_at=moment(payload.get("created_at")) or at,
        booking=Booking(
            reference=join.reference,
            service=one_line(visit.get("name")),
            people=(_invitee(payload, location),),
            window=when,
            address=one_line(location.get("location")) if kind in _PLACES else None,
            technician=host,
            as_it_stands=True,
            agreed=True,  # by their own link; whether the host moved it instead is not said
        ),
    )
    return (booked, reassigned(booked, host)) if join.later and host else (booked,)


def _invitee(payload: Mapping[str, Any], location: Mapping[str, Any]) -> BookedPerson:
    return BookedPerson(
        role=Role.CUSTOMER,
        name=one_line(payload.get("name")),
        phone=phone_number(payload.get("text_reminder_number"))
        or _number_in_answers(payload)
        # The host rings them there. Of other calls it is the host's own number.
        or (
            phone_number(location.get("location"))
            if location.get("type") == "outbound_call"
            else None
        ),
        email=short_text(payload.get("email")),
        zone=zone_name(payload.get("timezone")),
    )


def _number_in_answers(payload: Mapping[str, Any]) -> str | None:
    """Return the number that was given where a question asked for one."""
    for one in objects_in(payload.get("questions_and_answers")):
        if _ASKS_FOR_NUMBER.search(one_line(one.get("question")) or ""):
            number = phone_number(one.get("answer"))
            if number is not None:
                return number
    return None


def _canceled(payload: Mapping[str, Any], at: datetime | None) -> Translation:
    """Return that it is cancelled, but of a move only the names: its new time says the rest."""
    if payload.get("rescheduled") is True:
        why = "moved, which the invitee.created of its new time says"
        join, moved_to = _join(payload), _uuid(payload.get("new_invitee"))
        later = (*join.later, moved_to) if moved_to is not None else ()
        return Renamed(ByReference(join.reference, later), why) if later else Ignored(why)
    how = object_in(payload.get("cancellation"))
    return (
        SourceEvent(
            join=_join(payload),
            job_kind=JobKind.APPOINTMENT,
            type=FactType.CANCELLED,
            occurred_at=moment(how.get("created_at")) or at,
            by=_PARTIES.get(short_text(how.get("canceler_type")) or "", Party.UNKNOWN),
            note=one_line(how.get("reason")),
        ),
    )


def _no_show(payload: Mapping[str, Any], at: datetime | None) -> Translation:
    """Return that the host marked the invitee, of whom some events give the address alone."""
    invitee = payload if _uuid(payload.get("uri")) else {"uri": payload.get("invitee")}
    return (
        SourceEvent(
            join=_join(invitee),
            job_kind=JobKind.APPOINTMENT,
            type=FactType.MISSED,
            occurred_at=moment(object_in(payload.get("no_show")).get("created_at")) or at,
            by=Party.CUSTOMER,
        ),
    )


# What each event of Calendly means: how its invitee is read, or why it is nothing for us.
# fmt: off
EVENTS: dict[str, str | Callable[[Mapping[str, Any], datetime | None], Translation]] = {
    "invitee.created":                 _booked,
    "invitee.canceled":                _canceled,
    "invitee_no_show.created":         _no_show,
    "invitee_no_show.deleted":         "takes a mark back; take back the fact on the board",
    "routing_form_submission.created": "is about a form, not a visit",
    "event_type.created":              "is about what can be booked, not a visit",
    "event_type.updated":              "is about what can be booked, not a visit",
    "event_type.deleted":              "is about what can be booked, not a visit",
    "meeting_recap.created":           "is for the team alone",
    "meeting_recap.updated":           "is for the team alone",
    "meeting_recap.deleted":           "is for the team alone",
    "contact.created":                 "is about an address book, not a visit",
    "contact.updated":                 "is about an address book, not a visit",
    "contact.deleted":                 "is about an address book, not a visit",
}
# fmt: on


ADAPTER = SourceAdapter(
    kind="calendly",
    speaks_as=FactSource.API,
    verify=verify,
    signed_with="any text that you give Calendly as well, as the signing_key of the webhook; of an"
    " OAuth app, the signing key that Calendly made. Without --secret one is made",
    delivery_id=delivery_id,
    translate=translate,
)
