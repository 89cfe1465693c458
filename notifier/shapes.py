"""The small shapes that requests and our own events are made of, strict about what they take.

Times are text with an offset: a naive time, an epoch number or a date alone is refused, since
guessing the zone of a promise is how customers are told the wrong hour.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    StringConstraints,
    Tag,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from notifier.domain.email_addresses import is_email_address
from notifier.domain.time_zones import zone_names
from notifier.domain.tracking_codes import normal_tracking_code
from notifier.domain.windows import Expectation, Special, Window
from notifier.shape_faults import NO_CHOICE

#: RFC 3339; seconds may be left out.
_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_YEARS = range(2000, 2100)
_LOCALE = re.compile(r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}$")
_LINE_BREAKS = frozenset("\n\r\t")


class Body(BaseModel):
    """What every request body is: only known fields."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)


def _moment(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise ValueError("must be text such as 2026-11-23T17:00:00Z")
    text = value.strip()
    if not _RFC3339.fullmatch(text):
        if _RFC3339.fullmatch(text + "Z"):
            raise ValueError("must say its UTC offset, as in 2026-11-23T17:00:00Z")
        raise ValueError("must be a time such as 2026-11-23T17:00:00Z")
    try:
        moment = datetime.fromisoformat(_nine_to_six(text.upper())).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is not a time that exists") from None
    if moment.year not in _YEARS:
        raise ValueError(f"must be between {_YEARS.start} and {_YEARS.stop - 1}")
    return moment


def _nine_to_six(text: str) -> str:
    """Cut what is finer than a microsecond."""
    return re.sub(r"(\.\d{6})\d+", r"\1", text)


#: Embeddings, overrides and isolates (Unicode UAX #9): they make a page show another text.
_TURNS_TEXT_ROUND = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _is_control(character: str) -> bool:
    """PostgreSQL can't keep NUL, and no text can show the others."""
    return unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}


def _storable(*, lines: bool) -> Callable[[str], str]:
    def check(value: str) -> str:
        for character in value:
            if lines and character in _LINE_BREAKS:
                continue
            if _is_control(character):
                raise ValueError("must not hold control characters")
            if character in _TURNS_TEXT_ROUND:
                raise ValueError("must not hold characters that turn the text's direction")
        return value

    return check


def fit_to_show(text: str) -> str:
    """Return lines that nobody has checked yet, with a mark for each character that is refused."""
    return "".join(
        character
        if character in _LINE_BREAKS
        or not (_is_control(character) or character in _TURNS_TEXT_ROUND)
        else "\N{REPLACEMENT CHARACTER}"
        for character in text
    )


def _zone(value: str) -> str:
    if value not in zone_names():
        raise ValueError("is no time zone; write it as in America/Los_Angeles")
    return value


def _email(value: str) -> str:
    if not is_email_address(value):
        raise ValueError("is not an email address")
    return value


def _locale(value: str) -> str:
    if not _LOCALE.fullmatch(value):
        raise ValueError("is no locale; write it as en or pt-BR")
    return value


def _some_code(value: str) -> str:
    normal_tracking_code(value)
    return value


Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Reference = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100, strip_whitespace=True),
    AfterValidator(_storable(lines=False)),
]
TrackingCode = Annotated[Reference, AfterValidator(_some_code)]
ShortText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=120, strip_whitespace=True),
    AfterValidator(_storable(lines=False)),
]
LongText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=2000, strip_whitespace=True),
    AfterValidator(_storable(lines=True)),
]
Zone = Annotated[ShortText, AfterValidator(_zone)]
Locale = Annotated[
    str,
    AfterValidator(_locale),
    WithJsonSchema({"type": "string", "pattern": _LOCALE.pattern}),
]
Email = Annotated[
    str,
    StringConstraints(min_length=3, max_length=254, strip_whitespace=True),
    AfterValidator(_storable(lines=False)),
    AfterValidator(_email),
]
Phone = Annotated[
    str,
    StringConstraints(min_length=3, max_length=40, strip_whitespace=True),
    AfterValidator(_storable(lines=False)),
]


class TechnicianIn(Body):
    """Who goes; at `phone` they are asked, by text, where nobody has reported on a visit."""

    name: ShortText
    phone: Phone | None = None


def _name_or_more(value: object) -> str | None:
    if isinstance(value, dict | TechnicianIn):
        return "<object>"
    return "<name>" if isinstance(value, str) else None


#: A name, or a name and a number. Tags in angle brackets are no part of a field's name.
WhoGoesIn = Annotated[
    Annotated[ShortText, Tag("<name>")] | Annotated[TechnicianIn, Tag("<object>")],
    Discriminator(
        _name_or_more,
        custom_error_type=NO_CHOICE,
        custom_error_message="must be a name, or an object with name and phone",
    ),
]


def name_and_phone(said: WhoGoesIn | None) -> tuple[str | None, str | None]:
    """Return the name and the number, as far as they were said."""
    return (said.name, said.phone) if isinstance(said, TechnicianIn) else (said, None)


class PlaceIn(Body):
    """Where it happens; times in messages read in its zone."""

    time_zone: Zone | None = None
    address: LongText | None = None


class ParcelIn(Body):
    """One parcel, as its carrier knows it."""

    carrier: ShortText
    tracking_code: TrackingCode


class WindowIn(Body):
    """A start and an end; the end is later."""

    start: Moment
    end: Moment

    @field_validator("end")
    @classmethod
    def _after_start(cls, end: datetime, info: ValidationInfo) -> datetime:
        start = info.data.get("start")
        if start is not None and end <= start:
            raise ValueError("must be after start")
        return end

    def to_window(self) -> Window:
        """Return the window."""
        return Window(self.start, self.end)


def _window_or_word(value: object) -> str | None:
    if isinstance(value, dict | WindowIn):
        return "<window>"
    return "<word>" if value in list(Special) else None


ExpectationIn = Annotated[
    Annotated[WindowIn, Tag("<window>")] | Annotated[Special, Tag("<word>")],
    Discriminator(
        _window_or_word,
        custom_error_type=NO_CHOICE,
        custom_error_message="must be an object with start and end, or one of unknown, off",
    ),
]


def to_expectation(value: WindowIn | Special | None) -> Expectation | None:
    """Return what a body's `expected` means."""
    return value.to_window() if isinstance(value, WindowIn) else value
