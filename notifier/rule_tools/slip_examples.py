"""A slip to show the words of a rule by, for a job of which none is true."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass

from notifier.domain.drift import Drift, DriftKind
from notifier.domain.jobs import JobKind
from notifier.domain.rules.rule import Rule
from notifier.domain.rules.situation import Situation
from notifier.domain.windows import OFF, UNKNOWN, Window

_HOUR, _DAY = 60, 24 * 60  # minutes
_BAD_NEWS = range(3)  # how often before: no rule asks for more than "2 and more"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """What a rule about the time is worded by. `said` is None where it is the true one."""

    drift: Drift
    said: str | None = None


def slip_for(rule: Rule, situation: Situation) -> Slip | None:
    """Return the slip that `rule` asks for: the true one if it fits as well as any example.

    None if nothing moved and there is no window from which an example could be made.
    """
    return max(
        _slips(situation),
        key=lambda slip: max(_fit(rule, situation, slip.drift, bad) for bad in _BAD_NEWS),
        default=None,
    )


def _fit(rule: Rule, situation: Situation, drift: Drift, bad_news: int) -> int:
    """Count the parts of the condition that would hold."""
    other = copy(situation)
    other.drift, other.bad_news = drift, bad_news
    return sum(part.holds(other) for part in rule.condition.parts)


def _slips(situation: Situation) -> Iterator[Slip]:
    """Yield the true slip, if any, and then examples, the likeliest first."""
    if situation.drift.kind is not DriftKind.NONE:
        yield Slip(drift=situation.drift)
    state = situation.state
    known = (situation.reference.asserts, state.expected, state.agreed)
    told = next((one for one in known if isinstance(one, Window)), None)
    if told is None:
        return
    if state.kind is JobKind.APPOINTMENT:
        yield _moved(told, DriftKind.LATER, _HOUR, "an hour later")
        yield _moved(told, DriftKind.EARLIER, -_HOUR, "an hour earlier", binds=False)
        yield _moved(told, DriftKind.LATER, 4 * _HOUR, "four hours later")
        yield _moved(told, DriftKind.OTHER_DAY, _DAY, "a day later", binds=False)
    else:
        yield _moved(told, DriftKind.LATER, _DAY, "a day later")
        yield _moved(told, DriftKind.EARLIER, -_DAY, "a day earlier", binds=False)
    yield _moved(told, DriftKind.MOVED, _DAY, "a day later")
    for kind, asserts, said in (
        (DriftKind.UNKNOWN, UNKNOWN, "nobody knows when"),
        (DriftKind.OFF, OFF, "not that day"),
        (DriftKind.MISTAKE, told, "a text that was a mistake"),
        (DriftKind.LAPSED, told, "an offer that no longer stands"),
    ):
        yield Slip(drift=Drift(kind=kind, asserts=asserts, told=told), said=said)


def _moved(told: Window, kind: DriftKind, by: int, said: str, *, binds: bool = True) -> Slip:
    drift = Drift(kind=kind, asserts=told.shifted(by), told=told, minutes=by, moves_told=binds)
    return Slip(drift=drift, said=said)
