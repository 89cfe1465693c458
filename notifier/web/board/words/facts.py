"""What facts say, who said them, and why it happened."""

from __future__ import annotations

from notifier.board_reading.job import FactLine
from notifier.domain.facts import FactSource, FactType
from notifier.domain.folding import ANSWERS
from notifier.domain.reasons import Party, Reason
from notifier.web.board.words.promises import PROMISE

FACT: dict[FactType, str] = {
    FactType.BOOKED: "Booked",
    FactType.WITHDRAWN: "Taken back",
    FactType.DELAYED: "Running late",
    FactType.CANCELLED: "Cancelled",
    FactType.TOLD: "Told by phone",
    FactType.PROMISED: "Promised",
    FactType.SPOKEN_TO: "Spoken to",
    FactType.CONTACT_CHANGED: "Contact details changed",
    FactType.CONFIRMED: "Confirmed",
    FactType.REASSIGNED: "Someone else goes",
    FactType.EN_ROUTE: "On the way",
    FactType.ARRIVED: "Arrived",
    FactType.COMPLETED: "Done",
    FactType.MISSED: "Missed",
    FactType.RESCHEDULED: "Moved",
    FactType.ACCEPTED: "Accepted",
    FactType.DECLINED: "Declined",
    FactType.SHIPPED: "Shipped",
    FactType.IN_TRANSIT: "In transit",
    FactType.OUT_FOR_DELIVERY: "Out for delivery",
    FactType.ATTEMPTED: "Delivery attempted",
    FactType.READY_FOR_PICKUP: "Ready for pickup",
    FactType.DELIVERED: "Delivered",
    FactType.NOT_RECEIVED: "Says it never came",
    FactType.EXCEPTION: "Carrier has a problem",
    FactType.RETURNED: "Returned",
}

SOURCE: dict[FactSource, str] = {
    FactSource.STAFF: "staff",
    FactSource.TECHNICIAN: "the technician",
    FactSource.CARRIER: "the carrier",
    FactSource.SHOP: "the shop",
    FactSource.CUSTOMER: "the customer",
    FactSource.CLOCK: "the clock",
    FactSource.API: "your own system",
}

REASON: dict[Reason, str] = {
    Reason.TRAFFIC: "Traffic",
    Reason.WEATHER: "Weather",
    Reason.EARLIER_JOB: "Earlier visit took longer",
    Reason.PARTS: "Waiting for parts",
    Reason.VEHICLE: "Trouble with the van",
    Reason.STAFFING: "Short of people",
    Reason.ADDRESS: "Address unclear",
    Reason.CUSTOMS: "Customs",
    Reason.CARRIER: "The carrier",
    Reason.STOCK: "Out of stock",
    Reason.DAMAGED: "Damaged",
    Reason.OTHER: "Something else",
}

PARTY: dict[Party, str] = {
    Party.US: "by us",
    Party.CUSTOMER: "by the customer",
    Party.UNKNOWN: "nobody knows by whom",
}


def fact_words(line: FactLine) -> str:
    """Return what a fact says: `Running late, 45 min (traffic)`, `Shipped, parcel 1Z1`."""
    fact = line.fact
    said = FACT[fact.type]
    if fact.minutes is not None:
        said = "Back on time" if fact.minutes == 0 else f"{said}, {fact.minutes} min"
    if line.parcel:
        said = f"{said}, parcel {line.parcel}"
    if line.technician:
        said = f"{said}: {line.technician}"
    if fact.what is not None:
        whom = f"{line.person} " if line.person else ""
        said = f"{said} {whom}{PROMISE[fact.what]}{'' if fact.by_phone else ', in writing'}"
    elif line.person and fact.type in ANSWERS:
        said = f"{said}: {line.person}"
    if fact.type is FactType.RESCHEDULED:
        said = f"{said}, {'agreed' if fact.agreed else 'not agreed yet'}"
    if fact.by is not None:
        said = f"{said} {PARTY[fact.by]}"
    if fact.reason is not None:
        said = f"{said} ({REASON[fact.reason].lower()})"
    return said
