"""What the condition of a rule can read: the job, the person, the ledger, the brand, the past."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from functools import cached_property
from uuid import UUID

from notifier.domain.drift import Drift, is_asked
from notifier.domain.facts import Fact
from notifier.domain.jobs import JobKind, JobStatus
from notifier.domain.ledger.promises import promise_key
from notifier.domain.ledger.views import OpenMoment, PersonView, Reference
from notifier.domain.plan_input import PlanInput
from notifier.domain.windows import Expectation, Special, Window


class Situation:
    """One person's side of one job at `now`. What is not asked for is not computed."""

    def __init__(
        self,
        job: PlanInput,
        person: PersonView,
        drift: Drift,
        reference: Reference,
        *,
        bad_rules: frozenset[str],
        before_episode: int,
        now: datetime,
    ) -> None:
        self.job, self.person, self.now = job, person, now
        self.state = job.state
        self.drift, self.reference = drift, reference
        self._bad_rules, self._before_episode = bad_rules, before_episode

    @cached_property
    def expected(self) -> str:
        """Return the kind of what is believed: window, unknown, off, none."""
        return _kind(self.state.expected)

    @cached_property
    def told(self) -> str:
        """Return the kind of what the person holds: window, unknown, off, none."""
        return _kind(self.reference.asserts)

    @cached_property
    def cause(self) -> str:
        """Return the type of the fact that what is believed rests on, or nothing."""
        return self.state.expected_fact.type if self.state.expected_fact else ""

    @cached_property
    def technicians_named(self) -> frozenset[UUID | None]:
        """Return the technicians named to them in messages that may have reached them."""
        return frozenset(
            message.technician
            for message in self.person.past
            if message.technician is not None and message.may_have_reached
        )

    @cached_property
    def technician_changed(self) -> bool:
        """Return whether somebody else than who is coming was named to them."""
        return bool(self.technicians_named - {self.state.technician})

    @cached_property
    def bad_news(self) -> int:
        """Count the bad news of this promise before this episode. Mistakes count nowhere."""
        promise = promise_key(self.state)
        return len(
            {
                message.episode
                for message in self.person.past
                if message.rule in self._bad_rules
                and message.may_have_reached
                and message.rests_on not in self.state.withdrawn
                and message.episode.startswith(f"{promise}/")
                and message.episode_no < self._before_episode
            }
        )

    @cached_property
    def overdue(self) -> bool:
        """Return whether the window they hold has ended and nothing says that it was kept."""
        told = self.reference.asserts
        if self.state.finished or not isinstance(told, Window) or self.now < told.end:
            return False
        expected = self.state.expected
        return not (isinstance(expected, Window) and expected.end > self.now)

    def silent_since(self, at: Collection[str] = ()) -> datetime | None:
        """Return since when nobody has reported on the job; None: nobody was to report yet.

        Of a visit, silence begins with the window that they hold; of an order, when it was
        placed, and it is that of the parcel that has been silent longest; of what was not sent yet
        nobody is to report. Every report by staff, technician, carrier, shop or a caller breaks it.

        :param at: only parcels that stand at one of these statuses; empty: any.
        """
        if self.state.tracked:
            parcels = (one for one in self.state.awaited if not at or one.status in at)
            return min((self._heard_at(one.last_report) for one in parcels), default=None)
        report = self.state.last_report
        if self.state.kind is JobKind.ORDER:
            return self._heard_at(report)
        heard = report.received_at if report is not None else None
        told = self.reference.asserts
        if not isinstance(told, Window):
            return None
        return told.start if heard is None else max(heard, told.start)

    @cached_property
    def standings(self) -> Collection[tuple[JobStatus, Fact | None]]:
        """Return where each parcel that is still to come stands, else the job, and since what."""
        parcels = [(parcel.status, parcel.status_fact) for parcel in self.state.awaited]
        return parcels or [(self.state.status, self.state.status_fact)]

    def went_there(self, statuses: Collection[str]) -> Fact | None:
        """Return the last fact that led a parcel, or the job without any, to one of `statuses`."""
        led = [fact for status, fact in self.standings if status in statuses and fact is not None]
        return max(led, key=lambda fact: fact.received_at, default=None)

    def _heard_at(self, report: Fact | None) -> datetime:
        return report.received_at if report is not None else self.job.booked_at

    @cached_property
    def moment(self) -> OpenMoment | None:
        """Return the moment by which they were promised news or a call, if one is ahead."""
        return self.person.moment_ahead(self.now)

    def values(self) -> dict[str, object]:
        """Return all of it by the names that CEL reads: `job.status`, `drift.minutes`."""
        return {name: read(self) for name, (_, read) in _READ.items()}


def _kind(expectation: Expectation | None) -> str:
    if expectation is None:
        return "none"
    return expectation.value if isinstance(expectation, Special) else "window"


_READ: dict[str, tuple[str, Callable[[Situation], object]]] = {
    "job.kind": ("str", lambda s: s.state.kind.value),
    "job.status": ("str", lambda s: s.state.status.value),
    "job.by": ("str", lambda s: s.state.by or ""),
    "job.reason": ("str", lambda s: s.state.reason or ""),
    "job.finished": ("bool", lambda s: s.state.finished),
    "job.expected": ("str", lambda s: s.expected),
    "job.cause": ("str", lambda s: s.cause),
    "job.technician": ("bool", lambda s: s.state.technician is not None),
    "job.parcels": ("int", lambda s: len(s.state.tracked)),
    "job.zone": ("str", lambda s: s.job.zone.key),
    "person.role": ("str", lambda s: s.person.role.value),
    "person.told": ("str", lambda s: s.told),
    "person.told_a_technician": ("bool", lambda s: bool(s.technicians_named)),
    "person.technician_changed": ("bool", lambda s: s.technician_changed),
    "drift.kind": ("str", lambda s: s.drift.kind.value),
    "drift.minutes": ("int", lambda s: s.drift.minutes),
    "drift.asked": ("bool", lambda s: is_asked(s.drift.kind)),
    "ledger.promises": ("int", lambda s: len(s.person.given)),
    "ledger.strength": ("str", lambda s: s.person.told.strength.value if s.person.told else "none"),
    "ledger.promised": ("str", lambda s: s.moment.what.value if s.moment else "none"),
    "ledger.put_off": ("int", lambda s: s.moment.put_off if s.moment else 0),
    "history.messages": ("int", lambda s: sum(m.may_have_reached for m in s.person.past)),
    "history.bad_news": ("int", lambda s: s.bad_news),
    "brand.slug": ("str", lambda s: s.job.manners.brand),
    "overdue": ("bool", lambda s: s.overdue),
}

#: Every name that a CEL condition can read, and its type: str, bool or int.
NAMES: dict[str, str] = {name: kind for name, (kind, _) in _READ.items()}
