"""How far what the business believes has moved from what one person was told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from notifier.domain.facts import FactType
from notifier.domain.folding import JobState
from notifier.domain.jobs import JobKind, JobStatus
from notifier.domain.ledger.promises import TOLERANCE, drifted
from notifier.domain.ledger.views import PastMessage, PersonView, Reference
from notifier.domain.messages import Role
from notifier.domain.mistakes import changes_told, is_as_before, mistaken_claims
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
    from_off: bool = False  # they hold that nobody comes that day
    note: str = ""  # why there is none, for `explain`


#: The note of a drift that is none because they hold what is expected.
WITHIN_TOLERANCE = "within_tolerance"

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
    if state.status is JobStatus.ARRIVED:
        return Drift(kind=DriftKind.NONE, told=told, note="there_already")
    expected = state.expected
    claims = mistaken_claims(state, person, zone)
    if expected is None:
        as_before = state.kind is JobKind.ORDER  # no day was ever known
    else:
        as_before = told is not None and is_as_before(state, claims, expected, zone)
    if claims and (as_before or _comes_after_all(state, reference, claims)):
        in_doubt = [claim.id for claim in claims if claim.unsettled]
        return Drift(
            kind=DriftKind.MISTAKE,
            asserts=expected,
            moves_told=expected is not None,
            told=claims[0].asserts,
            waits_for=in_doubt[0] if in_doubt else None,
        )
    if expected is None or told is None:
        return Drift(kind=DriftKind.NONE, told=told, note="nothing_told_yet")
    corrects = _told_by_mistake(state, claims, told, zone)
    drift = _plain(state, person, reference, expected, zone, now, corrects=corrects)
    if drift.kind is DriftKind.NONE:
        return _lapsed(state, person, expected, drift, zone)
    if _good_news(drift) and reference.message is not None and reference.message.unsettled:
        return replace(drift, waits_for=reference.message.id)
    return drift


def _plain(
    state: JobState,
    person: PersonView,
    reference: Reference,
    expected: Expectation,
    zone: ZoneInfo,
    now: datetime,
    *,
    corrects: bool,
) -> Drift:
    told = reference.asserts
    passed = isinstance(expected, Window) and expected.end <= now
    if not drifted(state.kind, expected, told, zone):
        return Drift(kind=DriftKind.NONE, told=told, note=WITHIN_TOLERANCE)
    if expected is UNKNOWN:
        return Drift(kind=DriftKind.UNKNOWN, asserts=UNKNOWN, told=told)
    if expected is OFF:
        return Drift(kind=DriftKind.OFF, asserts=OFF, told=told)
    if not isinstance(expected, Window):
        raise TypeError(f"not an expectation: {type(expected).__name__}")
    if passed:
        return Drift(kind=DriftKind.NONE, told=told, note="expected_has_passed")
    if state.kind is JobKind.ORDER:
        return _order(reference, expected, zone)
    return _appointment(state, person, reference, expected, zone, corrects=corrects)


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
    state: JobState,
    person: PersonView,
    reference: Reference,
    expected: Window,
    zone: ZoneInfo,
    *,
    corrects: bool,
) -> Drift:
    told, before = reference.asserts, reference.last_window
    base = told if isinstance(told, Window) else before
    if base is None:
        return Drift(kind=DriftKind.MOVED, asserts=expected, told=None)
    kind, minutes = _direction(expected, base, zone, from_off=told is OFF)
    if kind in _ASKED:
        if corrects or _agreed_to(state, reference, expected, zone):
            return Drift(kind=DriftKind.MOVED, asserts=expected, told=base, minutes=minutes)
        if person.role is not Role.CUSTOMER:
            return Drift(kind=DriftKind.NONE, told=told, note="waits_for_the_customer")
        return Drift(
            kind=kind,
            asserts=expected,
            moves_told=False,
            told=base,
            minutes=minutes,
            from_off=told is OFF,
        )
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


def _agreed_to(
    state: JobState, reference: Reference, expected: Expectation, zone: ZoneInfo
) -> bool:
    """Whether the customer took it since `reference`: then the others are told that it moved.

    A choice that is in force is later than whatever we wrote rests on, however late we heard of
    it; what was said to them by phone since is later than that.
    """
    since = reference.at
    taken = any(
        fact.window == state.agreed and (since is None or fact.effective_at >= since)
        for fact in state.answers
        if fact.type is not FactType.DECLINED
    )
    choice = state.expected_fact
    if choice is not None and choice.agreed and choice.window == state.agreed:
        wrote = reference.message is not None
        taken = taken or wrote or since is None or choice.effective_at >= since
    return taken and not drifted(state.kind, expected, state.agreed, zone)


def _comes_after_all(
    state: JobState, reference: Reference, claims: tuple[PastMessage, ...]
) -> bool:
    """Whether they hold, by mistake, that their order was called off: whichever day it comes now,
    to hear that day alone would not tell them so."""
    off = reference.asserts is OFF and reference.message in claims
    return off and state.kind is JobKind.ORDER and isinstance(state.expected, Window)


def _told_by_mistake(
    state: JobState, claims: tuple[PastMessage, ...], told: Expectation, zone: ZoneInfo
) -> bool:
    """Whether what they hold itself comes from a fact taken back: to leave it is to correct it."""
    return any(
        changes_told(state, claim, zone) and not drifted(state.kind, claim.asserts, told, zone)
        for claim in claims
    )


def _lapsed(
    state: JobState, person: PersonView, expected: Expectation, none: Drift, zone: ZoneInfo
) -> Drift:
    """An offer that may have reached them no longer stands, and nothing else says so."""
    slips = [
        (message.handed_over, message.id.int, message)
        for message in person.past
        if message.family == "slip" and message.may_have_reached and message.handed_over
    ]
    if not slips:
        return none
    handed_over, _, offer = max(slips)
    if offer.moves_told or offer.asserts is None or none.told is None:
        return none
    if not drifted(state.kind, expected, offer.asserts, zone):
        return none
    answered = any(fact.window == offer.asserts for fact in state.answers)
    if answered or person.spoken_to_since(handed_over):
        return none
    return Drift(
        kind=DriftKind.LAPSED,
        asserts=none.told,
        told=none.told,
        waits_for=offer.id if offer.unsettled else None,
    )


def _good_news(drift: Drift) -> bool:
    """Good news waits until the bad has settled; bad news waits for nothing."""
    if drift.kind is DriftKind.OTHER_DAY:
        return drift.from_off or drift.minutes < 0
    return drift.kind in (DriftKind.EARLIER, DriftKind.MOVED)
