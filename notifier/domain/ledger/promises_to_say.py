"""What staff promised to do, and left to our texts: to say, or to take back."""

from __future__ import annotations

from collections.abc import Iterator

from notifier.domain.facts import Fact, FactType, PromiseKind
from notifier.domain.folding import JobState
from notifier.domain.ledger.outcomes import speaks_to_them
from notifier.domain.ledger.views import PersonView


def left_to_say(state: JobState, person: PersonView) -> Iterator[Fact]:
    """Yield the promises to `person` that are ours to say. To make the one in force again is to
    make it once; whoever was spoken to since need not read of it."""
    in_force: dict[PromiseKind | None, Fact] = {}
    mine = [fact for fact in state.answers if fact.person == person.job_person]
    spoken = max((fact.seq for fact in mine if speaks_to_them(fact)), default=0)
    for fact in mine:
        if fact.type is not FactType.PROMISED:
            continue
        before = in_force.get(fact.what)
        if before is None or not fact.says_the_same_as(before):
            in_force[fact.what] = fact
            if not fact.by_phone and fact.seq > spoken:
                yield fact


def left_to_take_back(state: JobState, person: PersonView) -> Iterator[Fact]:
    """Yield the promises that were mistakes and that `person` read of.

    Not while nobody knows if a text of it was taken; and not where somebody spoke to them
    since it was taken back, or where another promise of its kind took its place.
    """
    withdrawal = state.taken_back
    for made in state.promises_taken_back:
        told = [m for m in person.past if m.rests_on == made.id and m.may_have_reached]
        if not told or any(message.unsettled for message in told) or withdrawal is None:
            continue
        mine = [fact for fact in state.answers if fact.person == person.job_person]
        spoken = any(speaks_to_them(f) and f.received_at >= withdrawal.received_at for f in mine)
        replaced = any(f.what is made.what and f.seq > made.seq for f in mine)
        if not (spoken or replaced):
            yield made
