"""Count how promises ended, and how long before it they knew. What was withdrawn counts nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import floor
from statistics import median

from notifier.domain.ledger.endings import Ending, PromiseView
from notifier.domain.messages import Strength
from notifier.domain.windows import Window

_CHANGED = frozenset({Ending.MOVED_IN_TIME, Ending.MOVED_LATE, Ending.BROKEN})
_DECIDED = _CHANGED | {Ending.KEPT}
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLine:
    """One group of promises that reached people equally surely.

    Times are whole minutes, rounded down: who heard a second too late has one below zero.
    """

    group: str
    reached: Strength
    promises: int
    kept: int
    moved_in_time: int
    moved_late: int
    broken: int
    never_told: int  # of the broken
    open: int  # their time has not run out
    no_word: int  # it has, and nobody said how it went
    knew_before_start: int | None  # median, of the changed whose person heard at all
    knew_before_tell_by: int | None  # median; below zero they heard too late
    share_before_tell_by: float | None  # of all that changed, heard or not
    second_times: int  # given after the first did not hold, and decided
    second_kept: int


@dataclass(slots=True)
class _Tally:
    endings: dict[Ending, int] = field(default_factory=lambda: dict.fromkeys(Ending, 0))
    never_told: int = 0
    no_word: int = 0
    before_start: list[float] = field(default_factory=list)
    before_tell_by: list[float] = field(default_factory=list)
    second_times: int = 0
    second_kept: int = 0

    def add(self, view: PromiseView) -> None:
        self.endings[view.ending] += not view.no_word
        self.never_told += view.never_told
        self.no_word += view.no_word
        if view.ending in _CHANGED and view.heard_at is not None:
            self.before_start.append((_start(view) - view.heard_at) / _MINUTE)
            self.before_tell_by.append((view.tell_by - view.heard_at) / _MINUTE)


class PromiseReport:
    """Takes in the promises of one person after the other."""

    def __init__(self, *, since: datetime, until: datetime) -> None:
        self.since, self.until = since, until
        self._tallies: dict[tuple[str, Strength], _Tally] = {}

    def take(self, views: Sequence[PromiseView], group: Callable[[PromiseView], str]) -> None:
        """Count those of one person's promises that were due within the time of the report."""
        for view in views:
            if self._is_in(view):
                self._tally(view, group).add(view)
        first, second = _second_time(views)
        if first is None or second is None or not self._is_in(first):
            return
        tally = self._tally(first, group)
        tally.second_times += 1
        tally.second_kept += second.ending is Ending.KEPT

    def lines(self) -> list[ReportLine]:
        """Return the counts: by group, and within it what is certain before what is presumed."""
        order = list(Strength)
        keys = sorted(self._tallies, key=lambda key: (key[0], order.index(key[1])))
        return [_line(group, reached, self._tallies[group, reached]) for group, reached in keys]

    def _is_in(self, view: PromiseView) -> bool:
        counts = view.ending is not Ending.WITHDRAWN and view.repeats is None
        return counts and self.since <= view.due < self.until

    def _tally(self, view: PromiseView, group: Callable[[PromiseView], str]) -> _Tally:
        return self._tallies.setdefault((group(view), how_surely(view)), _Tally())


def how_surely(view: PromiseView) -> Strength:
    """Return how surely we know of the promise: by its weaker link, what gave it or what
    changed it."""
    links = {view.entry.strength, view.heard_strength}
    return next(s for s in (Strength.PRESUMED, Strength.DELIVERED, Strength.GIVEN) if s in links)


def _second_time(
    views: Iterable[PromiseView],
) -> tuple[PromiseView | None, PromiseView | None]:
    """Return the first window, if it did not hold, and the one that took its place, if that
    has been decided. One that they left for an earlier time of their choice held."""
    windows = [
        view
        for view in views
        if view.entry.moment is None
        and view.repeats is None
        and not view.by_choice
        and view.ending is not Ending.WITHDRAWN
    ]
    if not windows or windows[0].ending not in _CHANGED:
        return None, None
    first = windows[0]
    ended = first.heard_at or first.ended_at
    later = (view for view in windows[1:] if ended is not None and view.entry.given_at >= ended)
    second = next(later, None)
    return first, second if second is not None and second.ending in _DECIDED else None


def _start(view: PromiseView) -> datetime:
    asserts = view.entry.asserts
    return asserts.start if isinstance(asserts, Window) else view.due


def _line(group: str, reached: Strength, tally: _Tally) -> ReportLine:
    counts = tally.endings
    changed = sum(counts[ending] for ending in _CHANGED)
    return ReportLine(
        group=group,
        reached=reached,
        promises=sum(counts.values()) + tally.no_word,
        kept=counts[Ending.KEPT],
        moved_in_time=counts[Ending.MOVED_IN_TIME],
        moved_late=counts[Ending.MOVED_LATE],
        broken=counts[Ending.BROKEN],
        never_told=tally.never_told,
        open=counts[Ending.OPEN],
        no_word=tally.no_word,
        knew_before_start=_median(tally.before_start),
        knew_before_tell_by=_median(tally.before_tell_by),
        share_before_tell_by=counts[Ending.MOVED_IN_TIME] / changed if changed else None,
        second_times=tally.second_times,
        second_kept=tally.second_kept,
    )


def _median(minutes: Sequence[float]) -> int | None:
    return floor(median(minutes)) if minutes else None
