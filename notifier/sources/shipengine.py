"""ShipEngine and ShipStation (API v2): track events move the parcel with their tracking number.

Orders and what was sent of them are told by webhooks that only point: `shipengine_orders.py`.

Source: docs.shipstation.com, webhooks and tracking (ShipEngine is now ShipStation API), and what
its track events of UPS, FedEx and USPS parcels really hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from notifier.domain.facts import FactSource, FactType
from notifier.domain.jobs import JobStatus
from notifier.domain.reasons import Reason
from notifier.sources.parts.address_tokens import is_one_of, token_in_address
from notifier.sources.parts.json_bodies import objects_in, read_object, short_text
from notifier.sources.parts.tracked_parcels import facts_of
from notifier.sources.parts.tracker_times import after, estimated_day, moment_or_utc, newest
from notifier.sources.protocol import (
    Ignored,
    Incoming,
    Needs,
    SourceAdapter,
    Translation,
    Untranslatable,
)
from notifier.sources.shipengine_orders import ASKING, LISTS, ask_for

_F = FactType
_R = Reason

#: The header in which ShipEngine is told to send our secret.
TOKEN_HEADER = "x-webhook-token"  # noqa: S105 - its name, not its value

#: The status code -> our fact. None: it moves no status; its estimate may still count.
STATUSES: dict[str, FactType | None] = {
    "UN": None,  # said of ordinary scans that nobody has mapped
    "NY": None,  # not yet in the carrier's system
    "AC": None,  # "accepted" is said of mere labels too: the detail tells
    "IT": _F.IN_TRANSIT,
    "DE": _F.DELIVERED,
    "EX": _F.EXCEPTION,
    "AT": _F.ATTEMPTED,
    "SP": _F.READY_FOR_PICKUP,  # at a collection point
}

# The detail -> what it is, and the cause that it states. None: as its status says. `delayed` is in
# transit, and late. Only the return itself is a return: what is refused may still be delivered.
# fmt: off
DETAILS: dict[str, tuple[FactType | None, Reason | None]] = {
    # a label, or nothing about where the parcel is
    "SHIPMENT_CREATED":                     (None, None),
    "AWAITING_DESPATCH":                    (None, None),
    "AWAITING_ELECTRONIC_ADVICE":           (None, None),
    "AWAITING_PICKUP_DROP_OFF":             (None, None),
    "CANCELLED":                            (None, None),
    "CANCELLED_BEFORE_DESPATCH":            (None, None),
    "CARRIER_STATUS_NOT_MAPPED":            (None, None),
    "COD_AMOUNT_PAID":                      (None, None),
    "COLLECTION_FAILED":                    (None, None),
    "COLLECTION_REQUESTED":                 (None, None),
    "ELEC_ADVICE_RECD_BY_CARRIER":          (None, None),
    "INFORMATION":                          (None, None),
    "NOT_YET_RECEIVED_BY_CARRIER":          (None, None),
    "PARCEL_UPDATE_NOTIFICATION":           (None, None),
    "PARCEL_UPDATE_NOTIFICATION_VIA_EMAIL": (None, None),
    "PARCEL_UPDATE_NOTIFICATION_VIA_SMS":   (None, None),
    "POST_TRANSIT_STATUS":                  (None, None),
    # on its way
    "COLLECTION_MADE":                      (_F.IN_TRANSIT, None),
    "COLLECT_AT_LOCAL_PO":                  (_F.IN_TRANSIT, None),
    "CUSTOMS_CLEARED":                      (_F.IN_TRANSIT, None),
    "CUSTOMS_PROCESSING":                   (_F.IN_TRANSIT, None),
    "DELIVERY_ARRANGED_WITH_RECIPIENT":     (_F.IN_TRANSIT, None),
    "DELIVERY_RESCHEDULED":                 (_F.IN_TRANSIT, None),
    "DELIVERY_SCHEDULED":                   (_F.IN_TRANSIT, None),
    "DESPATCHED":                           (_F.IN_TRANSIT, None),
    "DROPPED_OFF":                          (_F.IN_TRANSIT, None),
    "HUB_PROCESSING":                       (_F.IN_TRANSIT, None),
    "HUB_SCAN_IN":                          (_F.IN_TRANSIT, None),
    "HUB_SCAN_OUT":                         (_F.IN_TRANSIT, None),
    "IN_TRANSIT":                           (_F.IN_TRANSIT, None),
    "MISSORTED":                            (_F.IN_TRANSIT, _R.CARRIER),
    "PARCEL_OVER_LABELLED":                 (_F.IN_TRANSIT, None),
    "PARCEL_REDIRECTED":                    (_F.IN_TRANSIT, None),
    "PICKED_UP":                            (_F.IN_TRANSIT, None),
    "RECD_BY_CARRIER_NO_ELEC_ADVICE":       (_F.IN_TRANSIT, None),
    "RECEIVED_BY_CARRIER":                  (_F.IN_TRANSIT, None),
    "RECEIVED_LOCAL_DELIVERY_DEPOT":        (_F.IN_TRANSIT, None),
    "ROUTING_ERROR":                        (_F.IN_TRANSIT, _R.CARRIER),
    "SUB_CONTRACTOR_EVENT":                 (_F.IN_TRANSIT, None),
    "SUB_CONTRACTOR_RECEIVED":              (_F.IN_TRANSIT, None),
    "OUT_FOR_DELIVERY":                     (_F.OUT_FOR_DELIVERY, None),
    # late
    "CARRIER_DELAYS":                       (_F.DELAYED, _R.CARRIER),
    "DELAYED_NOT_CARRIER":                  (_F.DELAYED, None),
    # tried, and not handed over
    "ATTEMPTED_DELIVERY":                   (_F.ATTEMPTED, None),
    "ATTEMPTED_DELIVERY_2ND":               (_F.ATTEMPTED, None),
    "ATTEMPTED_DELIVERY_3RD":               (_F.ATTEMPTED, None),
    "ATTEMPTED_DELIVERY_FINAL":             (_F.ATTEMPTED, None),
    "COD_AMOUNT_NOT_PAID":                  (_F.ATTEMPTED, None),
    "CUSTOMER_CARDED":                      (_F.ATTEMPTED, None),
    "INVALID_METHOD_OF_PAYMENT":            (_F.ATTEMPTED, None),
    "NO_ACCESS_TO_RECIPIENTS_ADDRESS":      (_F.ATTEMPTED, None),
    # to be fetched
    "AWAITING_COLLECTION_FROM_PICKUP_POINT":      (_F.READY_FOR_PICKUP, None),
    "CUSTOMER_TO_COLLECT_FROM_CARRIER":           (_F.READY_FOR_PICKUP, None),
    "DELIVERED_TO_ALTERNATIVE_DELIVERY_LOCATION": (_F.READY_FOR_PICKUP, None),
    "DELIVERED_TO_LOCKER_COLLECTION_POINT":       (_F.READY_FOR_PICKUP, None),
    # there
    "DELIVERED":                            (_F.DELIVERED, None),
    "DELIVERED_DAMAGED":                    (_F.DELIVERED, _R.DAMAGED),
    "DELIVERED_SPECIFIED_SAFE_PLACE":       (_F.DELIVERED, None),
    "DELIVERED_TO_NEIGHBOUR":               (_F.DELIVERED, None),
    "DELIVERED_TO_PO_BOX":                  (_F.DELIVERED, None),
    "PARCEL_COLLECTED_FROM_PICKUP_POINT":   (_F.DELIVERED, None),
    "PROOF_OF_DELIVERY":                    (_F.DELIVERED, None),
    # a problem
    "ADDRESS_QUERY":                        (_F.EXCEPTION, _R.ADDRESS),
    "CUSTOMER_IDENTIFICATION_FAILED":       (_F.EXCEPTION, None),
    "CUSTOMER_MOVED":                       (_F.EXCEPTION, None),
    "DELIVERED_IN_PART":                    (_F.EXCEPTION, None),
    "HAZARDOUS_PROHIBITED":                 (_F.EXCEPTION, None),
    "HELD_BY_CARRIER":                      (_F.EXCEPTION, _R.CARRIER),
    "HELD_BY_CARRIER_FOR_CLEARANCE_PRE_PROCESSING": (_F.EXCEPTION, _R.CUSTOMS),
    "HELD_BY_CUSTOMS":                      (_F.EXCEPTION, _R.CUSTOMS),
    "HELD_BY_EXPORT_CUSTOMS":               (_F.EXCEPTION, _R.CUSTOMS),
    "HELD_BY_IMPORT_CUSTOMS":               (_F.EXCEPTION, _R.CUSTOMS),
    "INCORRECT_DECLARATION":                (_F.EXCEPTION, None),
    "NOT_COLLECTED_FROM_PICKUP_POINT":      (_F.EXCEPTION, None),
    "NOT_DELIVERED":                        (_F.EXCEPTION, None),
    "NOT_DELIVERED_ADDRESSEE_DECEASED":     (_F.EXCEPTION, None),
    "PARCEL_DAMAGED":                       (_F.EXCEPTION, _R.DAMAGED),
    "PARCEL_DISPOSED":                      (_F.EXCEPTION, None),
    "PARCEL_LOST":                          (_F.EXCEPTION, _R.CARRIER),
    "PARCEL_OUTSIDE_OF_SERVICE_CAPABILITY": (_F.EXCEPTION, None),
    "PARCEL_REPACKED":                      (_F.EXCEPTION, None),
    "REFUSED_BY_CUSTOMER":                  (_F.EXCEPTION, None),
    "UNSPECIFIED_EXCEPTION":                (_F.EXCEPTION, None),
    "RETURN_TO_SENDER":                     (_F.RETURNED, None),
}
# fmt: on

#: UPS tells its details in codes of its own: "OT" is out for delivery, "OD" merely loaded.
_OUT_WITH_UPS = "OT"

#: USPS marks parcels as late that it says are on time.
_ON_TIME = ("arriving on time", "on track to be delivered")

_ON_ITS_WAY = frozenset({_F.IN_TRANSIT, _F.OUT_FOR_DELIVERY})

#: What carries scans. All other types only point.
TRACK_EVENTS = frozenset({"TRACK_EVENT_V2", "API_TRACK"})


def verify(secrets: Sequence[str], incoming: Incoming, now: datetime) -> bool:
    """Return whether our secret came along: in the header that we had it send, or in the address.

    ShipEngine signs as well (`x-shipengine-rsa-sha256-signature`), with keys that would have to
    be fetched and over a text that it publishes no example of. That is not checked: a captured
    delivery stays good until the secret is changed.
    """
    return is_one_of(secrets, incoming.headers.get(TOKEN_HEADER, "")) or is_one_of(
        secrets, token_in_address(incoming)
    )


def delivery_id(incoming: Incoming) -> str | None:
    """Return None: deliveries have no id. The same body is the same delivery."""
    return None


def translate(incoming: Incoming) -> Translation | Needs:
    """Return the parcel's status, at its scan's time, and its estimate, at the newest scan's.

    Of what only points, the orders and parcels are asked for, where there is a key.
    """
    body = read_object(incoming.body)
    about = short_text(body.get("resource_type"))
    if about is None:
        raise Untranslatable("resource_type: a delivery says what it is about.")
    if about in LISTS and incoming.can_ask:
        return ask_for(incoming, about, body)
    if about not in TRACK_EVENTS:
        return Ignored(f"{about[:60]} carries no scan")
    tracking = body.get("data")
    if not isinstance(tracking, dict):
        raise Untranslatable("data: a track event carries the tracking.")
    number = short_text(tracking.get("tracking_number"))
    status = short_text(tracking.get("status_code"))
    if number is None:
        raise Untranslatable("data.tracking_number: a tracking has one.")
    if status is None:
        raise Untranslatable("data.status_code: a tracking has one.")
    if status.upper() not in STATUSES:
        return Ignored(f"{status[:60]} is a status that is not known here")

    scans = [(at, scan) for scan in objects_in(tracking.get("events")) if (at := _time(scan))]
    at, scan = _scan_of(tracking, scans)
    fact, cause = _meaning(tracking, scan, status.upper())
    as_of = max((at for at, _ in scans), default=None)
    return facts_of(
        number,
        fact,
        at=at,
        estimate=estimated_day(tracking.get("estimated_delivery_date"), as_of),
        as_of=as_of,
        cause=cause,
        note=short_text(scan.get("description")),
    ) or Ignored(f"{status[:60]} moves nothing")


def _meaning(
    tracking: Mapping[str, Any], scan: Mapping[str, Any], status: str
) -> tuple[FactType | None, Reason | None]:
    """Return what the status is, told apart by the detail, or by what UPS and USPS say instead."""
    by_status = STATUSES[status]
    detail = short_text(tracking.get("status_detail_code")) or ""
    fact, cause = DETAILS.get(detail.upper(), (None, None))
    if _is_ups(tracking) and tracking.get("carrier_detail_code") == _OUT_WITH_UPS:
        fact = _F.OUT_FOR_DELIVERY
    if fact is _F.DELAYED and _is_on_time(tracking, scan):
        return _F.IN_TRANSIT, None
    if fact is None or (fact in _ON_ITS_WAY and by_status not in (None, _F.IN_TRANSIT)):
        fact = by_status  # where the parcel is adds nothing to a status that says more
    return fact, cause


def _is_ups(tracking: Mapping[str, Any]) -> bool:
    return (short_text(tracking.get("carrier_code")) or "").startswith("ups")


def _is_on_time(tracking: Mapping[str, Any], scan: Mapping[str, Any]) -> bool:
    words = f"{scan.get('description')} {tracking.get('carrier_status_description')}".lower()
    return any(phrase in words for phrase in _ON_TIME)


def _scan_of(
    tracking: Mapping[str, Any], scans: Sequence[tuple[datetime, Mapping[str, Any]]]
) -> tuple[datetime | None, Mapping[str, Any]]:
    """Return the newest scan that says what the tracking does, else the newest, with its time.

    Scans are not listed in order of time, and some are repeated a minute later.
    """
    for fields in (("status_code", "status_detail_code", "carrier_detail_code"), ("status_code",)):
        same = [
            (at, scan)
            for at, scan in scans
            if all(scan.get(name) == tracking.get(name) for name in fields)
        ]
        if found := newest(same):
            return found
    last = newest(scans)
    says_otherwise = last is not None and last[1].get("status_code") is not None
    return (after(last) if says_otherwise else last) or (None, {})


def _time(scan: Mapping[str, Any]) -> datetime | None:
    """Return when a scan happened.

    The carrier's own time is exact where it has an offset, and `occurred_at` is then that offset
    too late. Otherwise it is local time, often marked as UTC, and `occurred_at` is right.
    """
    by_carrier = moment_or_utc(scan.get("carrier_occurred_at"))
    if by_carrier is not None and by_carrier.utcoffset():
        return by_carrier
    return moment_or_utc(scan.get("occurred_at")) or moment_or_utc(scan.get("event_date"))


ADAPTER = SourceAdapter(
    kind="shipengine",
    speaks_as=FactSource.CARRIER,
    verify=verify,
    signed_with="any text that the vendor sends along, in the header X-Webhook-Token or at the end"
    " of the address as ?token=; without --secret one is made",
    delivery_id=delivery_id,
    translate=translate,
    named_at=(("data", "tracking_number"),),
    asking=ASKING,
    # Of what it books: the shop does that the order came from, once ShipStation tells it.
    says_itself=frozenset({JobStatus.ORDERED, JobStatus.SHIPPED}),
)
