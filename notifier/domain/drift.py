"""How far what the business believes has moved from what one person was told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from notifier.domain.folding import JobState
from notifier.domain.jobs import JobKind
from notifier.domain.ledger import PastMessage, PersonView, Reference
from notifier.domain.messages import Role
from notifier.domain.promises import TOLERANCE, same_promise
from notifier.domain.windows import OFF, UNKNOWN, Expectation, Window, local_date


class DriftKind(StrEnum):
    """In which way it moved, and so which words are owed."""

    NONE = "none"
    LATER = "later"
    EARLIER = "earlier"  # an offer: it binds nobody until the customer accepts
    OTHER_DAY = "other_day"  # asked too
    MOVED = "moved"  # told without being asked: a correction, or what somebody else accepted
    UNKNOWN = "unknown"
    OFF = "off"
    MISTAKE = "mistake"  # what may have reached them was taken back
    LAPSED = "lapsed"  # an offer that no longer stands; what was told stays


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What is owed about the time, before any rule has spoken."""

    kind: DriftKind
    asserts: Expectation | None = None
    moves_told: bool = True  # an offer moves `told` by acceptance alone
    minutes: int = 0
    told: Expectation | None = None  # the old time
    waits_for: UUID | None = None  # a message that must settle first
    note: str = ""  # why there is none, for `explain`


_ASKED = frozenset({DriftKind.EARLIER, DriftKind.OTHER_DAY})


def is_asked(kind: DriftKind) -> bool:
    """Return whether such news is a question to the customer."""
    return kind in _ASKED


def drift_of(
    state: JobState, person: PersonView, reference: Reference, *, zone: ZoneInfo, now: datetime
) -> Drift:
    """Return how `expected` stands to what `person` was told or is being told.

    :param zone: of the place; dates are read there.
    """
    told = reference.asserts
    if state.finished:
        return Drift(kind=DriftKind.NONE, told=told, note="finished")
    expected = state.expected
    if expected is None or told is None:
        return Drift(kind=DriftKind.NONE, told=told, note="nothing_told_yet")
    mistake = _mistake(state, person, reference, expected, zone)
    if mistake is not None:
        return mistake
    drift = _plain(state, person, reference, expected, zone, now)
    if drift.kind is DriftKind.NONE:
        return _lapsed(state, person, expected, drift, zone)
    if _good_news(drift) and reference.message is not None and reference.message.unsettled:
        return _waiting(drift, reference.message.id)
    return drift


def _plain(
    state: JobState,
    person: PersonView,
    reference: Reference,
    expected: Expectation,
    zone: ZoneInfo,
    now: datetime,
) -> Drift:
    told = reference.asserts
    if same_promise(state.kind, expected, told, zone):
        return Drift(kind=DriftKind.NONE, told=told, note="within_tolerance")
    if expected is UNKNOWN:
        return Drift(kind=DriftKind.UNKNOWN, asserts=UNKNOWN, told=told)
    if expected is OFF:
        return Drift(kind=DriftKind.OFF, asserts=OFF, told=told)
    if not isinstance(expected, Window):
        raise TypeError(f"not an expectation: {type(expected).__name__}")
    if expected.end <= now:
        return Drift(kind=DriftKind.NONE, told=told, note="expected_has_passed")
    if state.kind is JobKind.ORDER:
        return _order(reference, expected, zone)
    return _appointment(state, person, reference, expected, zone)


def _order(reference: Reference, expected: Window, zone: ZoneInfo) -> Drift:
    """Orders are never offered: an earlier date owes nothing, a later one is told."""
    told = reference.asserts
    before = told if isinstance(told, Window) else reference.last_window
    if not isinstance(told, Window):
        return Drift(kind=DriftKind.LATER, asserts=expected, told=before)
    if local_date(expected.end, zone) < local_date(told.end, zone):
        return Drift(kind=DriftKind.NONE, told=told, note="earlier_owes_nothing")
    days = (local_date(expected.end, zone) - local_date(told.end, zone)).days
    return Drift(kind=DriftKind.LATER, asserts=expected, told=told, minutes=days * 24 * 60)


def _appointment(
    state: JobState, person: PersonView, reference: Reference, expected: Window, zone: ZoneInfo
) -> Drift:
    told, before = reference.asserts, reference.last_window
    base = told if isinstance(told, Window) else before
    if base is None:
        return Drift(kind=DriftKind.MOVED, asserts=expected, told=None)
    kind, minutes = _direction(expected, base, zone, from_off=told is OFF)
    corrected = _rests_on_mistake(state, reference)
    if kind in _ASKED:
        if corrected or _agreed_to(state, expected, zone):
            return Drift(kind=DriftKind.MOVED, asserts=expected, told=base, minutes=minutes)
        if person.role is not Role.CUSTOMER:
            return Drift(kind=DriftKind.NONE, told=told, note="waits_for_the_customer")
        return Drift(kind=kind, asserts=expected, moves_told=False, told=base, minutes=minutes)
    if kind is DriftKind.NONE:  # the window they last heard holds after all
        return Drift(kind=DriftKind.MOVED, asserts=expected, told=base)
    # Starting before what they were told binds nobody; the later end must be heard anyway.
    honest = Window(max(expected.start, base.start), expected.end)
    return Drift(kind=kind, asserts=honest, told=base, minutes=minutes)


def _direction(
    expected: Window, base: Window, zone: ZoneInfo, *, from_off: bool
) -> tuple[DriftKind, int]:
    later = expected.end - base.end
    earlier = base.start - expected.start
    minutes = int((later if later > TOLERANCE else -earlier).total_seconds() // 60)
    if from_off or local_date(expected.start, zone) != local_date(base.start, zone):
        return DriftKind.OTHER_DAY, minutes
    if later > TOLERANCE:
        return DriftKind.LATER, minutes
    if earlier > TOLERANCE:
        return DriftKind.EARLIER, minutes
    return DriftKind.NONE, 0


def _agreed_to(state: JobState, expected: Window, zone: ZoneInfo) -> bool:
    """Whether the customer accepted it: then the others are told that it moved."""
    answered = any(fact.window == state.agreed for fact in state.answers) or (
        state.expected_fact is not None and bool(state.expected_fact.agreed)
    )
    return answered and same_promise(state.kind, expected, state.agreed, zone)


def _rests_on_mistake(state: JobState, reference: Reference) -> bool:
    message = reference.message
    return message is not None and message.rests_on in state.withdrawn


def _mistake(
    state: JobState,
    person: PersonView,
    reference: Reference,
    expected: Expectation,
    zone: ZoneInfo,
) -> Drift | None:
    """What may have reached them rests on a withdrawn fact, and all is as before it."""
    latest = _latest_claim(person, reference)
    if latest is None or latest.rests_on not in state.withdrawn:
        return None
    if not same_promise(state.kind, expected, latest.told_before, zone):
        return None
    return Drift(
        kind=DriftKind.MISTAKE,
        asserts=expected,
        told=latest.asserts,
        waits_for=latest.id if latest.unsettled else None,
    )


def _latest_claim(person: PersonView, reference: Reference) -> PastMessage | None:
    """Return the last word about the time that may have reached them, offers included."""
    said = [
        message
        for message in person.past
        if message.asserts is not None
        and message.may_have_reached
        and message.handed_over is not None
        and message.rests_on is not None
        and (reference.at is None or message.handed_over >= reference.at)
    ]
    return max(said, key=_hand_over, default=None)


def _hand_over(message: PastMessage) -> datetime:
    assert message.handed_over is not None
    return message.handed_over


def _lapsed(
    state: JobState, person: PersonView, expected: Expectation, none: Drift, zone: ZoneInfo
) -> Drift:
    """An offer that may have reached them no longer stands, and nothing else says so."""
    offers = [
        message
        for message in person.past
        if message.family == "slip" and message.claimed_at is not None
    ]
    last = max(offers, key=lambda message: message.episode_no, default=None)
    if last is None or last.moves_told or not last.may_have_reached or last.asserts is None:
        return none
    if none.told is None or same_promise(state.kind, expected, last.asserts, zone):
        return none
    if any(fact.window == last.asserts for fact in state.answers):
        return none
    return Drift(
        kind=DriftKind.LAPSED,
        asserts=none.told,
        told=none.told,
        waits_for=last.id if last.unsettled else None,
    )


def _good_news(drift: Drift) -> bool:
    return drift.kind in (DriftKind.EARLIER, DriftKind.MOVED)


def _waiting(drift: Drift, message: UUID) -> Drift:
    return Drift(
        kind=drift.kind,
        asserts=drift.asserts,
        moves_told=drift.moves_told,
        minutes=drift.minutes,
        told=drift.told,
        waits_for=message,
    )
