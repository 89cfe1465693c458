"""How a job really went, read from its facts: who was there when, and whose doing it was if not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notifier.domain.facts import Fact, FactSource, FactType
from notifier.domain.folding import JobState, fold
from notifier.domain.reasons import Party
from notifier.domain.windows import Expectation

_THERE = frozenset({FactType.ARRIVED, FactType.COMPLETED})
_AT_THE_DOOR = frozenset({FactType.DELIVERED, FactType.READY_FOR_PICKUP})


def speaks_to_them(fact: Fact) -> bool:
    """Return whether somebody of ours spoke to the person of `fact`. What they asked for on their
    page nobody said to them."""
    by_phone = fact.type is FactType.PROMISED and fact.by_phone is True
    spoken = fact.type in (FactType.SPOKEN_TO, FactType.TOLD) or by_phone
    return spoken and fact.source is not FactSource.CUSTOMER


@dataclass(frozen=True, slots=True)
class Presence:
    """We were there, or the order was."""

    at: datetime
    fact: Fact

    @property
    def by_then(self) -> bool:
        """Whether it is only known by when: the end of the visit is on record, or the customer
        said that we are there. Since when, neither says."""
        return self.fact.type is FactType.COMPLETED or self.fact.source is FactSource.CUSTOMER


@dataclass(frozen=True, slots=True)
class Belief:
    """What was expected at some moment, and the fact that it rested on."""

    expected: Expectation | None
    fact: Fact | None


class Course:
    """The facts of one job that count: not withdrawn, and not without effect."""

    def __init__(self, state: JobState, facts: Iterable[Fact]) -> None:
        left_out = state.withdrawn | state.ignored
        self.state = state
        self.facts: Sequence[Fact] = sorted(
            (f for f in facts if f.id not in left_out and f.type is not FactType.WITHDRAWN),
            key=lambda fact: (fact.effective_at, fact.seq),
        )
        self.by_id: dict[UUID, Fact] = {fact.id: fact for fact in self.facts}
        self.presences = tuple(self._presences())
        self._beliefs: dict[datetime, Belief] = {}

    def presence_for(
        self, given_at: datetime, *, learnt_since: datetime | None = None
    ) -> Presence | None:
        """Return when we were first there for a promise given at `given_at`.

        An earlier visit counts only if the job was not set anew since.

        :param learnt_since: leaves out what was on record before.
        """
        for presence in self.presences:
            if learnt_since is not None and presence.fact.received_at < learnt_since:
                continue
            if presence.at >= given_at or not self.set_anew(presence.at, given_at):
                return presence
        return None

    def set_anew(self, after: datetime, until: datetime) -> bool:
        """Return whether the job got another time then, and so is another visit."""
        return any(
            fact.type is FactType.RESCHEDULED and after <= fact.effective_at <= until
            for fact in self.facts
        )

    def first(self, type: FactType, *, by: Party, since: datetime) -> Fact | None:
        """Return the first such fact at or after `since` that was this party's doing."""
        return next((fact for fact in self._of(type, since) if fact.by is by), None)

    def our_failure(self, since: datetime) -> Fact | None:
        """Return the first fact at or after `since` that says it did not come about, not by the
        customer's doing. Nobody's word that it was theirs is ours to give."""
        failures = (FactType.MISSED, FactType.CANCELLED, FactType.RETURNED)
        return next(
            (
                fact
                for fact in self.facts
                if fact.type in failures
                and fact.effective_at >= since
                and fact.by is not Party.CUSTOMER
            ),
            None,
        )

    def belief_at(self, moment: datetime) -> Belief:
        """Return what was expected at `moment`, by what is known today to have been no mistake."""
        if moment not in self._beliefs:
            known = [fact for fact in self.facts if fact.effective_at <= moment]
            state = fold(self.state.kind, known, self.state.parcels)
            self._beliefs[moment] = Belief(state.expected, state.expected_fact)
        return self._beliefs[moment]

    def _of(self, type: FactType, since: datetime) -> Iterator[Fact]:
        return (f for f in self.facts if f.type is type and f.effective_at >= since)

    def _presences(self) -> Iterator[Presence]:
        """A visit counts from its arrival, else its end; an order when its last parcel is there.

        "Not received" takes a delivery back. A parcel that waits to be picked up is there,
        unless it went there because nobody could hand it over.
        """
        here: set[str | None] = set()
        failed: set[str | None] = set()
        awaited: set[str | None] = set(self.state.parcels) or {None}
        found: list[Presence] = []
        arrived = False
        for fact in self.facts:
            if fact.type is FactType.RESCHEDULED:
                arrived = False
            elif fact.type in _THERE:
                if not arrived:
                    found.append(Presence(fact.effective_at, fact))
                arrived = True
            about = awaited if fact.parcel is None else {fact.parcel}
            if fact.type is FactType.ATTEMPTED:
                failed |= about
            elif fact.type is FactType.NOT_RECEIVED:
                here -= about
                found.clear()
            elif fact.type in _AT_THE_DOOR:
                was_here = here >= awaited
                here |= about if fact.type is FactType.DELIVERED else about - failed
                if here >= awaited and not was_here:
                    found.append(Presence(fact.effective_at, fact))
        yield from found
