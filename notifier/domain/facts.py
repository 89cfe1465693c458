"""Facts: what happened to a job, as told by a source. Append-only; everything else follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from notifier.domain.reasons import Party, Reason
from notifier.domain.windows import Expectation, Window

#: How far the clock of whoever says something may be off, either way.
CLOCK_SKEW = timedelta(minutes=5)


class FactType(StrEnum):
    """Every kind of fact. `booked` opens a job, `withdrawn` takes another fact back."""

    BOOKED = "booked"
    WITHDRAWN = "withdrawn"
    # appointments and orders
    DELAYED = "delayed"
    CANCELLED = "cancelled"
    TOLD = "told"
    PROMISED = "promised"  # that they hear, or are called, by a moment
    SPOKEN_TO = "spoken_to"  # somebody of ours spoke to them
    CONTACT_CHANGED = "contact_changed"
    # appointments
    CONFIRMED = "confirmed"
    REASSIGNED = "reassigned"
    EN_ROUTE = "en_route"
    ARRIVED = "arrived"
    COMPLETED = "completed"
    MISSED = "missed"
    RESCHEDULED = "rescheduled"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    # orders
    SHIPPED = "shipped"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    ATTEMPTED = "attempted"
    READY_FOR_PICKUP = "ready_for_pickup"
    DELIVERED = "delivered"
    NOT_RECEIVED = "not_received"
    EXCEPTION = "exception"
    RETURNED = "returned"


class FactSource(StrEnum):
    """Who said so. Only staff reopen a finished job."""

    STAFF = "staff"
    TECHNICIAN = "technician"
    CARRIER = "carrier"
    SHOP = "shop"
    CUSTOMER = "customer"
    CLOCK = "clock"
    API = "api"


class PromiseKind(StrEnum):
    """What a promise promises: a window, or that something happens by a moment."""

    WINDOW = "window"
    UPDATE = "update"  # "we will text by": news
    CALL_BACK = "call_back"  # a person rings


class Terms(StrEnum):
    """What an `accepted` fact accepted."""

    OFFER = "offer"  # a window that we asked about: it becomes the agreed one
    SUITS = "suits"  # a late time that suits: told is given, agreed stays


#: What it is that stands somehow.
STATUS, PROMISE, ESTIMATE = "status", "promise", "estimate"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a source has something, which it says again whenever anything there changes."""

    source: UUID  # the integration
    about: str  # STATUS, PROMISE, ESTIMATE
    word: str  # for how it stands, as the source has it
    anew: bool = False  # it came to stand so then, also if it had been so before


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that happened to one job. Names nobody: people are ids.

    `seq` is the order of arrival; state folds by (`effective_at`, `seq`).
    """

    id: UUID
    seq: int
    type: FactType
    source: FactSource
    occurred_at: datetime
    received_at: datetime
    minutes: int | None = None  # shift of the agreed window; says it, never adds to it
    expected: Expectation | None = None
    window: Window | None = None
    agreed: bool | None = None
    reason: Reason | None = None
    by: Party | None = None
    technician: UUID | None = None
    parcel: str | None = None  # tracking code, normalised
    person: UUID | None = None  # the job person who accepted, declined, was told or promised
    terms: Terms | None = None
    what: PromiseKind | None = None  # of `promised`: an update or a call back
    moment: datetime | None = None  # of `promised`: by when
    by_phone: bool | None = None  # of `promised`: they know it; else it is to be written
    withdraws: UUID | None = None
    hold_seconds: int = 0  # "Sending in 10 s · Undo": what rests on it waits so long
    before_live: bool = False  # its source was not live yet: what rests on it owes nothing
    stands: Standing | None = None  # news only where that differs from the source's last

    @property
    def effective_at(self) -> datetime:
        """When it counts from: a source whose clock runs ahead can't overtake the future."""
        return min(self.occurred_at, self.received_at)

    def says_the_same_as(self, other: Fact) -> bool:
        """Return whether both make the same claim, whoever said it and when."""
        return _claim(self) == _claim(other)


def _claim(fact: Fact) -> tuple[object, ...]:
    if fact.type is FactType.SPOKEN_TO or fact.by_phone:  # two calls are two calls
        return (fact.type, fact.id)
    return (
        fact.type,
        fact.minutes,
        fact.expected,
        fact.window,
        fact.agreed,
        fact.by,
        fact.technician,
        fact.parcel,
        fact.person,
        fact.what,
        fact.moment,
    )
