"""Shippo: `track_updated` moves the parcel with its tracking number.

Source: docs.goshippo.com, tracking, webhooks, webhook security (2018-02-08 to 2026).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from notifier.domain.facts import FactSource, FactType
from notifier.domain.reasons import Reason
from notifier.sources.parts.address_tokens import is_one_of, token_in_address
from notifier.sources.parts.json_bodies import read_object, short_text
from notifier.sources.parts.tracked_parcels import facts_of
from notifier.sources.parts.tracker_times import estimated_day, moment_or_utc, scanned_at
from notifier.sources.protocol import (
    Ignored,
    Incoming,
    SourceAdapter,
    Translation,
    Untranslatable,
)

_F = FactType
_R = Reason

#: How far the signed time may be off, either way, in seconds.
TOLERANCE_S = 300

#: Shippo's status -> our fact. None: it moves no status; its estimate may still count.
STATUSES: dict[str, FactType | None] = {
    "UNKNOWN": None,  # the carrier does not find it
    "PRE_TRANSIT": None,  # a label, no parcel yet
    "TRANSIT": _F.IN_TRANSIT,
    "DELIVERED": _F.DELIVERED,
    "RETURNED": _F.RETURNED,  # on its way back, or there
    "FAILURE": _F.EXCEPTION,
}

# The substatus -> the status under which it counts, what it is, and the cause that it states.
# `delayed` is in transit, and late. An attempt is claimed only where the carrier speaks of one.
# fmt: off
SUBSTATUSES: dict[str, tuple[str, FactType | None, Reason | None]] = {
    "information_received":  ("PRE_TRANSIT", None,                None),
    "address_issue":         ("TRANSIT",     _F.EXCEPTION,        _R.ADDRESS),
    "contact_carrier":       ("TRANSIT",     _F.EXCEPTION,        None),
    "delayed":               ("TRANSIT",     _F.DELAYED,          _R.CARRIER),
    "delivery_attempted":    ("TRANSIT",     _F.ATTEMPTED,        None),
    "delivery_rescheduled":  ("TRANSIT",     _F.IN_TRANSIT,       None),
    "delivery_scheduled":    ("TRANSIT",     _F.IN_TRANSIT,       None),
    "location_inaccessible": ("TRANSIT",     _F.EXCEPTION,        None),
    "notice_left":           ("TRANSIT",     _F.ATTEMPTED,        None),
    "out_for_delivery":      ("TRANSIT",     _F.OUT_FOR_DELIVERY, None),
    "package_accepted":      ("TRANSIT",     _F.IN_TRANSIT,       None),
    "package_arrived":       ("TRANSIT",     _F.IN_TRANSIT,       None),
    "package_damaged":       ("TRANSIT",     _F.EXCEPTION,        _R.DAMAGED),
    "package_departed":      ("TRANSIT",     _F.IN_TRANSIT,       None),
    "package_forwarded":     ("TRANSIT",     _F.IN_TRANSIT,       None),
    "package_held":          ("TRANSIT",     _F.EXCEPTION,        None),
    "package_processed":     ("TRANSIT",     _F.IN_TRANSIT,       None),
    "package_processing":    ("TRANSIT",     _F.IN_TRANSIT,       None),
    "pickup_available":      ("TRANSIT",     _F.READY_FOR_PICKUP, None),
    "reschedule_delivery":   ("TRANSIT",     _F.EXCEPTION,        None),
    "delivered":             ("DELIVERED",   _F.DELIVERED,        None),
    "return_to_sender":      ("RETURNED",    _F.RETURNED,         None),
    "package_unclaimed":     ("RETURNED",    _F.RETURNED,         None),
    "package_undeliverable": ("FAILURE",     _F.EXCEPTION,        None),
    "package_disposed":      ("FAILURE",     _F.EXCEPTION,        None),
    "package_lost":          ("FAILURE",     _F.EXCEPTION,        _R.CARRIER),
    "other":                 ("UNKNOWN",     None,                None),
}
# fmt: on

_TRACKER_EVENT = "track_updated"


def verify(secrets: Sequence[str], incoming: Incoming, now: datetime) -> bool:
    """Return whether Shippo signed this lately, or posted it to the address with our token.

    Signatures are switched on by Shippo's staff, for some accounts. All others protect an
    address by `?token=` in it; a captured delivery then stays good until the token is changed.
    """
    signature = incoming.headers.get("shippo-auth-signature", "")
    return is_one_of(secrets, token_in_address(incoming)) or any(
        _is_signed(secret, incoming.body, signature, now) for secret in secrets
    )


def _is_signed(secret: str, body: bytes, signature: str, now: datetime) -> bool:
    """Return whether `t=…,v1=…` is the hex HMAC-SHA256 of `t.body`, of five minutes around now."""
    parts = dict(part.strip().partition("=")[::2] for part in signature.split(","))
    stamp, given = parts.get("t", ""), parts.get("v1", "")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12):
        return False
    if abs(now.timestamp() - int(stamp)) > TOLERANCE_S:
        return False
    signed = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(signed.encode(), given.lower().encode())


def delivery_id(incoming: Incoming) -> str | None:
    """Return None: Shippo numbers no deliveries. The same body is the same delivery."""
    return None


def translate(incoming: Incoming) -> Translation:
    """Return the parcel's status, at its scan's time, and its estimate, at that status's."""
    body = read_object(incoming.body)
    event = short_text(body.get("event"))
    if event is None:
        raise Untranslatable("event: a delivery says what it is about.")
    if event != _TRACKER_EVENT:
        return Ignored(f"{event[:60]} is not about a tracked parcel")
    track = body.get("data")
    if not isinstance(track, dict):
        raise Untranslatable("data: an event carries the tracking.")
    number, latest = short_text(track.get("tracking_number")), track.get("tracking_status")
    if number is None:
        raise Untranslatable("data.tracking_number: a tracking has one.")
    if latest is None:
        return Ignored("the carrier has said nothing yet")
    status = short_text(latest.get("status")) if isinstance(latest, dict) else None
    if status is None:
        raise Untranslatable("data.tracking_status.status: a tracking has one.")
    if status not in STATUSES:
        return Ignored(f"{status[:60]} is a status that is not known here")

    fact, cause = _meaning(latest, status)
    learnt = latest.get("object_created")
    as_of = moment_or_utc(latest.get("object_updated")) or moment_or_utc(learnt)
    return facts_of(
        number,
        fact,
        at=scanned_at(latest.get("status_date"), learnt) or as_of,
        estimate=estimated_day(track.get("eta"), as_of),
        as_of=as_of,
        cause=cause,
        note=short_text(latest.get("status_details")),
    ) or Ignored(f"{status[:60]} moves nothing")


def _meaning(latest: Mapping[str, Any], status: str) -> tuple[FactType | None, Reason | None]:
    """Return what the status is, told apart by the substatus where that belongs to it."""
    substatus = latest.get("substatus")
    code = short_text(substatus.get("code")) if isinstance(substatus, dict) else None
    under, fact, cause = SUBSTATUSES.get(code or "", ("", None, None))
    return (fact, cause) if under == status else (STATUSES[status], None)


ADAPTER = SourceAdapter(
    kind="shippo",
    speaks_as=FactSource.CARRIER,
    verify=verify,
    signed_with="any text that you put at the end of the address at Shippo, as ?token=; with HMAC"
    " security, the secret that Shippo's support gave you. Without --secret one is made",
    delivery_id=delivery_id,
    translate=translate,
    named_at=(("data", "tracking_number"),),
)
