"""EasyPost: tracker events move the parcel with their tracking code.

Source: docs.easypost.com/docs/trackers, /docs/events, /guides/webhooks-guide.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from notifier.domain.facts import FactSource, FactType
from notifier.domain.reasons import Reason
from notifier.domain.windows import UNKNOWN
from notifier.sources.parts.estimates import DayOf, Estimate, LocalDay
from notifier.sources.parts.json_bodies import objects_in, read_object, short_text
from notifier.sources.parts.tracked_parcels import facts_of
from notifier.sources.parts.tracker_times import after, moment_or_utc, newest, scanned_at
from notifier.sources.protocol import (
    Ignored,
    Incoming,
    SourceAdapter,
    SourceEvent,
    Translation,
    Untranslatable,
)

_F = FactType
_R = Reason

#: EasyPost's status -> our fact. None: it moves no status; its estimate may still count.
#: A failure is told apart by its detail.
STATUSES: dict[str, FactType | None] = {
    "unknown": None,  # real ones say "arriving early"
    "pre_transit": None,  # a label, no parcel yet
    "in_transit": _F.IN_TRANSIT,
    "out_for_delivery": _F.OUT_FOR_DELIVERY,
    "delivered": _F.DELIVERED,
    "available_for_pickup": _F.READY_FOR_PICKUP,
    "return_to_sender": _F.RETURNED,
    "failure": _F.EXCEPTION,
    "cancelled": None,  # the label was cancelled, which does not cancel the order
    "error": None,  # EasyPost could not track it
}

#: Statuses after which an estimate of the delivery means nothing.
_BEYOND_ESTIMATES = frozenset(
    {"delivered", "available_for_pickup", "return_to_sender", "cancelled", "error"}
)

# The detail -> what a failure with it is, what `in_transit` with it is, and the cause it states.
# An attempt is claimed only where the carrier speaks of the delivery itself.
# fmt: off
DETAILS: dict[str, tuple[FactType, FactType, Reason | None]] = {
    #                                 failure       in_transit    cause
    "address_correction":            (_F.EXCEPTION, _F.IN_TRANSIT, _R.ADDRESS),
    "arrived_at_destination":        (_F.EXCEPTION, _F.IN_TRANSIT, None),
    "arrived_at_facility":           (_F.EXCEPTION, _F.IN_TRANSIT, None),
    "arrived_at_pickup_location":    (_F.EXCEPTION, _F.IN_TRANSIT, None),
    "awaiting_information":          (_F.EXCEPTION, _F.IN_TRANSIT, None),
    "cancelled":                     (_F.EXCEPTION, _F.IN_TRANSIT, None),
    "damaged":                       (_F.EXCEPTION, _F.EXCEPTION,  _R.DAMAGED),
    "delayed":                       (_F.EXCEPTION, _F.IN_TRANSIT, _R.CARRIER),
    "delivery_exception":            (_F.ATTEMPTED, _F.IN_TRANSIT, None),
    "departed_facility":             (_F.EXCEPTION, _F.IN_TRANSIT, None),
    "departed_origin_facility":      (_F.EXCEPTION, _F.IN_TRANSIT, None),
    "expired":                       (_F.EXCEPTION, _F.IN_TRANSIT, None),
    "failure":                       (_F.ATTEMPTED, _F.IN_TRANSIT, None),
    "held":                          (_F.EXCEPTION, _F.IN_TRANSIT, None),
    "in_transit":                    (_F.EXCEPTION, _F.IN_TRANSIT, None),
    "label_created":                 (_F.EXCEPTION, _F.IN_TRANSIT, None),
    "lost":                          (_F.EXCEPTION, _F.EXCEPTION,  _R.CARRIER),
    "missorted":                     (_F.EXCEPTION, _F.IN_TRANSIT, _R.CARRIER),
    "out_for_delivery":              (_F.ATTEMPTED, _F.IN_TRANSIT, None),
    "received_at_destination_facility": (_F.EXCEPTION, _F.IN_TRANSIT, None),
    "received_at_origin_facility":   (_F.EXCEPTION, _F.IN_TRANSIT, None),
    "refused":                       (_F.EXCEPTION, _F.IN_TRANSIT, None),
    "return":                        (_F.RETURNED,  _F.RETURNED,   None),
    "status_update":                 (_F.EXCEPTION, _F.IN_TRANSIT, None),
    "transferred_to_destination_carrier": (_F.EXCEPTION, _F.IN_TRANSIT, None),
    "transit_exception":             (_F.EXCEPTION, _F.IN_TRANSIT, None),
    "unknown":                       (_F.EXCEPTION, _F.IN_TRANSIT, None),
    "weather_delay":                 (_F.EXCEPTION, _F.IN_TRANSIT, _R.WEATHER),
}
# fmt: on

#: The carrier says that it will be late: without a date, nobody knows when.
_LATE = frozenset({"delayed", "weather_delay"})

_TRACKER_EVENTS = frozenset({"tracker.created", "tracker.updated"})

_PLAIN = (_F.EXCEPTION, _F.IN_TRANSIT, None)  # a detail that we do not know yet


def verify(secrets: Sequence[str], incoming: Incoming, now: datetime) -> bool:
    """Return whether `X-Hmac-Signature` is the HMAC-SHA256 of the raw body.

    The key is the secret in Unicode's NFKD form. EasyPost signs no time, so a replay of an
    old delivery is caught by its event id instead.
    """
    given = incoming.headers.get("x-hmac-signature", "").encode()
    return any(hmac.compare_digest(_signature(secret, incoming.body), given) for secret in secrets)


def _signature(secret: str, body: bytes) -> bytes:
    key = unicodedata.normalize("NFKD", secret).encode()
    return b"hmac-sha256-hex=" + hmac.new(key, body, hashlib.sha256).hexdigest().encode()


def delivery_id(incoming: Incoming) -> str | None:
    """Return the event's id, the same for every retry."""
    return short_text(read_object(incoming.body).get("id"))


def translate(incoming: Incoming) -> Translation:
    """Return the parcel's status, at its scan's time, and its estimate, at the tracker's."""
    event = read_object(incoming.body)
    description = short_text(event.get("description"))
    if description is None:
        raise Untranslatable("description: an event says what it is about.")
    if description not in _TRACKER_EVENTS:
        return Ignored(f"{description[:60]} is not about a tracker")
    tracker = event.get("result")
    if not isinstance(tracker, dict):
        return Ignored("the event carries no tracker")
    code, status = short_text(tracker.get("tracking_code")), short_text(tracker.get("status"))
    if code is None:
        raise Untranslatable("result.tracking_code: a tracker has one.")
    if status is None:
        raise Untranslatable("result.status: a tracker has one.")
    if status not in STATUSES:
        return Ignored(f"{status[:60]} is a status that is not known here")
    return _facts(event, tracker, code, status) or Ignored(f"{status[:60]} moves nothing")


def _facts(
    event: Mapping[str, Any], tracker: Mapping[str, Any], code: str, status: str
) -> tuple[SourceEvent, ...]:
    looks = (tracker.get("updated_at"), event.get("created_at"))
    learnt = next((look for look in looks if moment_or_utc(look)), None)
    as_of = moment_or_utc(learnt)
    at, scan = _latest_scan(tracker, status, learnt)
    detail = short_text(tracker.get("status_detail")) or short_text(scan.get("status_detail"))
    on_failure, under_way, cause = DETAILS.get(detail or "unknown", _PLAIN)

    fact = STATUSES[status]
    if status == "failure":
        fact = on_failure
    elif status == "in_transit":
        fact = under_way
    if tracker.get("is_return") is True and fact is not None:
        fact = _F.RETURNED  # what is delivered now is delivered to the sender

    estimate = None
    if status not in _BEYOND_ESTIMATES and fact is not _F.RETURNED:
        estimate = _estimate(tracker, as_of)
        if estimate is None and detail in _LATE:
            estimate = UNKNOWN

    return facts_of(
        code,
        fact,
        at=at or as_of,
        estimate=estimate,
        as_of=as_of,
        cause=cause,
        note=short_text(scan.get("message")),
    )


def _latest_scan(
    tracker: Mapping[str, Any], status: str, learnt: object
) -> tuple[datetime | None, Mapping[str, Any]]:
    """Return the newest scan with the tracker's status and its time, else the newest, else none.

    Scans are not listed in order of time, and real trackers carry some from the future. EasyPost
    marks a carrier's local time as UTC where it names no place, so no scan counts from later than
    the tracker `learnt` of it.
    """
    scans = objects_in(tracker.get("tracking_details"))
    timed = [(at, scan) for scan in scans if (at := moment_or_utc(scan.get("datetime")))]
    matching = newest([pair for pair in timed if pair[1].get("status") == status])
    _, scan = matching or newest(timed) or (None, {})
    at = scanned_at(scan.get("datetime"), learnt)
    seen = (at, scan) if at is not None else None
    return (seen if matching else after(seen)) or (None, {})


def _estimate(tracker: Mapping[str, Any], as_of: datetime | None) -> Estimate | None:
    """Return the day on which EasyPost expects the parcel, or None if it names no usable one.

    The carrier's own local date is best. Otherwise midnight is a date that became a moment
    and is taken as written, and any other moment is the day that it has at the order's place.
    An estimate that lies days before the tracker's own time was never brought up to date.
    """
    carrier = tracker.get("carrier_detail")
    day = _date(carrier.get("est_delivery_date_local")) if isinstance(carrier, dict) else None
    stated = moment_or_utc(tracker.get("est_delivery_date"))
    estimate: Estimate
    if day is not None:
        estimate = LocalDay(day)
    elif stated is None:
        return None
    elif stated.time() == time.min:
        day, estimate = stated.date(), LocalDay(stated.date())
    else:
        day, estimate = stated.date(), DayOf(stated)
    if as_of is not None and day < as_of.date() - timedelta(days=1):
        return None
    return estimate


def _date(value: object) -> date | None:
    text = short_text(value)
    try:
        day = date.fromisoformat(text[:10]) if text else None
    except ValueError:
        return None
    return day if day is not None and 2000 <= day.year < 2100 else None


ADAPTER = SourceAdapter(
    kind="easypost",
    speaks_as=FactSource.CARRIER,
    verify=verify,
    signed_with="any text that you give EasyPost as well, as the webhook secret under Webhooks in"
    " its dashboard; without --secret one is made",
    delivery_id=delivery_id,
    translate=translate,
    named_at=(("result", "tracking_code"),),
)
