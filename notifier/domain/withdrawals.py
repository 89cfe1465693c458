"""Which facts are withdrawn: the one taken back, and those that only repeated it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from notifier.domain.facts import Fact, FactType
from notifier.domain.said_again import said_again_among


@dataclass(slots=True)
class _Run:
    """Facts that made one claim while it was in force."""

    claim: Fact
    about: frozenset[str]
    members: set[UUID]

    def is_ended_by(self, fact: Fact, about: frozenset[str]) -> bool:
        """Whether `fact` speaks about the same thing otherwise."""
        apart = None not in (self.claim.parcel, fact.parcel) and self.claim.parcel != fact.parcel
        return not apart and bool(self.about & about)


def withdrawn_among(ordered: Iterable[Fact]) -> frozenset[UUID]:
    """Return the ids of the withdrawn facts of one job; `ordered` is in effective order.

    A fact that repeats the one in force is withdrawn with it. Saying it again after it was
    taken back, or after another word on the same, is a new claim, unless its source only has it
    so still.
    """
    facts = list(ordered)
    named = {fact.withdraws for fact in facts if fact.type is FactType.WITHDRAWN}
    if not named:
        return frozenset()
    again = said_again_among(facts)
    in_force: list[_Run] = []
    runs: list[_Run] = []
    for fact in facts:
        if fact.type is FactType.BOOKED:
            continue
        if fact.type is FactType.WITHDRAWN:
            in_force = [run for run in in_force if fact.withdraws not in run.members]
            continue
        if fact.id in again:
            run = next((run for run in runs if again[fact.id] in run.members), None)
        else:
            run = next((run for run in in_force if fact.says_the_same_as(run.claim)), None)
        if run is not None:
            run.members.add(fact.id)
            continue
        about = _about(fact)
        if fact.id not in named:  # what counts nowhere ends nothing
            in_force = [run for run in in_force if not run.is_ended_by(fact, about)]
        in_force.append(_Run(fact, about, {fact.id}))
        runs.append(in_force[-1])
    return frozenset(fact for run in runs if run.members & named for fact in run.members)


def _about(fact: Fact) -> frozenset[str]:
    """Return what the fact speaks about: only another word on the same ends its force."""
    if fact.type in (FactType.DELAYED, FactType.RESCHEDULED):
        return frozenset({"expected"})
    if fact.type in (FactType.TOLD, FactType.ACCEPTED, FactType.DECLINED):
        return frozenset({f"answer:{fact.person}"})
    if fact.type is FactType.PROMISED:
        return frozenset({f"promise:{fact.person}:{fact.what}"})
    if fact.type is FactType.SPOKEN_TO:
        return frozenset()  # a call ends the force of nothing that was said
    if fact.type in (FactType.REASSIGNED, FactType.CONTACT_CHANGED):
        return frozenset({fact.type})
    states_when = fact.expected is not None or fact.minutes is not None
    if states_when or fact.type is FactType.CANCELLED:
        return frozenset({"status", "expected"})
    return frozenset({"status"})
