"""The rule language, as a business writes it in `rules/*.yaml`. Typed by Pydantic."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import time, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from notifier.domain import conditions
from notifier.domain.caps import Cap, CapPer
from notifier.domain.conditions import Condition, Count, Part, Question
from notifier.domain.drift import DriftKind
from notifier.domain.facts import FactType, PromiseKind
from notifier.domain.jobs import JobKind, JobStatus
from notifier.domain.messages import Channel, MessageKind, Priority
from notifier.domain.reasons import Party, Reason
from notifier.domain.rules import (
    Asserts,
    Audience,
    EpisodeBy,
    Family,
    InQuietHours,
    OnUnknown,
    Unreached,
)
from notifier.domain.schedule import At, Edge

_DURATION = re.compile(r"^(\d+)(m|h|d)$")
_SECONDS = re.compile(r"^(\d+)(s|m|h|d)$")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_COUNT = re.compile(r"^(\d+)(\+?)$")


class Belief(StrEnum):
    """What kind of thing somebody believes or was told about the time."""

    WINDOW = "window"
    UNKNOWN = "unknown"
    OFF = "off"
    NONE = "none"


def _length(pattern: re.Pattern[str], examples: str) -> Callable[[object], object]:
    def read(value: object) -> object:
        if isinstance(value, timedelta):
            return value
        match = pattern.match(value) if isinstance(value, str) else None
        if match is None:
            raise ValueError(f"write a length of time such as {examples}")
        return timedelta(**{_UNITS[match[2]]: int(match[1])})

    return read


def _clock_time(value: object) -> object:
    if isinstance(value, time):
        return value
    if isinstance(value, str):
        return time.fromisoformat(value)
    raise ValueError('write a time of day in quotes, such as "18:00"')


def _count(value: object) -> object:
    if isinstance(value, Count):
        return value
    match = _COUNT.match(str(value)) if isinstance(value, (str, int)) else None
    if match is None or isinstance(value, bool):
        raise ValueError('write a number, such as 1, or "2+" for two and more')
    return Count(int(match[1]), bool(match[2]))


def _listed(value: object) -> object:
    """Take one value for a list of one."""
    return value if isinstance(value, list) or value is None else [value]


def _text_schema(pattern: str) -> Any:
    return Field(json_schema_extra={"type": "string", "pattern": pattern})


Duration = Annotated[
    timedelta,
    BeforeValidator(_length(_DURATION, "10m, 2h or 3d"), json_schema_input_type=str),
    _text_schema(_DURATION.pattern),
]
ShortDuration = Annotated[
    timedelta,
    BeforeValidator(_length(_SECONDS, "30s, 10m or 2h"), json_schema_input_type=str),
    _text_schema(_SECONDS.pattern),
]
ClockTime = Annotated[time, BeforeValidator(_clock_time, json_schema_input_type=str)]
Times = Annotated[
    Count,
    BeforeValidator(_count, json_schema_input_type=int | str),
    Field(json_schema_extra={"examples": [0, 1, "2+"]}),
]


class _Spec(BaseModel):
    model_config = ConfigDict(
        extra="forbid", populate_by_name=True, arbitrary_types_allowed=True, use_enum_values=False
    )


OneOrMoreDrifts = Annotated[list[DriftKind], BeforeValidator(_listed), Field(min_length=1)]
OneOrMoreStatuses = Annotated[list[JobStatus], BeforeValidator(_listed), Field(min_length=1)]
OneOrMoreParties = Annotated[list[Party], BeforeValidator(_listed), Field(min_length=1)]
OneOrMoreReasons = Annotated[list[Reason], BeforeValidator(_listed), Field(min_length=1)]
OneOrMoreFacts = Annotated[list[FactType], BeforeValidator(_listed), Field(min_length=1)]
OneOrMoreBeliefs = Annotated[list[Belief], BeforeValidator(_listed), Field(min_length=1)]
OneOrMorePromises = Annotated[list[PromiseKind], BeforeValidator(_listed), Field(min_length=1)]


class PlainSpec(_Spec):
    """Questions in plain words. All that are asked must be answered with yes."""

    drift: OneOrMoreDrifts | None = Field(None, description="How what is believed moved.")
    late_by: Duration | None = Field(None, description="Expected at least so much later than told.")
    early_by: Duration | None = Field(None, description="At least so much earlier than told.")
    status: OneOrMoreStatuses | None = Field(None, description="Where the job stands.")
    by: OneOrMoreParties | None = Field(None, description="Who missed or cancelled it.")
    reason: OneOrMoreReasons | None = Field(None, description="The recorded cause.")
    cause: OneOrMoreFacts | None = Field(None, description="The fact that `expected` rests on.")
    told: OneOrMoreBeliefs | None = Field(None, description="What the person holds.")
    expected: OneOrMoreBeliefs | None = Field(None, description="What the business believes.")
    promised: OneOrMorePromises | None = Field(
        None, description="What they were promised by a moment that is still ahead."
    )
    put_off: Times | None = Field(
        None, description="How often a text alone has put that off: 0, 1, `2+`."
    )
    finished: bool | None = Field(None, description="Whether the job has ended.")
    technician_known: bool | None = Field(None, description="Whether somebody is assigned.")
    technician_changed: bool | None = Field(
        None, description="Whether somebody else was named to them."
    )
    tracked: bool | None = Field(None, description="Whether the order has a tracked parcel.")
    overdue: bool | None = Field(None, description="Whether the window they hold ended in silence.")
    bad_news: Times | None = Field(
        None, description="How much bad news of this promise they had before: 0, 1, `2+`."
    )

    def questions(self) -> list[Part]:
        """Return what it asks, in the order of the language."""
        return [
            Part(f"{name}: {_said(value)}", getattr(conditions, name)(value))
            for name in PlainSpec.model_fields
            if (value := getattr(self, name)) is not None
        ]


class IfSpec(PlainSpec):
    """The condition of a rule without CEL."""

    silent_for: Duration | None = Field(
        None, description="Nobody has reported on the job for so long."
    )
    any_of: list[PlainSpec] | None = Field(
        None, alias="any", min_length=1, description="At least one of these holds."
    )
    none_of: PlainSpec | None = Field(None, alias="not", description="None of these holds.")

    def parts(self) -> list[Part]:
        """Return every question, the dearest last."""
        parts = self.questions()
        if self.none_of is not None:
            denied = Condition(tuple(self.none_of.questions()))
            parts.append(Part(f"not: {{{_joined(denied)}}}", conditions.none_of(denied)))
        if self.any_of is not None:
            choices = [Condition(tuple(choice.questions())) for choice in self.any_of]
            text = " or ".join(f"{{{_joined(choice)}}}" for choice in choices)
            parts.append(Part(f"any: {text}", conditions.any_of(choices)))
        if self.silent_for is not None:
            asked: Question = conditions.silent_for(self.silent_for)
            parts.append(Part(f"silent_for: {_said(self.silent_for)}", asked))
        return parts


class AtSpec(_Spec):
    """A moment: before or after an edge, or a time of day some days from it."""

    edge: Edge = Field(description="What it is counted from.")
    before: Duration | None = Field(None, description="So long before the edge.")
    after: Duration | None = Field(None, description="So long after the edge.")
    days: int | None = Field(None, description="So many days from its date; -1 is the day before.")
    working_days: int | None = Field(None, description="So many working days from its date.")
    time: ClockTime | None = Field(None, description="At this local time of the place.")

    @model_validator(mode="after")
    def _one_way(self) -> AtSpec:
        by_length = self.before is not None or self.after is not None
        by_date = self.days is not None or self.working_days is not None or self.time is not None
        if self.before is not None and self.after is not None:
            raise ValueError("say `before` or `after`, not both")
        if by_length and by_date:
            raise ValueError("count in hours (`before`, `after`) or in days, not both")
        return self

    def text(self) -> str:
        """Return it as the file writes it."""
        said = {name: getattr(self, name) for name in AtSpec.model_fields}
        return ", ".join(f"{name}: {_said(value)}" for name, value in said.items() if value)

    def moment(self) -> At:
        """Return it as the domain's value."""
        shift = self.after or (-self.before if self.before is not None else timedelta(0))
        return At(
            edge=self.edge,
            shift=shift,
            days=self.days or 0,
            working_days=self.working_days or 0,
            time=self.time,
        )


class RuleSpec(_Spec):
    """One rule, as a business writes it."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$", description="Its name.")]
    jobs: JobKind = Field(alias="for", description="Appointments or orders.")
    to: Annotated[list[Audience], BeforeValidator(_listed)] = Field(
        default=[Audience.CUSTOMER],
        min_length=1,
        description="Which of the job's people; or the `technician`; or `dispatch`: a task.",
    )
    brands: list[str] = Field(default=[], description="Only for these brands, by slug.")
    if_: IfSpec | None = Field(None, alias="if", description="The condition in plain words.")
    when: str | None = Field(None, description="The condition in CEL; with `if`, both must hold.")
    at: AtSpec | None = Field(
        None, description="The moment; without it, as soon as the condition holds."
    )
    catch_up: bool = Field(
        True, description="Made up for, if its moment had passed when the promise was given."
    )
    settle: ShortDuration = Field(
        timedelta(0),
        description="Waits so long for corrections; what staff say settles at once.",
    )
    message: str | None = Field(None, description="Its words; by default the rule's own name.")
    kind: MessageKind = Field(
        MessageKind.TRANSACTIONAL, description="What it is for; it decides which consent it needs."
    )
    family: Family | None = Field(
        None,
        description="What its episodes count within; `moment` where `at` or `silent_for` is said.",
    )
    asserts: Asserts = Field(Asserts.CURRENT, description="What it says about the time.")
    episode: EpisodeBy = Field(EpisodeBy.PROMISE, description="What it speaks about once.")
    channels: list[Channel] = Field(
        default=[Channel.SMS, Channel.EMAIL], min_length=1, description="In this order."
    )
    reach: Duration = Field(
        timedelta(minutes=10), description="How long to wait for a receipt before the next."
    )
    unreached: Unreached = Field(
        Unreached.TASK, description="What follows where no channel reaches them."
    )
    tell_by: Duration | None = Field(
        None, description="By when it must be heard: so long before the window told starts."
    )
    expires: Duration = Field(timedelta(hours=4), description="When silence is better.")
    priority: Priority = Field(
        Priority.NORMAL, description="What goes first, and what gives way at a cap."
    )
    on_unknown: OnUnknown = Field(
        OnUnknown.HOLD, description="Where nobody can find out if a provider took it."
    )
    quiet: InQuietHours = Field(InQuietHours.WAIT, description="What becomes of it at night.")
    send_anyway_within: Duration = Field(
        timedelta(hours=3), description="At any hour, if it concerns a window so near."
    )
    digest: Duration | None = Field(
        None, description="Waits so long, to say it once for all of a person's jobs."
    )
    supersedes: list[str] = Field(default=[], description="Rules that need not speak any more.")
    call_task: bool = Field(False, description="A person is to ring as well.")
    call_first: bool = Field(False, description="A person is to ring; nothing is texted alone.")
    update_after: Duration | None = Field(
        None, description="Promises an update so long after it goes."
    )
    bad_news: bool = Field(False, description="Counts as a slip of the promise.")
    tells_of_end: bool = Field(False, description="Goes out though the job has ended.")
    concerns_past: bool = Field(False, description="Worth sending after the window.")
    names_technician: bool = Field(False, description="Says who is coming.")
    trial: bool = Field(False, description="Plans and records, and sends nothing.")
    enabled: bool = Field(True, description="Off: planned never, shown by explain.")

    @model_validator(mode="after")
    def _makes_sense(self) -> RuleSpec:
        if self.if_ is None and self.when is None and self.at is None:
            raise ValueError("say when: `if`, `when` or `at` is missing")
        if Audience.DISPATCH in self.to and len(self.to) > 1:
            raise ValueError("`dispatch` gets a task of its own: give it a rule of its own")
        if Audience.TECHNICIAN in self.to and len(self.to) > 1:
            raise ValueError("the `technician` is asked, not told: give them a rule of their own")
        return self


class CapSpec(_Spec):
    """How many messages are enough. Those of `priority: high`, and bad news, always go."""

    per: CapPer = Field(CapPer.PERSON, description="Whose messages are counted.")
    period: Duration = Field(description="In any stretch of this length.")
    at_most: int = Field(ge=1, description="So many messages; one less for `priority: low`.")
    kinds: list[MessageKind] = Field(
        default=[], description="Which are counted and held back; by default all."
    )

    def cap(self) -> Cap:
        """Return the cap."""
        return Cap(
            per=self.per, period=self.period, at_most=self.at_most, kinds=frozenset(self.kinds)
        )


class RuleFile(_Spec):
    """A file of rules. Their order matters: of those about the time the first speaks."""

    caps: list[CapSpec] = Field(
        default=[], description="How many messages are enough, whatever rule they come from."
    )
    rules: list[RuleSpec] = Field(description="The rules, in the order in which they speak.")


def _joined(condition: Condition) -> str:
    return ", ".join(part.text for part in condition.parts)


def _said(value: object) -> str:
    """Return a value as the file writes it."""
    if isinstance(value, timedelta):
        return _length_text(value)
    if isinstance(value, Count):
        return f"{value.number}{'+' if value.or_more else ''}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, list):
        words = [str(word) for word in value]
        return words[0] if len(words) == 1 else f"[{', '.join(words)}]"
    return str(value)


def _length_text(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
