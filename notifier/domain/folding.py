"""Fold a job's facts into its state. The order in which they arrived does not matter."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from notifier.domain.facts import Fact, FactSource, FactType, Terms
from notifier.domain.jobs import (
    FINISHED,
    FIRST_STATUS,
    LEADS_ON,
    Effect,
    JobKind,
    JobStatus,
    effect_of,
)
from notifier.domain.reasons import Party, Reason
from notifier.domain.said_again import said_again_among
from notifier.domain.tracking_codes import UNSENT
from notifier.domain.windows import OFF, UNKNOWN, Expectation, Window
from notifier.domain.withdrawals import withdrawn_among

#: What passed between us and one person of the job: it changes no status.
ANSWERS = frozenset(
    {
        FactType.ACCEPTED,
        FactType.DECLINED,
        FactType.TOLD,
        FactType.PROMISED,
        FactType.SPOKEN_TO,
    }
)

#: Whose word breaks the silence about a job. A customer waits; the clock knows nothing.
_REPORTING = frozenset(FactSource) - {FactSource.CUSTOMER, FactSource.CLOCK}

#: What says nothing of how it stands, whoever says it: of who goes, or how to reach people.
NO_REPORT = frozenset(
    {FactType.BOOKED, FactType.WITHDRAWN, FactType.REASSIGNED, FactType.CONTACT_CHANGED}
)


@dataclass(frozen=True, slots=True)
class ParcelState:
    """What is believed about one parcel."""

    status: JobStatus = JobStatus.ORDERED
    expected: Expectation | None = None
    expected_fact: Fact | None = None  # what it rests on; a repeat rests on the first
    status_fact: Fact | None = None  # what its status rests on, about it or all of them
    last_report: Fact | None = None  # as of the job, about this parcel or all of them


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
    last_report: Fact | None = None  # what staff, technician, carrier or shop said last
    parcels: Mapping[str, ParcelState] = field(default_factory=dict)
    answers: tuple[Fact, ...] = ()  # of one person each (`ANSWERS`), in effective order
    withdrawn: frozenset[UUID] = frozenset()
    taken_back: Fact | None = None  # the latest withdrawal
    expected_again: Fact | None = None  # the withdrawal since which `expected` is believed again
    promises_taken_back: tuple[Fact, ...] = ()  # of a call or news, in effective order
    ignored: frozenset[UUID] = frozenset()

    @property
    def finished(self) -> bool:
        """Whether no more news of lateness is owed."""
        return self.status in FINISHED

    @property
    def tracked(self) -> Mapping[str, ParcelState]:
        """The parcels that were sent: somebody can tell where each of them is."""
        return {code: parcel for code, parcel in self.parcels.items() if code != UNSENT}

    @property
    def awaited(self) -> tuple[ParcelState, ...]:
        """Those of `tracked` that are still to come."""
        parcels = self.tracked.values()
        return tuple(parcel for parcel in parcels if parcel.status not in FINISHED)


def fold(kind: JobKind, facts: Iterable[Fact], parcels: Iterable[str] = ()) -> JobState:
    """Return the state that `facts`, in any order, add up to.

    How a source only has it still is ignored: what was said in between counts on.

    :param parcels: tracking codes of an order, and `UNSENT` while a part of it is to be sent; it
        is delivered when all of them are. What was said of another one, which was a mistake, is
        withdrawn with it.
    """
    ordered, codes = sorted(facts, key=_place), tuple(parcels)
    mistaken = frozenset(fact.id for fact in ordered if is_of_no_parcel(fact, codes))
    counting = [fact for fact in ordered if fact.id not in mistaken]
    withdrawn = mistaken | withdrawn_among(counting)
    state = JobState(
        kind=kind,
        status=FIRST_STATUS[kind],
        parcels=MappingProxyType({code: ParcelState() for code in codes}),
        withdrawn=withdrawn,
        taken_back=next((f for f in reversed(ordered) if f.type is FactType.WITHDRAWN), None),
        promises_taken_back=tuple(
            f for f in ordered if f.id in withdrawn and f.type is FactType.PROMISED
        ),
        ignored=frozenset(said_again_among(counting)) - withdrawn,
    )
    left_out = withdrawn | state.ignored
    for fact in ordered:
        if fact.id not in left_out and fact.type is not FactType.WITHDRAWN:
            state = _carried_on(state, fact)
    return _with_last_report(_with_expected_again(state, ordered), ordered)


def fold_in(state: JobState, facts: Collection[Fact], fact: Fact) -> JobState:
    """Return the state that `facts`, which add up to `state`, and then `fact` add up to.

    It is `fold` of all of them. The latest fact of all, as most are, only carries the state
    on; one that comes late, takes back or may say only what was said has everything folded anew.
    """
    bears_on_others = (
        state.taken_back is not None
        or fact.type is FactType.WITHDRAWN
        or fact.stands is not None
        or is_of_no_parcel(fact, state.parcels)
    )
    if bears_on_others or any(_place(fact) < _place(known) for known in facts):
        return fold(state.kind, (*facts, fact), state.parcels)
    return _with_last_report(_carried_on(state, fact), [fact])


def is_of_no_parcel(fact: Fact, codes: Collection[str]) -> bool:
    """Return whether `fact` is of a parcel that the order has not, or has no more.

    That a shop sent it holds all the same: it corrected the number, not that.
    """
    sent = fact.type is FactType.SHIPPED and fact.source is FactSource.SHOP
    return fact.parcel is not None and fact.parcel not in codes and not sent


def _place(fact: Fact) -> tuple[datetime, int]:
    return fact.effective_at, fact.seq


def _carried_on(state: JobState, fact: Fact) -> JobState:
    """Return the state after `fact`, if it follows all that `state` rests on."""
    if fact.type is FactType.BOOKED:
        return _book(state, fact)
    effect = _effect(state, fact)
    if effect is Effect.IGNORED:
        return replace(state, ignored=state.ignored | {fact.id})
    return _apply(state, fact, effect)


def _with_last_report(state: JobState, ordered: Sequence[Fact]) -> JobState:
    """Note the last of `ordered` that somebody reported and that counts."""
    for fact in reversed(ordered):
        counts = fact.id not in state.withdrawn and fact.id not in state.ignored
        if counts and _is_report(fact):
            return replace(state, last_report=fact)
    return state


def _with_expected_again(state: JobState, ordered: Sequence[Fact]) -> JobState:
    """Note the last withdrawal of a fact that had said another time since."""
    if state.expected_fact is None or not state.withdrawn:
        return state
    believed_since = _place(state.expected_fact)
    mistakes = {
        fact.id
        for fact in ordered
        if fact.id in state.withdrawn and _place(fact) > believed_since and _speaks_of_time(fact)
    }
    again = next((fact for fact in reversed(ordered) if fact.withdraws in mistakes), None)
    return replace(state, expected_again=again) if again is not None else state


def _speaks_of_time(fact: Fact) -> bool:
    if fact.type in ANSWERS:
        return False
    moves = (FactType.RESCHEDULED, FactType.CANCELLED)
    return fact.type in moves or fact.minutes is not None or fact.expected is not None


def _is_report(fact: Fact) -> bool:
    """Return whether `fact` breaks the silence about what it speaks of."""
    return fact.source in _REPORTING and fact.type not in NO_REPORT


def _book(state: JobState, fact: Fact) -> JobState:
    """A booking gives the first window; one learnt later fills only what is empty."""
    if state.booked is not None and fact.window is None:
        return state
    parcels = {
        code: parcel
        if parcel.expected is not None
        else replace(parcel, expected=fact.window, expected_fact=fact)
        for code, parcel in state.parcels.items()
    }
    return replace(
        state,
        parcels=MappingProxyType(parcels),
        booked=state.booked or fact,
        promised=state.promised or fact.window,
        agreed=state.agreed or fact.window,
        expected=fact.window if state.expected is None else state.expected,
        expected_fact=state.expected_fact or fact,
        technician=state.technician or fact.technician,
        technician_fact=state.technician_fact or fact,
    )


def _effect(state: JobState, fact: Fact) -> Effect:
    """Return what the fact does: to its parcel, where it names one, and then to the job.

    What one parcel does can be of no account for the order's status and still apply.
    """
    on_job = effect_of(state.kind, state.status, fact.type, fact.source)
    parcel = state.parcels.get(fact.parcel) if fact.parcel else None
    if parcel is None:
        return on_job
    if effect_of(state.kind, parcel.status, fact.type, fact.source) is Effect.IGNORED:
        return Effect.IGNORED
    if on_job is Effect.IGNORED and not state.finished:
        return Effect.APPLIES
    return on_job


def _apply(state: JobState, fact: Fact, effect: Effect) -> JobState:
    state = _with_parcel(state, fact)
    state = _with_status(state, fact, effect)
    state = _with_expected(state, fact)
    if fact.type is FactType.REASSIGNED:
        return replace(state, technician=fact.technician, technician_fact=fact)
    if fact.type in ANSWERS:
        state = replace(state, answers=(*state.answers, fact))
    if fact.type is FactType.TOLD and state.promised is None:
        return replace(state, promised=fact.window, agreed=fact.window)
    if fact.type is FactType.ACCEPTED and fact.terms is Terms.OFFER and fact.window:
        return replace(state, agreed=fact.window)
    return state


def _with_status(state: JobState, fact: Fact, effect: Effect) -> JobState:
    if effect in (Effect.RESTARTS, Effect.REOPENS):
        return replace(state, status=FIRST_STATUS[state.kind], status_fact=fact, by=None)
    if effect not in LEADS_ON:
        return state
    status = JobStatus(fact.type.value)
    if status in FINISHED and not _all_finished(state):
        return state
    reason = state.reason if fact.reason is None else fact.reason
    return replace(state, status=status, status_fact=fact, by=fact.by, reason=reason)


def _all_finished(state: JobState) -> bool:
    """An order ends with the last of its parcels."""
    return all(parcel.status in FINISHED for parcel in state.parcels.values())


def _with_parcel(state: JobState, fact: Fact) -> JobState:
    """A fact speaks of the parcel that it names, else of all of them."""
    if not state.parcels:
        return state
    said = _said(state, fact)
    parcels = dict(state.parcels)
    for code, parcel in state.parcels.items():
        if fact.parcel not in (None, code):
            continue
        effect = effect_of(state.kind, parcel.status, fact.type, fact.source)
        if effect is Effect.IGNORED:
            continue
        parcels[code] = ParcelState(
            status=JobStatus(fact.type.value) if effect in LEADS_ON else parcel.status,
            status_fact=fact if effect in LEADS_ON else parcel.status_fact,
            expected=parcel.expected if said is None else said,
            expected_fact=parcel.expected_fact
            if said is None
            else _in_force(parcel.expected_fact, fact),
            last_report=fact if _is_report(fact) else parcel.last_report,
        )
    return replace(state, parcels=MappingProxyType(parcels))


def _with_expected(state: JobState, fact: Fact) -> JobState:
    """Believe what the fact says, or, of an order, what its slowest parcel is believed to do."""
    said, slowest = _said(state, fact), _slowest(state)
    if slowest is not None:
        expected, rests_on = slowest.expected, slowest.expected_fact
    elif said is not None:
        expected, rests_on = said, _in_force(state.expected_fact, fact)
    else:
        return state
    agreed = state.agreed
    if fact.type is FactType.RESCHEDULED and fact.agreed and isinstance(said, Window):
        agreed = said
    speaks = said is not None and rests_on is not None and fact.says_the_same_as(rests_on)
    return replace(
        state,
        expected=expected,
        expected_fact=rests_on,
        agreed=agreed,
        promised=state.promised
        if fact.type is not FactType.RESCHEDULED
        else state.promised or agreed,
        reason=fact.reason if speaks and fact.type is not FactType.CANCELLED else state.reason,
    )


def _in_force(before: Fact | None, fact: Fact) -> Fact:
    """Return what a belief rests on: the first of the facts that say the same.

    What a source said before it was live owes nothing, so one that says it since stands before it.
    """
    if before is None or not fact.says_the_same_as(before):
        return fact
    return fact if before.before_live and not fact.before_live else before


def _said(state: JobState, fact: Fact) -> Expectation | None:
    """Return the expectation that the fact states, or None if it states none."""
    if fact.type is FactType.RESCHEDULED:
        return fact.window
    if fact.type is FactType.CANCELLED:
        return OFF
    if fact.type is FactType.EN_ROUTE and state.expected is OFF:
        return UNKNOWN  # somebody comes after all, and nobody has said when
    if fact.type in ANSWERS:
        return None
    if fact.minutes is not None:
        base = state.agreed or state.promised
        return base.shifted(fact.minutes) if base is not None else None
    return fact.expected


def _slowest(state: JobState) -> ParcelState | None:
    """An order is there when its last parcel is: return the one that nobody can tell, else
    the one that comes last; None if no parcel is awaited or none has a date."""
    awaited = [
        parcel
        for _, parcel in sorted(state.parcels.items())
        if parcel.status not in FINISHED and parcel.expected is not None
    ]
    for parcel in awaited:
        if not isinstance(parcel.expected, Window):
            return parcel
    return max(awaited, key=_end, default=None)


def _end(parcel: ParcelState) -> datetime:
    assert isinstance(parcel.expected, Window)
    return parcel.expected.end
