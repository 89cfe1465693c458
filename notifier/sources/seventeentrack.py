"""17TRACK: tracking updates (API v2.x) move the parcel with their number.

Source: help.17track.net (statuses, when tracking stops, webhooks) and asset.17track.net, API
v2.2; for the signature and the times, which integrators of v2 to v2.4 agree on, see its tests.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from notifier.domain.facts import FactSource, FactType
from notifier.domain.reasons import Reason
from notifier.sources.parts.estimates import Estimate
from notifier.sources.parts.json_bodies import object_in, objects_in, read_object, short_text
from notifier.sources.parts.tracked_parcels import facts_of
from notifier.sources.parts.tracker_times import (
    Scan,
    after,
    estimated_day,
    moment_or_utc,
    newest,
    scanned_at,
)
from notifier.sources.protocol import (
    Ignored,
    Incoming,
    SourceAdapter,
    Translation,
    Untranslatable,
)

_F = FactType
_R = Reason

#: 17TRACK's main status -> our fact. None: it moves no status; its estimate may still count.
STATUSES: dict[str, FactType | None] = {
    "NotFound": None,  # the carrier does not find it
    "InfoReceived": None,  # a label, no parcel yet
    "InTransit": _F.IN_TRANSIT,
    "Expired": None,  # long under way: silence is no news
    "AvailableForPickup": _F.READY_FOR_PICKUP,
    "OutForDelivery": _F.OUT_FOR_DELIVERY,
    "DeliveryFailure": _F.ATTEMPTED,  # defined as an attempt that did not succeed
    "Delivered": _F.DELIVERED,
    "Exception": _F.EXCEPTION,
}

# The sub-status -> what it is, and the cause that it states; it counts under its own main status.
# `delayed` is in transit, and late. *Security* is security, customs or fees, so it is no cause.
# fmt: off
SUB_STATUSES: dict[str, tuple[FactType | None, Reason | None]] = {
    "NotFound_Other":                        (None,                None),
    "NotFound_InvalidCode":                  (None,                None),
    "InfoReceived":                          (None,                None),
    "InTransit_PickedUp":                    (_F.IN_TRANSIT,       None),
    "InTransit_Other":                       (_F.IN_TRANSIT,       None),
    "InTransit_Departure":                   (_F.IN_TRANSIT,       None),
    "InTransit_Arrival":                     (_F.IN_TRANSIT,       None),
    "InTransit_CustomsProcessing":           (_F.IN_TRANSIT,       None),
    "InTransit_CustomsReleased":             (_F.IN_TRANSIT,       None),
    "InTransit_CustomsRequiringInformation": (_F.EXCEPTION,        _R.CUSTOMS),
    "Expired_Other":                         (None,                None),
    "AvailableForPickup_Other":              (_F.READY_FOR_PICKUP, None),
    "OutForDelivery_Other":                  (_F.OUT_FOR_DELIVERY, None),
    "DeliveryFailure_Other":                 (_F.ATTEMPTED,        None),
    "DeliveryFailure_NoBody":                (_F.ATTEMPTED,        None),
    # Another try does not mend these: somebody has to do something first.
    "DeliveryFailure_Security":              (_F.EXCEPTION,        None),
    "DeliveryFailure_Rejected":              (_F.EXCEPTION,        None),
    "DeliveryFailure_InvalidAddress":        (_F.EXCEPTION,        _R.ADDRESS),
    "Delivered_Other":                       (_F.DELIVERED,        None),
    "Exception_Other":                       (_F.EXCEPTION,        None),
    "Exception_Returning":                   (_F.RETURNED,         None),
    "Exception_Returned":                    (_F.RETURNED,         None),
    "Exception_NoBody":                      (_F.EXCEPTION,        None),
    "Exception_Security":                    (_F.EXCEPTION,        None),
    "Exception_Damage":                      (_F.EXCEPTION,        _R.DAMAGED),
    "Exception_Rejected":                    (_F.EXCEPTION,        None),
    "Exception_Delayed":                     (_F.DELAYED,          None),
    "Exception_Lost":                        (_F.EXCEPTION,        _R.CARRIER),
    "Exception_Destroyed":                   (_F.EXCEPTION,        None),
    "Exception_Cancel":                      (_F.EXCEPTION,        None),
}
# fmt: on

_UPDATED = "TRACKING_UPDATED"


def verify(secrets: Sequence[str], incoming: Incoming, now: datetime) -> bool:
    """Return whether `sign` is the hex SHA-256 of the raw body, a slash and the security key.

    17TRACK signs no time, so a replay is caught as the same body instead.
    """
    given = incoming.headers.get("sign", "").lower().encode()
    return any(hmac.compare_digest(_signature(secret, incoming.body), given) for secret in secrets)


def _signature(secret: str, body: bytes) -> bytes:
    return hashlib.sha256(body + b"/" + secret.encode()).hexdigest().encode()


def delivery_id(incoming: Incoming) -> str | None:
    """Return None: 17TRACK numbers no deliveries. The same body is the same delivery."""
    return None


def translate(incoming: Incoming) -> Translation:
    """Return the parcel's status, at its scan's time, and its estimate, at the last look's."""
    body = read_object(incoming.body)
    event = short_text(body.get("event"))
    if event is None:
        raise Untranslatable("event: a delivery says what it is about.")
    if event != _UPDATED:
        return Ignored(f"{event[:60]} is no news of a parcel")
    data = body.get("data")
    if not isinstance(data, dict):
        raise Untranslatable("data: an update carries the tracking.")
    number, info = short_text(data.get("number")), object_in(data.get("track_info"))
    latest = object_in(info.get("latest_status"))
    status = short_text(latest.get("status"))
    if number is None:
        raise Untranslatable("data.number: a tracking has one.")
    if status is None:
        raise Untranslatable("data.track_info.latest_status.status: a tracking has one.")
    if status not in STATUSES:
        return Ignored(f"{status[:60]} is a status that is not known here")

    providers = objects_in(object_in(info.get("tracking")).get("providers"))
    as_of = _last_look(providers)
    at, scan = _scan_of(info, providers, status, as_of)
    fact, cause = _meaning(latest, status)
    return facts_of(
        number,
        fact,
        at=at or as_of,
        estimate=_estimate(info, as_of),
        as_of=as_of,
        cause=cause,
        note=short_text(scan.get("description")),
    ) or Ignored(f"{status[:60]} moves nothing")


def _meaning(latest: Mapping[str, Any], status: str) -> tuple[FactType | None, Reason | None]:
    """Return what the status is, told apart by the sub-status where that belongs to it."""
    sub_status = short_text(latest.get("sub_status")) or ""
    if _main_of(sub_status) != status:
        return STATUSES[status], None
    return SUB_STATUSES.get(sub_status, (STATUSES[status], None))


def _main_of(word: str) -> str:
    return word.partition("_")[0]


def _last_look(providers: Sequence[Mapping[str, Any]]) -> datetime | None:
    """Return when 17TRACK last asked one of the parcel's carriers: as of then all of it holds."""
    looks = [moment_or_utc(one.get("latest_sync_time")) for one in providers]
    return max((look for look in looks if look is not None), default=None)


def _scan_of(
    info: Mapping[str, Any],
    providers: Sequence[Mapping[str, Any]],
    status: str,
    as_of: datetime | None,
) -> Scan | tuple[None, Mapping[str, Any]]:
    """Return the newest scan that says the status, whichever carrier's, with its time.

    A status that none says (*Expired*, or one from before scans had a sub-status) came after
    the newest of all. `latest_event` is that one again, and alone where no carrier lists any.
    """
    told = [info.get("latest_event"), *(scan for one in providers for scan in _events(one))]
    scans = [(at, scan) for scan in objects_in(told) if (at := _time(scan, as_of)) is not None]
    saying = [
        (at, scan)
        for at, scan in scans
        if _main_of(short_text(scan.get("sub_status")) or short_text(scan.get("stage")) or "")
        == status
    ]
    return newest(saying) or after(newest(scans)) or (None, {})


def _events(provider: Mapping[str, Any]) -> list[dict[str, Any]]:
    return objects_in(provider.get("events"))


def _time(scan: Mapping[str, Any], as_of: datetime | None) -> datetime | None:
    """Return when a scan happened, by the zone that 17TRACK puts it in; without one it is UTC."""
    learnt = as_of.isoformat() if as_of is not None else None
    raw = object_in(scan.get("time_raw"))
    date, time, zone = (short_text(raw.get(name)) for name in ("date", "time", "timezone"))
    written = f"{date}T{time or '00:00:00'}{zone or ''}" if date is not None else None
    for said in (scan.get("time_utc"), scan.get("time_iso"), written):
        if at := scanned_at(said, learnt):
            return at
    return None


def _estimate(info: Mapping[str, Any], as_of: datetime | None) -> Estimate | None:
    """Return the last day on which the carrier, or 17TRACK itself, expects the parcel."""
    expected = object_in(object_in(info.get("time_metrics")).get("estimated_delivery_date"))
    return estimated_day(expected.get("to"), as_of) or estimated_day(expected.get("from"), as_of)


ADAPTER = SourceAdapter(
    kind="seventeentrack",
    speaks_as=FactSource.CARRIER,
    verify=verify,
    signed_with="the access key (security key) that 17TRACK shows in the API's dashboard under"
    " Settings → Security",
    delivery_id=delivery_id,
    translate=translate,
    named_at=(("data", "number"),),
    new_secret=None,
)
