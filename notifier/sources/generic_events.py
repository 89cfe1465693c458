"""The shape of our own documented events. Unknown fields are refused by name.

The words are those of the API: what can be posted there can be signed and sent here.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationError,
    model_validator,
)

from notifier.domain.messages import Role
from notifier.domain.reasons import Party, Reason
from notifier.domain.tracking_codes import normal_tracking_code
from notifier.domain.windows import Special, Window
from notifier.shape_faults import NO_CHOICE, shape_faults

_DAY = 24 * 60
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]")
_SHOWN_PROBLEMS = 3


def _a_time(value: object) -> object:
    """Refuse numbers, also as text: Pydantic would read them as seconds since 1970."""
    if not isinstance(value, str) or not _TIME.match(value):
        raise ValueError("must be a date and time with an offset")
    return value


def _in_our_century(value: AwareDatetime) -> AwareDatetime:
    if not 2000 <= value.year < 2100:
        raise ValueError("must lie between 2000 and 2100")
    return value


def _no_nul(value: str) -> str:
    """PostgreSQL stores no NUL characters."""
    if "\x00" in value:
        raise ValueError("must not hold NUL characters")
    return value


Time = Annotated[
    AwareDatetime, Field(strict=False), BeforeValidator(_a_time), AfterValidator(_in_our_century)
]
Line = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, strip_whitespace=True),
    AfterValidator(_no_nul),
]


def _some_code(value: str) -> str:
    normal_tracking_code(value)
    return value


Code = Annotated[Line, AfterValidator(_some_code)]
Text = Annotated[
    str,
    StringConstraints(min_length=1, max_length=2000, strip_whitespace=True),
    AfterValidator(_no_nul),
]


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class WindowShape(_Shape):
    """A window: two times with offsets, the end after the start."""

    start: Time
    end: Time

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.end <= self.start:
            raise ValueError("must end after it starts")
        return self

    def window(self) -> Window:
        """Return it as the domain's value."""
        return Window(self.start, self.end)


def _window_or_word(value: object) -> str | None:
    if isinstance(value, dict | WindowShape):
        return "<window>"
    return "<word>" if value in list(Special) else None


#: When it is expected. Tags in angle brackets are no part of a field's name.
ExpectationShape = Annotated[
    Annotated[WindowShape, Tag("<window>")] | Annotated[Literal["unknown", "off"], Tag("<word>")],
    Discriminator(
        _window_or_word,
        custom_error_type=NO_CHOICE,
        custom_error_message="must be an object with start and end, or one of unknown, off",
    ),
]


class TechnicianShape(_Shape):
    """Who goes, and the number at which they are asked."""

    name: Line
    phone: Line | None = None


def _name_or_more(value: object) -> str | None:
    if isinstance(value, dict | TechnicianShape):
        return "<object>"
    return "<name>" if isinstance(value, str) else None


#: A name, or a name and a number.
WhoGoes = Annotated[
    Annotated[Line, Tag("<name>")] | Annotated[TechnicianShape, Tag("<object>")],
    Discriminator(
        _name_or_more,
        custom_error_type=NO_CHOICE,
        custom_error_message="must be a name, or an object with name and phone",
    ),
]


def name_and_phone(said: str | TechnicianShape | None) -> tuple[str | None, str | None]:
    """Return the name and the number, as far as they were said."""
    return (said.name, said.phone) if isinstance(said, TechnicianShape) else (said, None)


class FactData(_Shape):
    """What a fact may carry. Which of it goes with which type, the intake decides."""

    reference: Line | None = None
    tracking_code: Code | None = None
    minutes: Annotated[int, Field(ge=-60 * _DAY, le=60 * _DAY)] | None = None
    expected: ExpectationShape | None = None
    window: WindowShape | None = None
    agreed: bool | None = None
    reason: Reason | None = None
    by: Party | None = None
    technician: WhoGoes | None = None
    note: Text | None = None

    def expectation(self) -> Window | Special | None:
        """Return `expected` as the domain's value."""
        if isinstance(self.expected, WindowShape):
            return self.expected.window()
        return Special(self.expected) if self.expected is not None else None


class PlaceShape(_Shape):
    """Where the job is; its zone is the one that its windows are read in."""

    time_zone: Line | None = None
    address: Line | None = None


class PersonShape(_Shape):
    """Someone whom the job concerns; `reference` is the sender's own of this human."""

    reference: Line | None = None
    name: Line | None = None
    phone: Line | None = None
    email: Line | None = None
    time_zone: Line | None = None
    locale: Line | None = None
    role: Literal[Role.CUSTOMER, Role.SECOND_CONTACT, Role.ON_SITE] = Role.CUSTOMER


class ParcelShape(_Shape):
    """One parcel of an order."""

    carrier: Line
    tracking_code: Code


class AppointmentData(_Shape):
    """A new visit."""

    reference: Line
    service: Line
    technician: WhoGoes | None = None
    window: WindowShape | None = None
    place: PlaceShape = PlaceShape()
    customer: PersonShape
    contacts: Annotated[tuple[PersonShape, ...], Field(max_length=10)] = ()


class OrderData(_Shape):
    """A new order."""

    reference: Line
    service: Line | None = None
    items: Annotated[tuple[Line, ...], Field(max_length=100)] = ()
    parcels: Annotated[tuple[ParcelShape, ...], Field(max_length=50)] = ()
    window: WindowShape | None = None
    place: PlaceShape = PlaceShape()
    customer: PersonShape
    contacts: Annotated[tuple[PersonShape, ...], Field(max_length=10)] = ()


class FactEvent(_Shape):
    """`appointment.<fact>` or `order.<fact>`."""

    type: str
    timestamp: Time
    data: FactData


class AppointmentBooked(_Shape):
    """`appointment.booked`."""

    type: str
    timestamp: Time
    data: AppointmentData


class OrderBooked(_Shape):
    """`order.booked`."""

    type: str
    timestamp: Time
    data: OrderData


def problems_of(error: ValidationError) -> str:
    """Return what is wrong, a field with its problem each, without quoting any value."""
    faults = list(shape_faults(error))
    said = [f"{field}: {problem}." for field, problem in faults[:_SHOWN_PROBLEMS]]
    more = len(faults) - _SHOWN_PROBLEMS
    return " ".join(said) + (f" And {more} more." if more > 0 else "")
