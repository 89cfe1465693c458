"""What one person may count on now: told or being told, believed, asked, or run out in silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from notifier.domain.drift import DriftKind, drift_of, is_asked
from notifier.domain.facts import Fact, FactSource, FactType
from notifier.domain.folding import ANSWERS, NO_REPORT
from notifier.domain.jobs import JobKind, JobStatus
from notifier.domain.ledger.promises import same_promise
from notifier.domain.ledger.views import PersonView, reference_of
from notifier.domain.plan_input import PlanInput
from notifier.domain.rules.rule import RuleSet
from notifier.domain.windows import OFF, UNKNOWN, Expectation, Window, local_date


class Stage(StrEnum):
    """The one thing that the page says first."""

    ENDED = "ended"
    THERE = "there"  # somebody of ours is with them, or it waits to be picked up
    TROUBLED = "troubled"  # an order that was not handed over, is held up or missing
    ASKED = "asked"  # does another time suit? until they accept, nothing is settled
    ON_THE_WAY = "on_the_way"
    OVER = "over"  # the time that they hold has passed, and nobody said how it went
    CHECKING = "checking"  # they heard that nobody reported, and nobody has since
    COMING = "coming"  # as `Standing` has it


class Standing(StrEnum):
    """How the time that holds compares with what was promised."""

    AS_PROMISED = "as_promised"
    LATER = "later"
    EARLIER = "earlier"  # of an order: nobody need wait for it
    MOVED = "moved"  # of a visit: on another date, or earlier
    UNKNOWN = "unknown"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What one person may count on, as their page says it."""

    stage: Stage = Stage.COMING
    standing: Standing = Standing.AS_PROMISED
    promised: Window | None = None  # the agreed window, else the first one
    holds: Window | None = None  # the time that they may count on, or could until it passed
    offer: Window | None = None  # binds nobody until it suits
    offer_lapsed: bool = False  # we asked, it no longer stands, and nothing has said so yet
    doubtful: bool = False  # what happened since makes the time that holds uncertain

    @property
    def expected(self) -> Window | None:
        """The time at which to expect it; None where there is nothing to wait for."""
        waits = self.stage in (Stage.COMING, Stage.ON_THE_WAY, Stage.TROUBLED)
        return self.holds if waits and not self.doubtful else None


_TROUBLE = frozenset({JobStatus.NOT_RECEIVED, JobStatus.ATTEMPTED, JobStatus.EXCEPTION})
_THERE = frozenset({JobStatus.ARRIVED, JobStatus.READY_FOR_PICKUP})
_ON_THE_WAY = frozenset({JobStatus.EN_ROUTE, JobStatus.OUT_FOR_DELIVERY})

#: What passed between us and them says nothing of where anybody is.
_NO_REPORT = NO_REPORT | {FactType.PROMISED, FactType.SPOKEN_TO}

#: Their word is no report: a customer waits, the clock knows nothing.
_WAITING = frozenset({FactSource.CUSTOMER, FactSource.CLOCK})


def outlook_of(
    job: PlanInput, facts: Sequence[Fact], view: PersonView, rules: RuleSet, *, now: datetime
) -> Outlook:
    """Return what the person of `view` may count on at `now` (UTC), with all `facts` of the job."""
    return _Reading(job, facts, view, rules, now).outlook()


class _Reading:
    """One person's side of a job, as it stands at `now`."""

    def __init__(
        self,
        job: PlanInput,
        facts: Sequence[Fact],
        view: PersonView,
        rules: RuleSet,
        now: datetime,
    ) -> None:
        self.state, self.zone, self.now = job.state, job.zone, now
        self.view, self.rules = view, rules
        left_out = self.state.withdrawn | self.state.ignored
        self.facts = [fact for fact in facts if fact.id not in left_out]
        self.promised = self.state.agreed or self.state.promised
        self.reference = reference_of(view, self.state.agreed)
        self.drift = drift_of(self.state, view, self.reference, zone=job.zone, now=now)
        self.asked = is_asked(self.drift.kind)
        self.holds = self._holds()

    def outlook(self) -> Outlook:
        offer = self.drift.asserts if self.asked else None
        return Outlook(
            stage=self._stage(),
            standing=self._standing(),
            promised=self.promised,
            holds=self.holds if isinstance(self.holds, Window) else None,
            offer=offer if isinstance(offer, Window) else None,
            offer_lapsed=self.drift.kind is DriftKind.LAPSED,
            doubtful=self._is_doubtful(),
        )

    def _holds(self) -> Expectation | None:
        """Return what they hold, or what they are owed to hear instead.

        An offer binds nobody, and noise below the tolerance is no news. An order that comes
        sooner is no news either, and simply so. Whoever set out since is coming after all, and
        an order that was called off by mistake is on again, though no day is known.
        """
        drift, state = self.drift, self.state
        if self.asked:
            holds = self.reference.asserts
        elif drift.kind is DriftKind.NONE and drift.note == "earlier_owes_nothing":
            holds = state.expected
        elif drift.kind in (DriftKind.NONE, DriftKind.LAPSED) or drift.asserts is None:
            holds = self.reference.asserts or state.expected or state.agreed
        else:
            holds = drift.asserts
        if holds is OFF and state.kind is JobKind.ORDER and state.expected is None:
            return None
        return UNKNOWN if holds is OFF and self._set_out_since() else holds

    def _stage(self) -> Stage:
        state = self.state
        if state.finished:
            return Stage.ENDED
        if state.status in _THERE:
            return Stage.THERE
        if state.status in _TROUBLE:
            return Stage.TROUBLED
        if self.drift.kind is DriftKind.OTHER_DAY or (self.asked and not self._has_window):
            return Stage.ASKED
        if self._is_over():
            return Stage.OVER
        if self._is_checking():
            return Stage.CHECKING
        comes = self._has_window or self._set_out_since()
        return Stage.ON_THE_WAY if comes and state.status in _ON_THE_WAY else Stage.COMING

    def _standing(self) -> Standing:
        holds, promised = self.holds, self.promised
        if holds is UNKNOWN:
            return Standing.UNKNOWN
        if holds is OFF:
            return Standing.OFF
        if not isinstance(holds, Window) or promised is None:
            return Standing.AS_PROMISED
        if same_promise(self.state.kind, holds, promised, self.zone):
            return Standing.AS_PROMISED
        if self.state.kind is JobKind.ORDER:
            return Standing.LATER if holds.end > promised.end else Standing.EARLIER
        days = {local_date(window.start, self.zone) for window in (holds, promised)}
        return Standing.MOVED if len(days) > 1 or holds.end <= promised.end else Standing.LATER

    @property
    def _has_window(self) -> bool:
        return isinstance(self.holds, Window)

    def _is_over(self) -> bool:
        """Whether the time that they hold has passed.

        That an order is not there when its day is over is told as "unknown"; that it is out
        for delivery again is news.
        """
        if self.holds is not UNKNOWN:
            return self._has_passed(self.holds)
        told_at, status = self.reference.at, self.state.status_fact
        news = told_at is not None and status is not None and status.received_at > told_at
        out_again = news and self.state.status in _ON_THE_WAY
        return self._has_passed(self.state.expected) and not out_again

    def _is_doubtful(self) -> bool:
        """Whether trouble came after the last word on the time, or that time has passed."""
        if self.state.status not in _TROUBLE:
            return False
        return self._has_passed(self.holds) or not self._is_newer(
            self._last_on_time(), self.state.status_fact
        )

    def _is_checking(self) -> bool:
        """Whether they heard that nobody reported, and nobody has since.

        Of an order, on a parcel that was silent then: another one is no news of it.
        """
        silence = {rule.id: rule.condition.silent_for for rule in self.rules}
        told = {
            message.claimed_at: silent_for
            for message in self.view.past
            if (silent_for := silence.get(message.rule)) is not None
            and message.may_have_reached
            and message.claimed_at
        }
        if not told:
            return False
        last = max(told)
        if awaited := self.state.awaited:
            silent_since = last - told[last]
            seen = [one.last_report for one in awaited]
            return any(fact is None or fact.received_at <= silent_since for fact in seen)
        return not any(
            fact.received_at >= last
            for fact in self.facts
            if fact.source not in _WAITING and fact.type not in _NO_REPORT
        )

    def _has_passed(self, holds: Expectation | None) -> bool:
        return isinstance(holds, Window) and holds.end <= self.now

    def _set_out_since(self) -> bool:
        """Whether somebody set out after the last that was said of the time."""
        set_out = self.state.status in _ON_THE_WAY
        return set_out and self._is_newer(self.state.status_fact, self._last_on_time())

    def _last_on_time(self) -> Fact | None:
        """Return the last fact that says something of the time, though it says it again."""
        said = [
            fact
            for fact in self.facts
            if fact.type not in ANSWERS
            and not (fact.minutes is None and fact.expected is None and fact.window is None)
        ]
        return max(said, key=_place, default=None)

    @staticmethod
    def _is_newer(one: Fact | None, other: Fact | None) -> bool:
        """Whether `one` was said after `other`, or with it."""
        return one is not None and (other is None or _place(one) >= _place(other))


def _place(fact: Fact) -> tuple[datetime, int]:
    return fact.effective_at, fact.seq
