"""What a caller sends to say that something happened: which fields go with which fact."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, StrictBool, StrictInt, WithJsonSchema

from notifier.domain.facts import CLOCK_SKEW, FactSource, FactType, PromiseKind
from notifier.domain.jobs import FACTS_OF, JobKind
from notifier.domain.reasons import Party, Reason
from notifier.domain.windows import utc_text
from notifier.errors import Invalid
from notifier.new_facts import LONGEST_PROMISE, NewFact
from notifier.shapes import (
    Body,
    ExpectationIn,
    LongText,
    Moment,
    TrackingCode,
    WhoGoesIn,
    WindowIn,
    name_and_phone,
    to_expectation,
)

#: A day earlier to a week later; beyond that it is another promise, to be said as a window.
_MINUTES = (-1440, 10_080)

_ALWAYS = frozenset({"type", "occurred_at", "note"})
_MOVING = frozenset({"parcel", "expected", "reason"})

#: What may be said with each fact, beside its type, its time and a note.
FIELDS: Mapping[FactType, frozenset[str]] = {
    FactType.CONFIRMED: frozenset(),
    FactType.DELAYED: frozenset({"minutes", "expected", "reason", "parcel"}),
    FactType.REASSIGNED: frozenset({"technician", "reason"}),
    FactType.EN_ROUTE: frozenset({"expected"}),
    FactType.ARRIVED: frozenset(),
    FactType.COMPLETED: frozenset(),
    FactType.MISSED: frozenset({"by", "reason"}),
    FactType.CANCELLED: frozenset({"by", "reason"}),
    FactType.RESCHEDULED: frozenset({"window", "agreed", "reason"}),
    FactType.ACCEPTED: frozenset({"window", "person"}),
    FactType.DECLINED: frozenset({"window", "person"}),
    FactType.TOLD: frozenset({"expected", "window", "person"}),
    FactType.PROMISED: frozenset({"what", "moment", "by_phone", "person"}),
    FactType.SPOKEN_TO: frozenset({"person"}),
    FactType.CONTACT_CHANGED: frozenset({"person"}),
    FactType.SHIPPED: _MOVING,
    FactType.IN_TRANSIT: _MOVING,
    FactType.OUT_FOR_DELIVERY: _MOVING,
    FactType.ATTEMPTED: _MOVING,
    FactType.READY_FOR_PICKUP: _MOVING,
    FactType.DELIVERED: frozenset({"parcel"}),
    FactType.NOT_RECEIVED: frozenset({"parcel"}),
    FactType.EXCEPTION: _MOVING,
    FactType.RETURNED: frozenset({"parcel", "reason"}),
}

_REQUIRED: Mapping[FactType, tuple[str, ...]] = {
    FactType.REASSIGNED: ("technician",),
    FactType.RESCHEDULED: ("window", "agreed"),
    FactType.ACCEPTED: ("window",),
    FactType.DECLINED: ("window",),
    FactType.PROMISED: ("what", "moment"),
}


#: What staff can promise beside a window: that is said by booking, telling or moving.
PromisedIn = Literal[PromiseKind.UPDATE, PromiseKind.CALL_BACK]


class FactIn(Body):
    """Something that happened to a job. `note` is for staff only, never for customers."""

    type: FactType
    minutes: Annotated[
        Annotated[StrictInt, Field(ge=_MINUTES[0], le=_MINUTES[1])] | None,
        Field(
            description="Of delayed: how much later than agreed. It counts from what was agreed "
            "and never adds up. Below zero it is earlier: the customer of an appointment is "
            "asked whether that suits them."
        ),
    ] = None
    expected: ExpectationIn | None = None
    window: WindowIn | None = None
    agreed: StrictBool | None = None
    reason: Reason | None = None
    by: Party | None = None
    technician: WhoGoesIn | None = None
    parcel: TrackingCode | None = None
    person: UUID | None = None
    what: Annotated[
        PromisedIn | None, Field(description="Of promised: news, or that somebody rings.")
    ] = None
    moment: Annotated[
        Moment | None,
        Field(
            description="Of promised: by when. It lies in the future, "
            f"at most {LONGEST_PROMISE.days} days ahead."
        ),
    ] = None
    by_phone: Annotated[
        StrictBool | None,
        Field(description="Of promised: they know it already. Else it is written to them."),
    ] = None
    note: LongText | None = None
    occurred_at: Annotated[
        Moment | None,
        Field(
            description="By default now, and never ahead of it. What was said or promised, and "
            "what counts from a promise, can't lie before the booking."
        ),
    ] = None

    def to_new(self, *, actor: str, now: datetime) -> NewFact:
        """Return the fact to record at `now`.

        :raises Invalid: if a field does not go with this type of fact, one is missing, or it
            has not happened yet.
        """
        self._check(now)
        technician, technician_phone = name_and_phone(self.technician)
        return NewFact(
            type=self.type,
            source=FactSource.API,
            actor=actor,
            occurred_at=self.occurred_at,
            minutes=self.minutes,
            expected=to_expectation(self.expected),
            window=self.window.to_window() if self.window else None,
            agreed=self.agreed,
            reason=self.reason,
            by=self.by,
            technician=technician,
            technician_phone=technician_phone,
            parcel=self.parcel,
            person=self.person,
            what=self.what,
            moment=self.moment,
            by_phone=self.by_phone,
            note=self.note,
        )

    def _check(self, now: datetime) -> None:
        given = {name for name in self.model_fields_set if getattr(self, name) is not None}
        for field in sorted(given - FIELDS[self.type] - _ALWAYS):
            raise Invalid(field, f"does not go with {self.type}")
        for field in _REQUIRED.get(self.type, ()):
            if field not in given:
                raise Invalid(field, f"is missing; {self.type} needs it")
        if self.type is FactType.DELAYED:
            if {"minutes", "expected"} <= given:
                raise Invalid("minutes", "can't be said together with expected")
            if not {"minutes", "expected"} & given:
                raise Invalid("expected", "is missing; say it, or minutes")
        if self.occurred_at is not None and self.occurred_at > now + CLOCK_SKEW:
            raise Invalid("occurred_at", f"must not lie ahead: it is {utc_text(now)} now")


def _type_of(kind: JobKind) -> tuple[BeforeValidator, WithJsonSchema]:
    """Take the facts that can be said of `kind`, and list them in the API's description."""
    allowed = sorted(FACTS_OF[kind])

    def check(value: object) -> object:
        if value not in allowed:
            raise ValueError(f"must be what can be said of an {kind}: {', '.join(allowed)}")
        return value

    return BeforeValidator(check), WithJsonSchema({"type": "string", "enum": allowed})


class AppointmentFactIn(FactIn):
    """A fact about an appointment. It is `missed` once the time that they were given has begun."""

    type: Annotated[FactType, *_type_of(JobKind.APPOINTMENT)]


class OrderFactIn(FactIn):
    """A fact about an order; `parcel` is the tracking code of the one parcel that it is about."""

    type: Annotated[FactType, *_type_of(JobKind.ORDER)]
