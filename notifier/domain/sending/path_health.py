"""How a path (a provider with the sender it speaks from) fares, folded from its own answers.

The answers are on record, so every worker comes to the same conclusion, whichever of them
asked, and one that was restarted has forgotten nothing. Nothing else is kept.

The circuit is closed while all is well. It opens after three ill answers in a row, or when
half of at least ten within a minute were ill; slow is ill, too. Then it is left alone for a
while, longer each time, and tried again: with one message, then with twice as many at once
for each that goes well, until it is closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median

_WINDOW = timedelta(minutes=1)
_IN_A_ROW = 3
_AT_LEAST = 10  # answers within the window, before their share counts
_SLOW = 5.0  # seconds
_OPEN_S = (15, 30, 60, 120)  # the last holds from then on
_TRIALS = 4  # good ones that close it
_PACE_S = (1, 2, 4, 8, 16, 30)  # our own rest after one "too fast" after another

#: No path has more messages as trials at once.
MOST_TRIALS: int = 2**_TRIALS

#: A path that was told to rest longer than this is as good as away: another one carries.
PATIENCE = timedelta(seconds=30)


class Tone(StrEnum):
    """What one answer says of the path that gave it, whatever it says of the message."""

    WELL = "well"  # taken or refused: it works
    ILL = "ill"  # it failed, was not there, or refused us
    PACED = "paced"  # too fast: neither well nor ill


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer of a path, or the lack of one."""

    at: datetime
    tone: Tone
    took: float | None = None  # seconds
    wait: float | None = None  # seconds for which the path shall rest

    @property
    def is_ill(self) -> bool:
        """Whether it is a bad sign: it failed, or it took too long."""
        return self.tone is Tone.ILL or (self.took or 0) > _SLOW


@dataclass(frozen=True, slots=True, kw_only=True)
class PathHealth:
    """Where a path stands after its latest answer."""

    recent: tuple[Answer, ...] = ()  # of the window, while the circuit is closed
    in_a_row: int = 0  # ill ones
    open_until: datetime | None = None  # None: closed. From then on: trials
    openings: int = 0  # one after another
    good_trials: int = 0
    rests_until: datetime | None = None  # as it was told
    rest: timedelta = timedelta()  # how long that is in all
    paced: int = 0  # one after another

    def has_room(self, now: datetime, under_way: int) -> bool:
        """Return whether the circuit lets one more message through.

        :param under_way: messages with the path that were handed to it as trials.
        """
        if self.open_until is None:
            return True
        return now >= self.open_until and under_way < 2**self.good_trials


def health_of(answers: Iterable[Answer]) -> PathHealth:
    """Return what `answers`, oldest first, make of a path."""
    health = PathHealth()
    for answer in answers:
        health = after_answer(health, answer)
    return health


def after_answer(health: PathHealth, answer: Answer) -> PathHealth:
    """Return how the path stands once it has given `answer`."""
    health = _rested(health, answer)
    if answer.tone is Tone.PACED:
        return health
    if health.open_until is None:
        return _while_closed(health, answer)
    if answer.at < health.open_until:
        return health  # it was asked before the circuit opened
    if answer.is_ill:
        return _opened(health, answer.at)
    good = health.good_trials + 1
    if good < _TRIALS:
        return replace(health, good_trials=good)
    return replace(health, open_until=None, openings=0, good_trials=0)


def _rested(health: PathHealth, answer: Answer) -> PathHealth:
    """Note for how long it wants to be left alone. An earlier wish that is longer holds."""
    if answer.tone is Tone.PACED:
        ours = _PACE_S[min(health.paced, len(_PACE_S) - 1)]
        rest = timedelta(seconds=max(answer.wait or 0, ours))
        health = replace(health, paced=health.paced + 1)
    elif answer.wait is not None:
        rest = timedelta(seconds=answer.wait)
    else:
        return replace(health, paced=0) if answer.tone is Tone.WELL else health
    until = answer.at + rest
    if health.rests_until is not None and health.rests_until >= until:
        return health
    return replace(health, rests_until=until, rest=rest)


def _while_closed(health: PathHealth, answer: Answer) -> PathHealth:
    recent = (*(one for one in health.recent if one.at > answer.at - _WINDOW), answer)
    in_a_row = health.in_a_row + 1 if answer.is_ill else 0
    many = len(recent) >= _AT_LEAST and 2 * sum(one.is_ill for one in recent) >= len(recent)
    if in_a_row >= _IN_A_ROW or (answer.is_ill and many):
        return _opened(health, answer.at)
    return replace(health, recent=recent, in_a_row=in_a_row)


def _opened(health: PathHealth, at: datetime) -> PathHealth:
    seconds = _OPEN_S[min(health.openings, len(_OPEN_S) - 1)]
    return replace(
        health,
        recent=(),
        in_a_row=0,
        open_until=at + timedelta(seconds=seconds),
        openings=health.openings + 1,
        good_trials=0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """All that the choice between paths looks at, of one of them."""

    health: PathHealth = PathHealth()
    halted_until: datetime | None = None  # the sender was refused by a carrier, or its owner
    under_way: int = 0  # see `PathHealth.has_room`

    def is_able(self, now: datetime) -> bool:
        """Return whether it can carry a message, now or after a short rest."""
        is_halted = self.halted_until is not None and self.halted_until > now
        rests = self.health.rests_until is not None and self.health.rests_until > now
        is_away = is_halted or (rests and self.health.rest > PATIENCE)
        return not is_away and self.health.has_room(now, self.under_way)

    def free_at(self, now: datetime) -> datetime:
        """Return when it may be spoken to again as far as it said so, `now` at the soonest."""
        return max(now, self.halted_until or now, self.health.rests_until or now)


@dataclass(frozen=True, slots=True)
class Choice:
    """The path that carries next, by its place, and until when to wait for it."""

    index: int
    waits_until: datetime | None


def choose(stands: Sequence[Stand], *, now: datetime) -> Choice:
    """Choose between paths in the order of preference: the first that is able.

    Where none is, the one that is free soonest: a circuit chooses between paths, it never
    takes away the last one.
    """
    able = [index for index, stand in enumerate(stands) if stand.is_able(now)]
    free = [stand.free_at(now) for stand in stands]
    index = able[0] if able else min(range(len(stands)), key=lambda one: free[one])
    return Choice(index, free[index] if free[index] > now else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What people are shown of a path's last minutes."""

    answers: int
    ill: int
    paced: int
    seconds: float | None  # the median answer


def figures(answers: Iterable[Answer], *, since: datetime) -> Figures:
    """Count the answers from `since` on."""
    counted = [answer for answer in answers if answer.at >= since]
    times = [answer.took for answer in counted if answer.took is not None]
    return Figures(
        answers=len(counted),
        ill=sum(answer.is_ill for answer in counted),
        paced=sum(answer.tone is Tone.PACED for answer in counted),
        seconds=median(times) if times else None,
    )
