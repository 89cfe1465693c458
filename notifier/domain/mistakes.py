"""What one person may have heard that rests on a fact taken back since."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from uuid import UUID
from zoneinfo import ZoneInfo

from notifier.domain.folding import JobState
from notifier.domain.ledger.promises import drifted
from notifier.domain.ledger.views import PastMessage, PersonView
from notifier.domain.windows import Expectation


def mistaken_claims(state: JobState, person: PersonView, zone: ZoneInfo) -> tuple[PastMessage, ...]:
    """Return the messages behind what `person` heard last that rest on withdrawn facts.

    What staff promised to do says nothing of the time, and has a word of its own.
    Latest first. A message that only repeats what was told rests on what came before it, so
    the search goes back to the last one that changed it or said to ignore the others, or to the
    last call or answer.
    """
    return tuple(_mistaken(state, person, zone))


def _mistaken(state: JobState, person: PersonView, zone: ZoneInfo) -> Iterator[PastMessage]:
    promised = {fact.id for fact in state.promises_taken_back}
    read = [m for m in person.past if m.may_have_reached and m.rests_on not in promised]
    for message in sorted(read, key=_hand_over, reverse=True):
        if message.handed_over is None or person.spoken_to_since(message.handed_over):
            return
        if message.rests_on in state.withdrawn:
            yield message
        elif changes_told(state, message, zone) or _unsays(message):
            return


def _unsays(message: PastMessage) -> bool:
    """Return whether it says that the others were a mistake, and no time: none is known."""
    return message.family == "slip" and message.asserts is None


def unsaid_episodes(person: PersonView, rule: str, withdrawn: Collection[UUID]) -> set[str]:
    """Return the episodes of `rule` in which it spoke by mistake, and `person` was told so since.

    What it says in such a one, once it is true after all, they have not heard.
    """
    read = [message for message in person.past if message.may_have_reached]
    corrected = [_hand_over(message) for message in read if message.family == "slip"]
    last_corrected = max(corrected, default=(0.0, 0))
    spoken = [message for message in person.past if message.rule == rule and message.claimed_at]
    still = {
        message.episode
        for message in spoken
        if message.rests_on not in withdrawn
        or (message.may_have_reached and _hand_over(message) > last_corrected)
    }
    return {message.episode for message in spoken if message.may_have_reached} - still


def mistaken_in(person: PersonView, withdrawn: Collection[UUID]) -> set[str]:
    """Return the rules whose every message to `person` rests on a fact that was taken back."""
    if not withdrawn:
        return set()
    rules = {message.rule for message in person.past if message.rests_on in withdrawn}
    return rules - {message.rule for message in person.past if message.rests_on not in withdrawn}


def changes_told(state: JobState, message: PastMessage, zone: ZoneInfo) -> bool:
    """Return whether `message` told them something else than they had been told before."""
    if not message.moves_told or message.asserts is None:
        return False
    return message.family == "slip" or drifted(
        state.kind, message.asserts, message.told_before, zone
    )


def is_as_before(
    state: JobState, claims: tuple[PastMessage, ...], expected: Expectation, zone: ZoneInfo
) -> bool:
    """Return whether all is as they were told before one of the mistaken `claims`."""
    return any(not drifted(state.kind, expected, claim.told_before, zone) for claim in claims)


def _hand_over(message: PastMessage) -> tuple[float, int]:
    moment = message.handed_over
    return (moment.timestamp() if moment is not None else 0.0, message.id.int)
