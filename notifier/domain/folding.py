"""Fold a job's facts into its state. The order in which they arrived does not matter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from uuid import UUID

from notifier.domain.facts import Fact, FactType, Terms
from notifier.domain.jobs import (
    FINISHED,
    FIRST_STATUS,
    Effect,
    JobKind,
    JobStatus,
    effect_of,
)
from notifier.domain.reasons import Party, Reason
from notifier.domain.windows import OFF, Expectation, Window


@dataclass(frozen=True, slots=True)
class ParcelState:
    """What is believed about one parcel."""

    status: JobStatus = JobStatus.ORDERED
    expected: Expectation | None = None
    expected_fact: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobState:
    """What a job's facts add up to. Withdrawn facts count nowhere."""

    kind: JobKind
    status: JobStatus
    promised: Window | None = None
    agreed: Window | None = None
    expected: Expectation | None = None
    expected_fact: Fact | None = None  # what `expected` rests on; a repeat rests on the first
    technician: UUID | None = None
    technician_fact: Fact | None = None
    reason: Reason | None = None  # of the lateness in force
    by: Party | None = None
    status_fact: Fact | None = None  # what the status rests on
    booked: Fact | None = None
    parcels: Mapping[str, ParcelState] = field(default_factory=dict)
    answers: tuple[Fact, ...] = ()  # accepted, declined, told: in effective order
    withdrawn: frozenset[UUID] = frozenset()
    ignored: frozenset[UUID] = frozenset()

    @property
    def finished(self) -> bool:
        """Whether no more news of lateness is owed."""
        return self.status in FINISHED


def fold(kind: JobKind, facts: Iterable[Fact], parcels: Iterable[str] = ()) -> JobState:
    """Return the state that `facts`, in any order, add up to.

    :param parcels: tracking codes of an order; it is delivered when all of them are.
    """
    ordered = sorted(facts, key=lambda fact: (fact.effective_at, fact.seq))
    withdrawn = _withdrawn(ordered)
    state = JobState(
        kind=kind,
        status=FIRST_STATUS[kind],
        parcels=MappingProxyType({code: ParcelState() for code in parcels}),
        withdrawn=withdrawn,
    )
    ignored: set[UUID] = set()
    for fact in ordered:
        if fact.id in withdrawn or fact.type is FactType.WITHDRAWN:
            continue
        if fact.type is FactType.BOOKED:
            state = _book(state, fact)
            continue
        effect = _effect(state, fact)
        if effect is Effect.IGNORED:
            ignored.add(fact.id)
            continue
        state = _apply(state, fact, effect)
    return replace(state, ignored=frozenset(ignored))


def _withdrawn(ordered: list[Fact]) -> frozenset[UUID]:
    """Return the withdrawn facts: the one named, and its repeats up to the withdrawal.

    Facts that say the same without another in between are a run. Saying it again after
    it was taken back is a new claim.
    """
    named = {fact.withdraws for fact in ordered if fact.type is FactType.WITHDRAWN}
    open_runs: dict[object, list[Fact]] = {}
    runs: list[list[Fact]] = []
    for fact in ordered:
        if fact.type is FactType.BOOKED:
            continue
        if fact.type is FactType.WITHDRAWN:
            taken_back = {fact.withdraws}
            open_runs = {
                about: run
                for about, run in open_runs.items()
                if not any(member.id in taken_back for member in run)
            }
            continue
        about = (_subject(fact), fact.parcel)
        run = open_runs.get(about)
        if run is not None and fact.says_the_same_as(run[0]):
            run.append(fact)
        else:
            open_runs[about] = [fact]
            runs.append(open_runs[about])
    return frozenset(
        member.id for run in runs if any(fact.id in named for fact in run) for member in run
    )


def _subject(fact: Fact) -> str:
    """Return what the fact speaks about: only another word on the same ends its force."""
    if fact.type in (FactType.DELAYED, FactType.RESCHEDULED):
        return "expected"
    return fact.type


def _book(state: JobState, fact: Fact) -> JobState:
    """A booking gives the first window; one learnt later fills only what is empty."""
    if state.booked is not None and fact.window is None:
        return state
    return replace(
        state,
        booked=state.booked or fact,
        promised=state.promised or fact.window,
        agreed=state.agreed or fact.window,
        expected=fact.window if state.expected is None else state.expected,
        expected_fact=state.expected_fact or fact,
        technician=state.technician or fact.technician,
        technician_fact=state.technician_fact or fact,
    )


def _effect(state: JobState, fact: Fact) -> Effect:
    """Return what the fact does to its parcel and, if that is anything, to the job."""
    parcel = state.parcels.get(fact.parcel) if fact.parcel else None
    if parcel is not None:
        on_parcel = effect_of(state.kind, parcel.status, fact.type, fact.source)
        if on_parcel is Effect.IGNORED:
            return on_parcel
    return effect_of(state.kind, state.status, fact.type, fact.source)


def _apply(state: JobState, fact: Fact, effect: Effect) -> JobState:
    state = _with_parcel(state, fact)
    state = _with_status(state, fact, effect)
    state = _with_expected(state, fact)
    if fact.type is FactType.REASSIGNED:
        return replace(state, technician=fact.technician, technician_fact=fact)
    if fact.type in (FactType.ACCEPTED, FactType.DECLINED, FactType.TOLD):
        state = replace(state, answers=(*state.answers, fact))
    if fact.type is FactType.TOLD and state.promised is None:
        return replace(state, promised=fact.window, agreed=fact.window)
    if fact.type is FactType.ACCEPTED and fact.terms is Terms.OFFER and fact.window:
        return replace(state, agreed=fact.window)
    return state


def _with_status(state: JobState, fact: Fact, effect: Effect) -> JobState:
    if effect in (Effect.RESTARTS, Effect.REOPENS):
        return replace(state, status=FIRST_STATUS[state.kind], status_fact=fact, by=None)
    if effect not in (Effect.BECOMES, Effect.CORRECTS):
        return state
    if fact.type is FactType.DELIVERED and not _all_delivered(state, fact):
        return state
    status = JobStatus(fact.type.value)
    reason = state.reason if fact.reason is None else fact.reason
    return replace(state, status=status, status_fact=fact, by=fact.by, reason=reason)


def _all_delivered(state: JobState, fact: Fact) -> bool:
    """A `delivered` without a parcel's code speaks of the whole order."""
    if fact.parcel not in state.parcels:
        return True
    return all(parcel.status is JobStatus.DELIVERED for parcel in state.parcels.values())


def _with_parcel(state: JobState, fact: Fact) -> JobState:
    """A fact speaks of the parcel that it names, else of all of them."""
    said = _said(state, fact)
    parcels = dict(state.parcels)
    for code, parcel in state.parcels.items():
        if fact.parcel not in (None, code):
            continue
        effect = effect_of(state.kind, parcel.status, fact.type, fact.source)
        if effect in (Effect.BECOMES, Effect.CORRECTS):
            parcel = replace(parcel, status=JobStatus(fact.type.value))
        if said is not None and effect is not Effect.IGNORED:
            parcel = replace(parcel, expected=said, expected_fact=fact.id)
        parcels[code] = parcel
    return replace(state, parcels=MappingProxyType(parcels))


def _with_expected(state: JobState, fact: Fact) -> JobState:
    said = _said(state, fact)
    if said is None:
        return state
    if fact.parcel in state.parcels:
        said = _of_the_slowest(state)
    in_force = state.expected_fact
    repeats = in_force is not None and fact.says_the_same_as(in_force)
    agreed = state.agreed
    if fact.type is FactType.RESCHEDULED and fact.agreed and isinstance(said, Window):
        agreed = said
    return replace(
        state,
        expected=said,
        expected_fact=in_force if repeats else fact,
        agreed=agreed,
        promised=state.promised
        if fact.type is not FactType.RESCHEDULED
        else state.promised or agreed,
        reason=fact.reason if fact.type is not FactType.CANCELLED else state.reason,
    )


def _said(state: JobState, fact: Fact) -> Expectation | None:
    """Return the expectation that the fact states, or None if it states none."""
    if fact.type is FactType.RESCHEDULED:
        return fact.window
    if fact.type is FactType.CANCELLED:
        return OFF
    if fact.type in (FactType.ACCEPTED, FactType.DECLINED, FactType.TOLD):
        return None
    if fact.minutes is not None:
        base = state.agreed or state.promised
        return base.shifted(fact.minutes) if base is not None else None
    return fact.expected


def _of_the_slowest(state: JobState) -> Expectation | None:
    """An order is there when its last parcel is: unknown if one is, else the latest window."""
    open_ones = [
        parcel.expected
        for parcel in state.parcels.values()
        if parcel.status not in FINISHED and parcel.expected is not None
    ]
    windows = [expected for expected in open_ones if isinstance(expected, Window)]
    special = [expected for expected in open_ones if not isinstance(expected, Window)]
    if special:
        return special[0]
    return max(windows, key=lambda window: window.end) if windows else state.expected
