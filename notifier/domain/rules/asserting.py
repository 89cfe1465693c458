"""What a message says about the time, and on which fact that rests."""

from __future__ import annotations

from uuid import UUID

from notifier.domain.drift import WITHIN_TOLERANCE, Drift, DriftKind
from notifier.domain.folding import JobState
from notifier.domain.jobs import JobKind
from notifier.domain.ledger.views import Reference
from notifier.domain.rules.rule import Asserts, Family, Rule
from notifier.domain.windows import OFF, UNKNOWN, Expectation, Window

#: What they hold has moved, and they are told rather than asked.
_NEWS = frozenset(
    {DriftKind.LATER, DriftKind.MOVED, DriftKind.UNKNOWN, DriftKind.OFF, DriftKind.MISTAKE}
)


def asserts_of(
    rule: Rule, state: JobState, reference: Reference, drift: Drift
) -> tuple[Expectation | None, bool]:
    """Return what the message of `rule` says about the time, and whether `told` moves by it."""
    match rule.asserts:
        case Asserts.DRIFT:
            return drift.asserts, drift.moves_told
        case Asserts.UNKNOWN:
            return UNKNOWN, True
        case Asserts.OFF:
            return OFF, True
        case Asserts.NOTHING:
            return None, False
        case Asserts.CURRENT:
            return _what_stands(state, reference, drift)


def _what_stands(
    state: JobState, reference: Reference, drift: Drift
) -> tuple[Expectation | None, bool]:
    told = reference.asserts
    if told is None or (drift.kind is DriftKind.NONE and _may_say_expected(state, drift)):
        return state.expected, True
    if told is OFF and drift.kind is DriftKind.UNKNOWN:
        return UNKNOWN, True  # whatever else it says, somebody comes after all
    if drift.kind in _NEWS:
        return None, False  # what they hold is not so any more; its own message says so
    if not isinstance(told, Window):
        return None, False  # to say again that nobody comes, or knows when, helps nobody
    return told, True


def _may_say_expected(state: JobState, drift: Drift) -> bool:
    """Whether what is expected needs no news of its own: it is what they hold, or, of an
    order, sooner."""
    sooner_is_fine = state.kind is JobKind.ORDER and isinstance(state.expected, Window)
    return sooner_is_fine or drift.note == WITHIN_TOLERANCE


def rests_on(
    rule: Rule,
    asserts: Expectation | None,
    state: JobState,
    reference: Reference,
    *,
    promised_in: UUID | None,
) -> UUID | None:
    """Return the fact that the message of `rule` speaks of: withdrawn, it was a mistake.

    :param promised_in: the fact in which was promised what it says, or puts off.
    """
    if promised_in is not None:
        return promised_in
    if rule.family is Family.STATUS and state.status_fact is not None:
        return state.status_fact.id
    about_expected = asserts == state.expected or rule.family is Family.SLIP
    if about_expected and state.expected_fact is not None:
        return state.expected_fact.id
    message = reference.message
    repeats = message is not None and asserts == reference.asserts
    return message.rests_on if message is not None and repeats else None
