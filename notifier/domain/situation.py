"""What a rule's condition can read: typed values about the job, the person and the time."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from notifier.domain.drift import Drift, is_asked
from notifier.domain.episodes import promise_text
from notifier.domain.folding import JobState
from notifier.domain.jobs import JobKind
from notifier.domain.ledger import PersonView, Reference
from notifier.domain.windows import Expectation, Special, Window, local_date


@dataclass(frozen=True, slots=True)
class JobValues:
    """`job`: what is believed about it."""

    kind: str
    status: str
    by: str  # us, customer, unknown, or empty
    reason: str  # empty where none is recorded
    finished: bool
    expected: str  # window, unknown, off, none
    cause: str  # the type of the fact that `expected` rests on
    technician: bool


@dataclass(frozen=True, slots=True)
class PersonValues:
    """`person`: who would read it, and what they hold."""

    role: str
    told: str  # window, unknown, off, none
    told_a_technician: bool  # an "on the way" named somebody
    technician_changed: bool  # and it was not, or not only, who is coming


@dataclass(frozen=True, slots=True)
class DriftValues:
    """`drift`: how far that is from what is believed."""

    kind: str
    minutes: int
    asked: bool


@dataclass(frozen=True, slots=True)
class Situation:
    """All of it. `slips` counts the bad news of this promise before this episode."""

    job: JobValues
    person: PersonValues
    drift: DriftValues
    slips: int
    overdue: bool  # the window they hold has ended and nothing says that it was kept

    def values(self) -> dict[str, object]:
        """Return it by the names that a condition reads: `job.status`, `drift.minutes`."""
        flat: dict[str, object] = {
            name: getattr(getattr(self, group), part) for name, group, part in _IN_GROUPS
        }
        return flat | {"slips": self.slips, "overdue": self.overdue}


#: Name, group and part of each value; written out once, for planning reads them all the time.
_IN_GROUPS = tuple(
    (f"{group}.{field.name}", group, field.name)
    for group, values in (("job", JobValues), ("person", PersonValues), ("drift", DriftValues))
    for field in fields(values)
)


def situation_of(
    state: JobState,
    person: PersonView,
    drift: Drift,
    reference: Reference,
    *,
    bad_rules: frozenset[str],
    before_episode: int,
    now: datetime,
    zone: ZoneInfo,
) -> Situation:
    """Return the typed values of one person's situation at `now`."""
    named = _named(person)
    return Situation(
        job=JobValues(
            kind=state.kind,
            status=state.status,
            by=state.by or "",
            reason=state.reason or "",
            finished=state.finished,
            expected=_kind(state.expected),
            cause=state.expected_fact.type if state.expected_fact else "",
            technician=state.technician is not None,
        ),
        person=PersonValues(
            role=person.role,
            told=_kind(reference.asserts),
            told_a_technician=bool(named),
            technician_changed=bool(named - {state.technician}),
        ),
        drift=DriftValues(kind=drift.kind, minutes=drift.minutes, asked=is_asked(drift.kind)),
        slips=_slips(state, person, bad_rules, before_episode),
        overdue=_overdue(state, reference, now, zone),
    )


def _kind(expectation: Expectation | None) -> str:
    if expectation is None:
        return "none"
    return expectation.value if isinstance(expectation, Special) else "window"


def _slips(
    state: JobState, person: PersonView, bad_rules: frozenset[str], before_episode: int
) -> int:
    """Count the bad news of this promise that may have reached them. Mistakes count nowhere."""
    promise = promise_text(state.agreed)
    return len(
        {
            message.episode
            for message in person.past
            if message.rule in bad_rules
            and message.may_have_reached
            and message.rests_on not in state.withdrawn
            and message.episode.startswith(f"{promise}/")
            and message.episode_no < before_episode
        }
    )


def _named(person: PersonView) -> frozenset[UUID | None]:
    """Return the technicians named to them in messages that may have reached them."""
    return frozenset(
        message.technician
        for message in person.past
        if message.technician is not None and message.may_have_reached
    )


def _overdue(state: JobState, reference: Reference, now: datetime, zone: ZoneInfo) -> bool:
    told = reference.asserts
    if state.finished or not isinstance(told, Window):
        return False
    if state.kind is JobKind.ORDER:
        ended = local_date(now, zone) > local_date(told.end, zone) or now >= told.end
        return ended and not _expected_later(state, now)
    return now >= told.end and not _expected_later(state, now)


def _expected_later(state: JobState, now: datetime) -> bool:
    return isinstance(state.expected, Window) and state.expected.end > now


#: Every name that a condition can read, and its type: str, bool or int.
NAMES: dict[str, str] = {
    **{f"job.{name}": str(kind) for name, kind in JobValues.__annotations__.items()},
    **{f"person.{name}": str(kind) for name, kind in PersonValues.__annotations__.items()},
    **{f"drift.{name}": str(kind) for name, kind in DriftValues.__annotations__.items()},
    "slips": "int",
    "overdue": "bool",
}
