"""AfterShip: tracking updates and revised estimates move the parcel with their number.

Source: aftership.com/docs/tracking, webhook and enum pages of 2021 to 2026-07.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from notifier.domain.facts import FactSource, FactType
from notifier.domain.reasons import Reason
from notifier.sources.parts.base64_hmac import is_signed
from notifier.sources.parts.estimates import Estimate
from notifier.sources.parts.json_bodies import objects_in, read_object, short_text
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

#: AfterShip's tag -> our fact. None: it moves no status; its estimate may still count.
TAGS: dict[str, FactType | None] = {
    "Pending": None,  # nothing heard from the carrier
    "InfoReceived": None,  # a label, no parcel yet
    "InTransit": _F.IN_TRANSIT,
    "OutForDelivery": _F.OUT_FOR_DELIVERY,
    "AttemptFail": _F.ATTEMPTED,
    "Delivered": _F.DELIVERED,
    "AvailableForPickup": _F.READY_FOR_PICKUP,
    "Exception": _F.EXCEPTION,
    "Expired": None,  # no word for 30 days: silence is no news
}

# The sub-status: its code, its message, and what it is. The tag is decided on first, then the
# message, for codes were numbered anew over the years; the code counts only where no message is.
# `delayed` is in transit, and late. A cause stands only where the message names it.
# fmt: off
SUB_STATUSES: dict[str, tuple[str | None, FactType | None, Reason | None]] = {
    "Pending_001":            ("Pending",                                   None, None),
    "Pending_002":            (None,                                        None, None),
    "Pending_003":            (None,                                        None, None),
    "Pending_004":            ("Wrong carrier",                             None, None),
    "Pending_005":            (None,                                        None, None),
    "Pending_006":            (None,                                        None, None),
    "InfoReceived_001":       ("Info Received",                             None, None),
    "InTransit_001":          ("In Transit",                                _F.IN_TRANSIT, None),
    "InTransit_002":          ("Acceptance scan",                           _F.IN_TRANSIT, None),
    "InTransit_003":          ("Arrival scan",                              _F.IN_TRANSIT, None),
    "InTransit_004":          ("Arrived at the destination country",        _F.IN_TRANSIT, None),
    "InTransit_005":          ("Customs clearance completed",               _F.IN_TRANSIT, None),
    "InTransit_006":          ("Customs clearance started",                 _F.IN_TRANSIT, None),
    "InTransit_007":          ("Departure Scan",                            _F.IN_TRANSIT, None),
    "InTransit_008":          ("Problem resolved",                          _F.IN_TRANSIT, None),
    "InTransit_009":          ("Forwarded to a different delivery address", _F.IN_TRANSIT, None),
    "OutForDelivery_001":     ("Out for Delivery",                    _F.OUT_FOR_DELIVERY, None),
    # A call and an appointment are not yet a parcel on the van.
    "OutForDelivery_003":     ("Customer contacted",                        _F.IN_TRANSIT, None),
    "OutForDelivery_004":     ("Delivery appointment scheduled",            _F.IN_TRANSIT, None),
    "AttemptFail_001":        ("Failed Attempt",                            _F.ATTEMPTED, None),
    "AttemptFail_002":        ("Addressee not available",                   _F.ATTEMPTED, None),
    "AttemptFail_003":        ("Business Closed",                           _F.ATTEMPTED, None),
    "AvailableForPickup_001": ("Available for pickup",                _F.READY_FOR_PICKUP, None),
    "Delivered_001":          ("Delivered",                                 _F.DELIVERED, None),
    "Delivered_002":          ("Picked up by the customer",                 _F.DELIVERED, None),
    "Delivered_003":          ("Sign by customer",                          _F.DELIVERED, None),
    "Delivered_004":          ("Delivered and received cash on delivery",   _F.DELIVERED, None),
    "Delivered_005":          ("Delivered to neighbor",                     _F.DELIVERED, None),
    "Exception_001":          ("Exception",                                 _F.EXCEPTION, None),
    "Exception_002":          ("Customer moved",                            _F.EXCEPTION, None),
    "Exception_003":          ("Customer refused delivery",                 _F.EXCEPTION, None),
    "Exception_004":          ("Delayed (Customs clearance)",             _F.DELAYED, _R.CUSTOMS),
    "Exception_005":          ("Delayed (External factors)",                _F.DELAYED, None),
    "Exception_006":          ("Held for payment",                          _F.EXCEPTION, None),
    "Exception_007":          ("Incorrect Address",                     _F.EXCEPTION, _R.ADDRESS),
    "Exception_008":          ("Pick up missed",                            _F.EXCEPTION, None),
    "Exception_009":          ("Rejected by carrier",                       _F.EXCEPTION, None),
    "Exception_010":          ("Returning to sender",                       _F.RETURNED, None),
    "Exception_011":          ("Returned to sender",                        _F.RETURNED, None),
    "Exception_012":          ("Shipment damaged",                      _F.EXCEPTION, _R.DAMAGED),
    "Exception_013":          ("Shipment lost",                         _F.EXCEPTION, _R.CARRIER),
    "Exception_016":          ("Delayed (Processing issue)",              _F.DELAYED, _R.CARRIER),
    "Exception_017":          ("Delayed (Extreme weather)",               _F.DELAYED, _R.WEATHER),
    "Exception_018":          ("Incorrect / missing documents",             _F.EXCEPTION, None),
    "Expired_001":            ("Expired",                                   None, None),
}
# fmt: on

_BY_MESSAGE = {
    (code.partition("_")[0], message.lower()): (fact, cause)
    for code, (message, fact, cause) in SUB_STATUSES.items()
    if message is not None
}

_DATES = ("estimated_delivery_date_max", "estimated_delivery_date")

#: Where estimates stand, the best first: AfterShip's choice among all of them, the carrier's,
#: its own prediction. Of a range the last day counts.
_ESTIMATES = {
    "latest_estimated_delivery": ("datetime_max", "datetime"),
    "courier_estimated_delivery_date": _DATES,
    "aftership_estimated_delivery_date": _DATES,
}

#: Each carries the whole tracking.
EVENTS = frozenset({"tracking_update", "edd_revise", "tracking_pending_time"})


def verify(secrets: Sequence[str], incoming: Incoming, now: datetime) -> bool:
    """Return whether `Aftership-Hmac-Sha256` is the base64 HMAC-SHA256 of the raw body.

    AfterShip signs no time, so a replay of an old delivery is caught by its event id instead.
    """
    return is_signed(secrets, incoming.body, incoming.headers.get("aftership-hmac-sha256", ""))


def delivery_id(incoming: Incoming) -> str | None:
    """Return the event's id, the same for every retry."""
    return short_text(read_object(incoming.body).get("event_id"))


def translate(incoming: Incoming) -> Translation:
    """Return the parcel's status, at its checkpoint's time, and its estimate, at the update's."""
    body = read_object(incoming.body)
    event = short_text(body.get("event"))
    if event is None:
        raise Untranslatable("event: a delivery says what it is about.")
    if event not in EVENTS:
        return Ignored(f"{event[:60]} is not about a tracked parcel")
    tracking = body.get("msg")
    if not isinstance(tracking, dict):
        raise Untranslatable("msg: an event carries the tracking.")
    number, tag = short_text(tracking.get("tracking_number")), short_text(tracking.get("tag"))
    if number is None:
        raise Untranslatable("msg.tracking_number: a tracking has one.")
    if tag is None:
        raise Untranslatable("msg.tag: a tracking has one.")
    if tag not in TAGS:
        return Ignored(f"{tag[:60]} is a status that is not known here")

    fact, cause = _meaning(tracking, tag)
    if tracking.get("return_to_sender") is True and fact is not None:
        fact = _F.RETURNED  # what is delivered now is delivered to the sender
    as_of = moment_or_utc(tracking.get("updated_at")) or _unix_time(body.get("ts"))
    at, note = _latest_checkpoint(tracking, tag)
    return facts_of(
        number,
        fact,
        at=at or as_of,
        estimate=_estimate(tracking, as_of),
        as_of=as_of,
        cause=cause,
        note=note,
    ) or Ignored(f"{tag[:60]} moves nothing")


def _meaning(tracking: Mapping[str, Any], tag: str) -> tuple[FactType | None, Reason | None]:
    """Return what the tag means, told apart by the message, or by the code if there is none."""
    plain = (TAGS[tag], None)
    message = short_text(tracking.get("subtag_message"))
    if message is not None:
        return _BY_MESSAGE.get((tag, message.lower()), plain)
    code = short_text(tracking.get("subtag")) or ""
    if code not in SUB_STATUSES or not code.startswith(f"{tag}_"):
        return plain
    return SUB_STATUSES[code][1:]


def _latest_checkpoint(tracking: Mapping[str, Any], tag: str) -> tuple[datetime | None, str | None]:
    """Return time and words of the newest checkpoint with the tracking's tag, if it has one."""
    timed = [
        (at, short_text(point.get("message")))
        for point in objects_in(tracking.get("checkpoints"))
        if point.get("tag") == tag
        and (at := scanned_at(point.get("checkpoint_time"), point.get("created_at")))
    ]
    return max(timed, key=lambda pair: pair[0], default=(None, None))


def _estimate(tracking: Mapping[str, Any], as_of: datetime | None) -> Estimate | None:
    """Return the day on which the parcel is expected, or None if no usable one is named."""
    for field, names in _ESTIMATES.items():
        said = tracking.get(field)
        if not isinstance(said, dict):
            continue
        for name in names:
            if estimate := estimated_day(said.get(name), as_of):
                return estimate
    return estimated_day(tracking.get("expected_delivery"), as_of)  # as it was until 2021


def _unix_time(value: object) -> datetime | None:
    """Return the time that `value` is in seconds since 1970, in this century."""
    if not isinstance(value, int) or not 946_684_800 <= value < 4_102_444_800:
        return None
    return datetime.fromtimestamp(value, UTC)


ADAPTER = SourceAdapter(
    kind="aftership",
    speaks_as=FactSource.CARRIER,
    verify=verify,
    signed_with="the webhook secret that AfterShip shows under Settings → Webhooks",
    delivery_id=delivery_id,
    translate=translate,
    named_at=(("msg", "tracking_number"),),
    new_secret=None,
)
