"""The ways of parcels, with all the trouble that real ones had: what a tracker sends of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.sources import (
    aftership_events,
    easypost_events,
    seventeentrack_events,
    shipengine_events,
    shippo_events,
)
from tests.webhooks.signing import headers_of

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Said:
    """One delivery as its source sends it."""

    kind: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Order:
    """One order in one parcel: each has its own customer, so that none bears on another."""

    number: int

    @property
    def reference(self) -> str:
        """What its shop calls it."""
        return f"#{10_000 + self.number}"

    @property
    def code(self) -> str:
        """Of its parcel."""
        return f"1ZWAY{10_000 + self.number}"

    @property
    def phone(self) -> str:
        """Of who ordered."""
        return f"+1206{2_000_000 + self.number}"

    @property
    def email(self) -> str:
        """Of who ordered."""
        return f"ada{10_000 + self.number}@customers.example"


#: All that is said of an order, or of its parcel alone, until now.
Way = Callable[[Order, datetime], Sequence[Said]]


def easypost(order: Order, now: datetime) -> list[Said]:
    """It is tried three times, and is said to come early, which nobody knows the day of."""
    parcel = easypost_events.Parcel(code=order.code)
    tomorrow, after = now + 24 * HOUR, now + 48 * HOUR
    events = [
        parcel.scanned("pre_transit", now - 60 * HOUR, detail="label_created"),
        parcel.scanned("in_transit", now - 50 * HOUR, estimate=tomorrow),
        parcel.updated("in_transit", now - 40 * HOUR, detail="weather_delay"),
        parcel.scanned("in_transit", now - 38 * HOUR, estimate=after),
        parcel.scanned("out_for_delivery", now - 29 * HOUR, detail="out_for_delivery"),
        parcel.scanned("out_for_delivery", now - 28 * HOUR, detail="out_for_delivery"),
        parcel.scanned("failure", now - 25 * HOUR, detail="delivery_exception"),
        parcel.scanned("failure", now - 24 * HOUR, detail="delivery_exception", estimate=after),
        parcel.scanned("failure", now - 20 * HOUR, detail="address_correction"),
        parcel.scanned("unknown", now - 8 * HOUR, estimate=tomorrow),
        parcel.scanned("out_for_delivery", now - 2 * HOUR, detail="out_for_delivery"),
        parcel.scanned("delivered", now - HOUR, detail="arrived_at_destination"),
    ]
    return [by_easypost(event, now) for event in events]


def easypost_ahead(order: Order, now: datetime) -> list[Said]:
    """In Tokyo, whose local times are marked as UTC: of the last scans all lie ahead of us."""
    parcel = easypost_events.Parcel(code=order.code)

    def said(status: str, hours_ago: int, **of_scan: Any) -> Said:
        at = now - hours_ago * HOUR
        return by_easypost(parcel.scanned(status, at + 9 * HOUR, sent_at=at, **of_scan), now)

    still_out = ("out_for_delivery", now - 3 * HOUR)
    return [
        said("in_transit", 30, estimate=now + 48 * HOUR),
        said("out_for_delivery", 8, detail="out_for_delivery"),
        said("failure", 7, detail="delivery_exception"),
        said("out_for_delivery", 5, detail="out_for_delivery"),
        by_easypost(parcel.updated(*still_out, estimate=now + 24 * HOUR), now),
        said("failure", 1, detail="delivery_exception"),
    ]


def shippo(order: Order, now: datetime) -> list[Said]:
    """It is late, then it has a day; nobody is there at first."""

    def said(status: str, hours_ago: int, **of_scan: Any) -> Said:
        return by_shippo(order, status, now - hours_ago * HOUR, now, **of_scan)

    after = (now + 48 * HOUR).date().isoformat()
    return [
        said("PRE_TRANSIT", 40),
        said("TRANSIT", 30, substatus="package_accepted"),
        said("TRANSIT", 20, substatus="delayed"),
        said("TRANSIT", 18, substatus="package_departed", eta=f"{after}T00:00:00Z"),
        said("TRANSIT", 5, substatus="out_for_delivery"),
        said("TRANSIT", 4, substatus="notice_left"),
        said("TRANSIT", 2, substatus="out_for_delivery"),
        said("DELIVERED", 1, substatus="delivered"),
    ]


def aftership(order: Order, now: datetime) -> list[Said]:
    """Weather holds it up, its day is moved, nobody is there, and so it goes back."""

    def said(tag: str, hours_ago: int, **msg: Any) -> Said:
        return by_aftership(order, tag, now - hours_ago * HOUR, now, **msg)

    after = (now + 48 * HOUR).date().isoformat()
    return [
        said("InfoReceived", 40),
        said("InTransit", 30),
        said("Exception", 20, subtag_message="Delayed (Extreme weather)"),
        said("InTransit", 18, event="edd_revise", expected_delivery=after),
        said("OutForDelivery", 7),
        said("AttemptFail", 6, subtag_message="Addressee not available"),
        said("OutForDelivery", 4),
        said("AttemptFail", 3),
        said("Exception", 1, subtag_message="Returned to sender", subtag="Exception_007"),
    ]


def shipengine(order: Order, now: datetime) -> list[Said]:
    """The carrier is late; delivered is scanned twice within a minute; scans lie in any order."""
    scans: list[dict[str, Any]] = []

    def said(status: str, minutes_ago: int, *, detail: str | None = None, **data: Any) -> Said:
        at = (now - timedelta(minutes=minutes_ago)).isoformat()
        scans.insert(0, shipengine_events.scan(status, at, detail=detail))
        older = [*scans[2:], *scans[1:2]]
        event = shipengine_events.track_event(scans[0], *older, code=order.code, **data)
        body = shipengine_events.body_of(event)
        return Said("shipengine", headers_of("shipengine", body, now), body)

    after = (now + 48 * HOUR).date().isoformat()
    return [
        said("AC", 2400, detail="ELEC_ADVICE_RECD_BY_CARRIER"),
        said("AC", 1800, detail="PICKED_UP"),
        said("EX", 1200, detail="CARRIER_DELAYS"),
        said("IT", 1080, detail="HUB_SCAN_OUT", estimated_delivery_date=f"{after}T00:00:00"),
        said("IT", 300, detail="OUT_FOR_DELIVERY"),
        said("AT", 240),
        said("IT", 120, detail="OUT_FOR_DELIVERY"),
        said("DE", 60, detail="DELIVERED"),
        said("DE", 59, detail="DELIVERED"),
    ]


def seventeentrack(order: Order, now: datetime) -> list[Said]:
    """Customs ask for a paper, a zone is not the carrier's, it is looked at again without news."""
    scans: list[dict[str, Any]] = []
    after = {"source": "Official", "from": None, "to": (now + 48 * HOUR).date().isoformat()}

    def looked(sub_status: str, hours_ago: int, **update: Any) -> Said:
        event = seventeentrack_events.updated(
            sub_status, *scans, looked=now - hours_ago * HOUR, number=order.code, **update
        )
        body = seventeentrack_events.body_of(event)
        return Said("seventeentrack", headers_of("seventeentrack", body, now), body)

    def said(sub_status: str, hours_ago: int, *, ahead: int = 0, **update: Any) -> Said:
        at = now - (hours_ago - ahead) * HOUR
        scans.insert(0, seventeentrack_events.scan(sub_status, at))
        return looked(sub_status, hours_ago, **update)

    return [
        said("InfoReceived", 60),
        said("InTransit_PickedUp", 50),
        said("InTransit_CustomsRequiringInformation", 40),
        said("InTransit_CustomsReleased", 36),
        looked("Expired_Other", 32),
        said("Exception_Delayed", 30),
        looked("Exception_Delayed", 28, estimate=after),
        said("OutForDelivery_Other", 9, ahead=1),
        looked("OutForDelivery_Other", 8),
        said("DeliveryFailure_NoBody", 6),
        said("OutForDelivery_Other", 4),
        said("DeliveryFailure_Rejected", 3),
        said("Exception_Returning", 2, ahead=1),
        said("Exception_Returned", 1),
    ]


def by_easypost(event: dict[str, Any], now: datetime) -> Said:
    """Return an event of EasyPost's, sent now."""
    body = easypost_events.body_of(event)
    return Said("easypost", headers_of("easypost", body, now), body)


def by_shippo(order: Order, status: str, at: datetime, now: datetime, **of_scan: Any) -> Said:
    """Return a scan `at` of which Shippo tells now."""
    body = shippo_events.body_of(
        shippo_events.track_updated(status, at, code=order.code, **of_scan)
    )
    return Said("shippo", headers_of("shippo", body, now), body)


def by_aftership(order: Order, tag: str, at: datetime, now: datetime, **msg: Any) -> Said:
    """Return a checkpoint `at` of which AfterShip tells now."""
    event = aftership_events.tracking_event(
        tag,
        at,
        tracking_number=order.code,
        checkpoints=[aftership_events.checkpoint(tag, at.isoformat())],
        **msg,
    )
    body = aftership_events.body_of({**event, "event_id": f"{order.code}-{at.isoformat()}"})
    return Said("aftership", headers_of("aftership", body, now), body)


#: Of orders that a caller booked.
TRACKED: dict[str, Way] = {
    "easypost": easypost,
    "easypost_ahead": easypost_ahead,
    "shippo": shippo,
    "aftership": aftership,
    "shipengine": shipengine,
    "seventeentrack": seventeentrack,
}
