"""The shape of our own documented events. Unknown fields are refused by name.

The words are those of the API: what can be posted there can be signed and sent here.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from notifier.domain.messages import Role
from notifier.domain.reasons import Party, Reason
from notifier.domain.windows import Expectation
from notifier.shape_faults import shape_faults
from notifier.shapes import (
    Email,
    ExpectationIn,
    Locale,
    LongText,
    Moment,
    ParcelIn,
    Phone,
    PlaceIn,
    Reference,
    ShortText,
    TrackingCode,
    WhoGoesIn,
    WindowIn,
    Zone,
    to_expectation,
)

_DAY = 24 * 60
_SHOWN_PROBLEMS = 3


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class FactData(_Shape):
    """What a fact may carry. Which of it goes with which type, the intake decides."""

    reference: Reference | None = None
    tracking_code: TrackingCode | None = None
    minutes: Annotated[int, Field(ge=-60 * _DAY, le=60 * _DAY)] | None = None
    expected: ExpectationIn | None = None
    window: WindowIn | None = None
    agreed: bool | None = None
    reason: Reason | None = None
    by: Party | None = None
    technician: WhoGoesIn | None = None
    note: LongText | None = None

    def expectation(self) -> Expectation | None:
        """Return `expected` as the domain's value."""
        return to_expectation(self.expected)


class PersonShape(_Shape):
    """Someone whom the job concerns; `reference` is the sender's own of this human."""

    reference: Reference | None = None
    name: ShortText | None = None
    phone: Phone | None = None
    email: Email | None = None
    time_zone: Zone | None = None
    locale: Locale | None = None
    role: Literal[Role.CUSTOMER, Role.SECOND_CONTACT, Role.ON_SITE] = Role.CUSTOMER


class AppointmentData(_Shape):
    """A new visit."""

    reference: Reference
    service: ShortText
    technician: WhoGoesIn | None = None
    window: WindowIn | None = None
    place: PlaceIn = PlaceIn()
    customer: PersonShape
    contacts: Annotated[tuple[PersonShape, ...], Field(max_length=10)] = ()


class OrderData(_Shape):
    """A new order."""

    reference: Reference
    service: ShortText | None = None
    items: Annotated[tuple[ShortText, ...], Field(max_length=100)] = ()
    parcels: Annotated[tuple[ParcelIn, ...], Field(max_length=50)] = ()
    window: WindowIn | None = None
    place: PlaceIn = PlaceIn()
    customer: PersonShape
    contacts: Annotated[tuple[PersonShape, ...], Field(max_length=10)] = ()


class FactEvent(_Shape):
    """`appointment.<fact>` or `order.<fact>`."""

    type: str
    timestamp: Moment
    data: FactData


class AppointmentBooked(_Shape):
    """`appointment.booked`."""

    type: str
    timestamp: Moment
    data: AppointmentData


class OrderBooked(_Shape):
    """`order.booked`."""

    type: str
    timestamp: Moment
    data: OrderData


def problems_of(error: ValidationError) -> str:
    """Return what is wrong, a field with its problem each, without quoting any value."""
    faults = list(shape_faults(error))
    said = [f"{field}: {problem}." for field, problem in faults[:_SHOWN_PROBLEMS]]
    more = len(faults) - _SHOWN_PROBLEMS
    return " ".join(said) + (f" And {more} more." if more > 0 else "")
