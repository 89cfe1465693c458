"""The rule language, as a business writes it in `rules/*.yaml`. Typed by Pydantic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from notifier.domain.caps import Cap, CapPer
from notifier.domain.drift import DriftKind
from notifier.domain.facts import FactType, PromiseKind
from notifier.domain.jobs import JobKind, JobStatus
from notifier.domain.messages import Channel, MessageKind, Priority
from notifier.domain.reasons import Party, Reason
from notifier.domain.rules import conditions
from notifier.domain.rules.conditions import Condition, Part, Question
from notifier.domain.rules.rule import (
    Asserts,
    Audience,
    EpisodeBy,
    Family,
    InQuietHours,
    OnUnknown,
    Unreached,
)
from notifier.domain.schedule import At, Edge
from notifier.rule_language.values import (
    AnyOf,
    ClockTime,
    Days,
    Duration,
    DurationOrNothing,
    HowMany,
    Name,
    OneOrMore,
    ShortDuration,
    Times,
    WorkingDays,
    all_differ,
    said,
)


class Belief(StrEnum):
    """What kind of thing somebody believes or was told about the time."""

    WINDOW = "window"
    UNKNOWN = "unknown"
    OFF = "off"
    NONE = "none"


class _Spec(BaseModel):
    model_config = ConfigDict(
        extra="forbid", populate_by_name=True, arbitrary_types_allowed=True, use_enum_values=False
    )

    @field_validator("*", mode="before")
    @classmethod
    def _has_a_value(cls, value: object) -> object:
        """A name with nothing behind it was begun and forgotten; it must not mean "any"."""
        if value is None:
            raise ValueError("nothing stands behind it: write a value, or take the line out")
        return value


class PlainSpec(_Spec):
    """Questions in plain words. All that are asked must be answered with yes."""

    drift: OneOrMore[DriftKind] | None = Field(None, description="How what is believed moved.")
    late_by: Duration | None = Field(None, description="Expected at least so much later than told.")
    early_by: Duration | None = Field(None, description="At least so much earlier than told.")
    status: OneOrMore[JobStatus] | None = Field(None, description="Where the job stands.")
    parcel: OneOrMore[JobStatus] | None = Field(
        None,
        description="Where one of the parcels stands that are still to come, whatever the others "
        "do; without a tracked parcel, the order.",
    )
    by: OneOrMore[Party] | None = Field(None, description="Who missed or cancelled it.")
    reason: OneOrMore[Reason] | None = Field(None, description="The recorded cause.")
    cause: OneOrMore[FactType] | None = Field(
        None, description="The fact that `expected` rests on."
    )
    told: OneOrMore[Belief] | None = Field(None, description="What the person holds.")
    expected: OneOrMore[Belief] | None = Field(None, description="What the business believes.")
    promised: OneOrMore[PromiseKind] | None = Field(
        None, description="What they were promised by a moment that is still ahead."
    )
    put_off: Times | None = Field(
        None,
        description="How many texts have owned up that no news, or no call, has come yet, "
        "whichever promise each spoke of, since a person spoke to them or they had it: "
        "0, 1, `2+`.",
    )
    finished: bool | None = Field(None, description="Whether the job has ended.")
    technician_known: bool | None = Field(None, description="Whether somebody is assigned.")
    technician_changed: bool | None = Field(
        None, description="Whether somebody else was named to them."
    )
    tracked: bool | None = Field(None, description="Whether the order has a tracked parcel.")
    source_says: OneOrMore[JobStatus] | None = Field(
        None,
        description="What the vendor of the source that booked it tells its customers itself.",
    )
    overdue: bool | None = Field(None, description="Whether the window they hold ended in silence.")
    bad_news: Times | None = Field(
        None, description="How much bad news of this promise they had before: 0, 1, `2+`."
    )

    @model_validator(mode="after")
    def _asks_something(self) -> PlainSpec:
        if not self.model_fields_set:
            raise ValueError("an empty condition always holds: ask something, or take it out")
        return self

    def questions(self) -> list[Part]:
        """Return what it asks, in the order of the language."""
        return [
            Part(
                f"{name}: {said(value)}",
                self._question(name)(value),
                about_time=name in conditions.ABOUT_TIME,
            )
            for name in PlainSpec.model_fields
            if (value := getattr(self, name)) is not None
        ]

    def _question(self, name: str) -> Callable[[Any], Question]:
        question: Callable[[Any], Question] = getattr(conditions, name)
        return question


class IfSpec(PlainSpec):
    """The condition of a rule without CEL."""

    silent_for: Duration | None = Field(
        None,
        description="Nobody has reported on the job for so long; of an order, on one of its "
        "parcels, and `status` beside it is where that parcel stands.",
    )
    any_of: list[PlainSpec] | None = Field(
        None, alias="any", min_length=1, description="At least one of these holds."
    )
    none_of: PlainSpec | None = Field(None, alias="not", description="None of these holds.")

    def parts(self, besides: Sequence[Part] = ()) -> list[Part]:
        """Return every question and those asked `besides`; last `silent_for`, as planning needs."""
        parts = self.questions()
        if self.none_of is not None:
            denied = Condition(tuple(self.none_of.questions()))
            asked = conditions.none_of(denied)
            parts.append(Part(f"not: {{{_joined(denied)}}}", asked, denied.about_time))
        if self.any_of is not None:
            choices = [Condition(tuple(choice.questions())) for choice in self.any_of]
            text = " or ".join(f"{{{_joined(choice)}}}" for choice in choices)
            about_time = any(choice.about_time for choice in choices)
            parts.append(Part(f"any: {text}", conditions.any_of(choices), about_time))
        parts += besides
        if self.silent_for is not None:
            silent = conditions.silent_for(self.silent_for, self.status or ())
            parts.append(Part(f"silent_for: {said(self.silent_for)}", silent))
        return parts

    def _question(self, name: str) -> Callable[[Any], Question]:
        """Where an order is silent, it is one of its parcels that is."""
        if name == "status" and self.silent_for is not None:
            return conditions.stands_at
        return super()._question(name)


class AtSpec(_Spec):
    """A moment: before or after an edge, or a time of day some days from it."""

    edge: Edge = Field(description="What it is counted from.")
    before: Duration | None = Field(None, description="So long before the edge.")
    after: Duration | None = Field(None, description="So long after the edge.")
    days: Days | None = Field(None, description="So many days from its date; -1 is the day before.")
    working_days: WorkingDays | None = Field(
        None, description="So many working days from its date."
    )
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
        values = {name: getattr(self, name) for name in AtSpec.model_fields}
        return ", ".join(
            f"{name}: {said(value)}" for name, value in values.items() if value is not None
        )

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

    id: Name = Field(description="Its name.")
    jobs: JobKind = Field(alias="for", description="Appointments or orders.")
    to: OneOrMore[Audience] = Field(
        default=[Audience.CUSTOMER],
        description="Which of the job's people; or the `technician`; or `dispatch`: a task.",
    )
    brands: AnyOf[str] = Field(default=[], description="Only for these brands, by slug.")
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
        description="Waits so long for corrections, at most 1h; what staff say settles at once.",
    )
    message: Name | None = Field(None, description="Its words; by default the rule's own name.")
    kind: MessageKind = Field(
        MessageKind.TRANSACTIONAL, description="What it is for; it decides which consent it needs."
    )
    family: Family | None = Field(
        None,
        description="What its episodes count within; `moment` where `at` or `silent_for` is said.",
    )
    asserts: Asserts | None = Field(
        None,
        description="What it says about the time: `drift` where `family` is `slip`, which can "
        "say nothing else; else `current`.",
    )
    episode: EpisodeBy = Field(EpisodeBy.PROMISE, description="What it speaks about once.")
    channels: Annotated[OneOrMore[Channel], AfterValidator(all_differ)] = Field(
        default=[Channel.SMS, Channel.EMAIL], description="In this order."
    )
    reach: Duration = Field(
        timedelta(minutes=10),
        description="How long to wait until it is taken, and then for a receipt, before the next; "
        "less where `tell_by` is near.",
    )
    unreached: Unreached = Field(
        Unreached.TASK, description="What follows where no channel reaches them."
    )
    tell_by: DurationOrNothing | None = Field(
        None, description="By when it must be heard: so long before the window told starts."
    )
    expires: Duration = Field(
        timedelta(hours=4),
        description="When silence is better. What staff promised is worth saying until its moment, "
        "and that nobody comes for as long as they wait.",
    )
    priority: Priority = Field(
        Priority.NORMAL, description="What goes first, and what gives way at a cap."
    )
    on_unknown: OnUnknown = Field(
        OnUnknown.HOLD, description="Where nobody can find out if a provider took it."
    )
    quiet: InQuietHours = Field(InQuietHours.WAIT, description="What becomes of it at night.")
    send_anyway_within: DurationOrNothing = Field(
        timedelta(hours=3), description="At any hour, if it concerns a window so near."
    )
    digest: Duration | None = Field(
        None, description="Waits so long, at most 1d, to say it once for all of a person's jobs."
    )
    supersedes: AnyOf[str] = Field(default=[], description="Rules that need not speak any more.")
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


class CapSpec(_Spec):
    """How many messages are enough. Those of `priority: high`, and bad news, always go."""

    per: CapPer = Field(CapPer.PERSON, description="Whose messages are counted.")
    period: Duration = Field(description="In any stretch of this length.")
    at_most: HowMany = Field(description="So many messages; one less for `priority: low`.")
    kinds: AnyOf[MessageKind] = Field(
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
