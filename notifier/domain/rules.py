"""What a rule is: for which jobs, when, which message, to whom, over which channels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum

from notifier.domain.jobs import JobKind
from notifier.domain.messages import Channel, MessageKind, Role

#: Typed values in, whether the condition holds out. Only `True` counts.
Condition = Callable[[Mapping[str, object]], bool]


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

    PROMISE = "promise"  # once for each agreed promise
    DAY = "day"  # once for each local day on which it happened
    ONCE = "once"  # once for the job


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the business's manners, as `rules/*.yaml` states it."""

    id: str
    jobs: JobKind
    to: tuple[Role, ...]
    condition: Condition
    when: str  # the condition's own text
    message: str  # templates/messages/<locale>/<message>
    kind: MessageKind
    family: Family
    asserts: Asserts
    episode: EpisodeBy
    channels: tuple[Channel, ...]
    reach: timedelta  # how long to wait for *delivered* before the next channel
    expires: timedelta  # after it was owed; a slip expires with its window instead
    evening_before: time | None = None  # local time at the place, on the day before
    update_after: timedelta | None = None  # "we will text by": an update promise
    call_task: bool = False  # a person is to ring as well
    bad_news: bool = False  # counts as a slip of the promise
    tells_of_end: bool = False  # goes out though the job has ended
    concerns_past: bool = False  # still worth sending when the window has passed
    names_technician: bool = False
    enabled: bool = True
