"""What "15 late" of a technician says: which window the minutes count from, and what it becomes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from notifier.domain.facts import Fact, FactSource, FactType
from notifier.domain.folding import JobState, fold
from notifier.domain.windows import Window

#: Nobody in a car speaks of a time more exactly.
_GRAIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What who goes was asked last about a visit: by which message, when, and due when."""

    message: UUID
    asked_at: datetime
    due: Window | None  # the time that it named


def counts_from(
    state: JobState, facts: Collection[Fact], question: Question | None
) -> Window | None:
    """Return the window that minutes of lateness count from; None if there is none yet.

    It is the time that the last question named. Where nobody asked, or somebody else moved it
    since, it is what is believed. What they said of it themselves since they were asked, or put
    on the visit, is left out: so a word said twice, by text and by tap, counts once, and
    another word replaces it.
    """
    since = [question.asked_at] if question is not None else []
    if state.technician_fact is not None:
        since.append(state.technician_fact.received_at)
    by_others = [fact for fact in facts if not _is_their_word(fact, since)]
    before = fold(state.kind, by_others)
    if question is not None and question.due is not None:
        moved = before.expected_fact
        if moved is None or moved.received_at <= question.asked_at:
            return question.due
    return before.expected if isinstance(before.expected, Window) else before.agreed


def said_late(base: Window, minutes: int, *, now: datetime) -> Window:
    """Return `base` so many minutes later; once it has passed, they count from `now`."""
    passed = max(now - base.end, timedelta(0))
    grains = -(-passed // _GRAIN)
    return base.shifted(minutes + int(grains * _GRAIN / timedelta(minutes=1)))


def _is_their_word(fact: Fact, since: Collection[datetime]) -> bool:
    return (
        fact.source is FactSource.TECHNICIAN
        and fact.type is FactType.DELAYED
        and fact.received_at >= max(since, default=fact.received_at)
    )
