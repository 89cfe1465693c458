"""Conditions in plain words: each part a question about the situation, and its own text."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta

from notifier.domain.rules.situation import Situation

Question = Callable[[Situation], bool]


@dataclass(frozen=True, slots=True)
class Part:
    """One question, and how the rule file asks it."""

    text: str
    holds: Question
    about_time: bool = False  # it can become true because of what is believed about the time


#: Questions about what is believed of the time, and what of it they heard.
ABOUT_TIME = frozenset({"drift", "late_by", "early_by", "told", "expected", "cause", "bad_news"})


@dataclass(frozen=True, slots=True)
class Condition:
    """All of its parts must hold. None: it always holds."""

    parts: tuple[Part, ...] = ()
    silent_for: timedelta | None = None  # how long nobody may have reported for it to hold
    silent_at: frozenset[str] = frozenset()  # on parcels that stand there; empty: on any
    parcel_at: frozenset[str] = frozenset()  # a parcel must stand there; empty: it is not asked

    @property
    def about_time(self) -> bool:
        """Whether it can become true because of what is believed about the time."""
        return any(part.about_time for part in self.parts)

    def fails_by(self, situation: Situation) -> Part | None:
        """Return the first part that does not hold; None if all do."""
        for part in self.parts:
            if not part.holds(situation):
                return part
        return None

    def holds(self, situation: Situation) -> bool:
        """Return whether every part holds."""
        return self.fails_by(situation) is None


@dataclass(frozen=True, slots=True)
class Count:
    """A number of times: exactly so many, or so many and more."""

    number: int
    or_more: bool = False

    def covers(self, count: int) -> bool:
        """Return whether `count` is such a number."""
        return count >= self.number if self.or_more else count == self.number


def _among(read: Callable[[Situation], object]) -> Callable[[Collection[str]], Question]:
    def question(allowed: Collection[str]) -> Question:
        known = frozenset(allowed)
        return lambda situation: read(situation) in known

    return question


def _any_among(
    read: Callable[[Situation], frozenset[str]],
) -> Callable[[Collection[str]], Question]:
    def question(wanted: Collection[str]) -> Question:
        known = frozenset(wanted)
        return lambda situation: not known.isdisjoint(read(situation))

    return question


def _is(read: Callable[[Situation], bool]) -> Callable[[bool], Question]:
    return lambda wanted: lambda situation: read(situation) is wanted


def late_by(least: timedelta) -> Question:
    """Return whether it is expected at least so much later than they were told."""
    minutes = least.total_seconds() / 60
    return lambda situation: situation.drift.minutes >= minutes


def early_by(least: timedelta) -> Question:
    """Return whether it is expected at least so much earlier than they were told."""
    minutes = least.total_seconds() / 60
    return lambda situation: situation.drift.minutes <= -minutes


def bad_news(count: Count) -> Question:
    """Return whether they heard so much bad news about this promise already."""
    return lambda situation: count.covers(situation.bad_news)


def put_off(count: Count) -> Question:
    """Return whether so many texts owned up to what was not kept yet, and no person since."""
    return lambda situation: situation.moment is not None and count.covers(situation.moment.put_off)


def silent_for(least: timedelta, at: Collection[str] = ()) -> Question:
    """Return whether nobody has reported on the job, or on a parcel that stands `at`, for so
    long."""

    def question(situation: Situation) -> bool:
        since = situation.silent_since(at)
        return since is not None and situation.now - since >= least

    return question


def stands_at(statuses: Collection[str]) -> Question:
    """Return whether a parcel that is awaited, else the job, has one of `statuses`."""
    known = frozenset(statuses)
    return lambda situation: any(status in known for status, _ in situation.standings)


def any_of(choices: Collection[Condition]) -> Question:
    """Return whether at least one of `choices` holds."""
    return lambda situation: any(choice.holds(situation) for choice in choices)


def none_of(condition: Condition) -> Question:
    """Return whether no part of `condition` holds."""
    return lambda situation: not any(part.holds(situation) for part in condition.parts)


drift = _among(lambda s: s.drift.kind)
status = _among(lambda s: s.state.status)
parcel = stands_at
by = _among(lambda s: s.state.by)
reason = _among(lambda s: s.state.reason)
cause = _among(lambda s: s.cause)
told = _among(lambda s: s.told)
expected = _among(lambda s: s.expected)
promised = _among(lambda s: s.moment.what if s.moment else "")
finished = _is(lambda s: s.state.finished)
technician_known = _is(lambda s: s.state.technician is not None)
technician_changed = _is(lambda s: s.technician_changed)
source_says = _any_among(lambda s: s.job.through.says_itself if s.job.through else frozenset())
tracked = _is(lambda s: bool(s.state.tracked))
overdue = _is(lambda s: s.overdue)
