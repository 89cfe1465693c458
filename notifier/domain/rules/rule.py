"""What a rule is: for which jobs, when, which message, to whom, over which channels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import Self

from notifier.domain.caps import Cap
from notifier.domain.jobs import JobKind
from notifier.domain.messages import Channel, MessageKind, Priority
from notifier.domain.rules.conditions import Condition
from notifier.domain.schedule import At


class Family(StrEnum):
    """What the episodes of a rule count within."""

    SLIP = "slip"  # the promised time moved; one rule speaks for each episode
    STATUS = "status"  # something happened
    MOMENT = "moment"  # a time has come


class Asserts(StrEnum):
    """What a message says about the time, and so what `told` becomes when it arrives."""

    DRIFT = "drift"  # what moved (an offer asserts for episodes only)
    CURRENT = "current"  # what stands: expected where it has not drifted, else told
    UNKNOWN = "unknown"
    OFF = "off"
    NOTHING = "nothing"


class EpisodeBy(StrEnum):
    """What makes it the same episode."""

    PROMISE = "promise"  # once for each agreed promise, and day of it
    DAY = "day"  # once for each local day on which it happened
    MOMENT = "moment"  # once for each moment that `at` names
    ONCE = "once"  # once for the job


class Audience(StrEnum):
    """Whom a rule turns to: the job's people by role, or those who do the work."""

    CUSTOMER = "customer"
    SECOND_CONTACT = "second_contact"
    ON_SITE = "on_site"
    TECHNICIAN = "technician"  # who is assigned now
    DISPATCH = "dispatch"  # a task on the board


class InQuietHours(StrEnum):
    """What becomes of a message that is owed at night."""

    WAIT = "wait"
    DROP = "drop"


class OnUnknown(StrEnum):
    """What to do where nobody can find out if a provider took it."""

    HOLD = "hold"
    RESEND = "resend"


class Unreached(StrEnum):
    """What follows when no channel reaches them."""

    TASK = "task"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the business's manners, as `rules/*.yaml` states it."""

    id: str
    jobs: JobKind
    to: frozenset[Audience]
    brands: tuple[str, ...] = ()  # slugs; none: all of them
    condition: Condition
    text: str = ""  # condition and moment, as the file states them
    message: str  # templates/messages/<locale>/<message>
    kind: MessageKind
    family: Family
    asserts: Asserts
    episode: EpisodeBy

    # when
    at: At | None = None  # a moment; without one it is owed as soon as the condition holds
    catch_up: bool = True  # a moment that had passed when the promise was given is made up for
    settle: timedelta = timedelta(0)  # waits so long for corrections; staff's word settles at once

    # how
    channels: tuple[Channel, ...]
    reach: timedelta  # how long to wait for *delivered* before the next channel
    unreached: Unreached = Unreached.TASK
    tell_by: timedelta | None = None  # before `told.start`, instead of the usual moment
    expires: timedelta  # after it was owed; a slip expires with its window instead
    priority: Priority = Priority.NORMAL
    on_unknown: OnUnknown = OnUnknown.HOLD

    # manners
    quiet: InQuietHours = InQuietHours.WAIT
    send_anyway_within: timedelta = timedelta(hours=3)  # of a window that it concerns
    digest: timedelta | None = None  # waits so long for the same news of their other jobs
    supersedes: tuple[str, ...] = ()  # rules that need not speak any more
    call_task: bool = False  # a person is to ring as well
    call_first: bool = False  # a person is to ring; nothing is texted alone

    update_after: timedelta | None = None  # "we will text by": an update promise
    bad_news: bool = False  # counts as a slip of the promise
    tells_of_end: bool = False  # goes out though the job has ended
    concerns_past: bool = False  # still worth sending when the window has passed
    names_technician: bool = False
    trial: bool = False  # plans and records, sends nothing
    enabled: bool = True

    @property
    def at_a_cap(self) -> Priority:
        """What its messages are worth once a person has had enough: bad news never gives way."""
        never = self.bad_news or self.asserts is Asserts.OFF
        return Priority.HIGH if never else self.priority


class RuleSet(tuple[Rule, ...]):
    """The rules in the order in which they speak, with what is asked of them all the time.

    `caps` is how many messages are enough, whatever rule they come from.
    """

    caps: tuple[Cap, ...]

    def __new__(cls, rules: Iterable[Rule] = (), *, caps: Iterable[Cap] = ()) -> Self:
        made = super().__new__(cls, rules)
        made.caps = tuple(caps)
        return made

    @cached_property
    def by_id(self) -> Mapping[str, Rule]:
        """Every rule by its name."""
        return {rule.id: rule for rule in self}

    @cached_property
    def bad_news(self) -> frozenset[str]:
        """The names of those that count as a slip."""
        return frozenset(rule.id for rule in self if rule.bad_news)

    @cached_property
    def silencers(self) -> Mapping[str, frozenset[str]]:
        """By the name of a rule, those whose message makes its own needless."""
        return {
            name: frozenset(rule.id for rule in self if name in rule.supersedes and not rule.trial)
            for name in {name for rule in self for name in rule.supersedes}
        }

    @cached_property
    def enabled(self) -> frozenset[str]:
        """The names of those that are on."""
        return frozenset(rule.id for rule in self if rule.enabled)

    @cached_property
    def _by_kind(self) -> Mapping[JobKind, tuple[Rule, ...]]:
        return {kind: tuple(rule for rule in self if rule.jobs is kind) for kind in JobKind}

    @cached_property
    def _asking(self) -> Mapping[JobKind, tuple[Rule, ...]]:
        return {
            kind: tuple(rule for rule in rules if Audience.TECHNICIAN in rule.to)
            for kind, rules in self._by_kind.items()
        }

    def asking(self, kind: JobKind) -> tuple[Rule, ...]:
        """Return those about jobs of `kind` that turn to who does the work."""
        return self._asking[kind]

    def of(self, kind: JobKind) -> tuple[Rule, ...]:
        """Return those about jobs of `kind`."""
        return self._by_kind[kind]
