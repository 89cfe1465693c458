"""The technician's day in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from notifier.domain.facts import Fact, FactType
from notifier.domain.jobs import JobKind, JobStatus
from notifier.domain.ledger.promises import same_promise
from notifier.domain.phones import for_reading
from notifier.domain.said_late import said_late
from notifier.domain.technician_answers import LATE_MINUTES, Act
from notifier.domain.windows import OFF, UNKNOWN, Window
from notifier.page_times import say_hours, say_hours_left, say_moment
from notifier.technicians.day import TechnicianDay, Visit

_STATE_WORDS = {
    JobStatus.SCHEDULED: "",
    JobStatus.CONFIRMED: "",
    JobStatus.EN_ROUTE: "On the way",
    JobStatus.ARRIVED: "Here",
    JobStatus.COMPLETED: "Done",
    JobStatus.MISSED: "Missed",
    JobStatus.CANCELLED: "Cancelled",
}

_RECORDED = {
    FactType.EN_ROUTE: "Recorded: on the way. The customer is told.",
    FactType.ARRIVED: "Recorded: you are there.",
    FactType.COMPLETED: "Recorded: done.",
}


@dataclass(frozen=True, slots=True)
class LateChoice:
    """One button of *Late*, with the hours that result."""

    value: str
    words: str
    hours: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitView:
    """One visit, written down."""

    job_id: UUID
    hours: str
    expected_hours: str | None
    service: str
    first_name: str | None
    address: str | None
    phone: str | None
    phone_dial: str | None
    standing: str
    state_words: str
    acts: tuple[str, ...]
    late_choices: tuple[LateChoice, ...]
    asked: bool
    recorded: str | None
    undo_fact: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayView:
    """A day, written down."""

    technician: str
    date: str
    brand: str
    office: str
    office_dial: str
    done_count: int
    next_job_id: UUID | None
    visits: tuple[VisitView, ...]


def view_of(day: TechnicianDay, on: date, *, now: datetime) -> DayView:
    """Write `day` down as it stands at `now`."""
    following = day.next_visit
    done = [visit for visit in day.visits if visit.status is JobStatus.COMPLETED]
    return DayView(
        technician=day.technician,
        date=f"{on:%A} {on.day} {on:%B}",
        brand=day.brand,
        office=for_reading(day.office, day.country),
        office_dial=day.office,
        done_count=len(done),
        next_job_id=following.job_id if following else None,
        visits=tuple(_visit(visit, day.country, now) for visit in day.visits),
    )


def _visit(visit: Visit, country: str, now: datetime) -> VisitView:
    drifted = not visit.finished and not same_promise(
        JobKind.APPOINTMENT, visit.expected, visit.window, visit.zone
    )
    hours = _hours(visit, visit.window) or "No time yet"
    return VisitView(
        job_id=visit.job_id,
        hours=hours,
        expected_hours=_expected(visit, now) if drifted else None,
        service=visit.service,
        first_name=visit.first_name,
        address=visit.address,
        phone=for_reading(visit.phone, country) if visit.phone else None,
        phone_dial=visit.phone,
        standing=_standing(visit, drifted=drifted),
        state_words=_state_words(visit, drifted=drifted),
        acts=tuple(act.value for act in visit.acts),
        late_choices=_late_choices(visit, now) if Act.LATE in visit.acts else (),
        asked=visit.asked,
        recorded=_recorded(visit, visit.own, now) if visit.own else None,
        undo_fact=visit.own.id if visit.own else None,
    )


def _hours(visit: Visit, window: Window | None) -> str | None:
    return say_hours(window, visit.zone, locale="en") if window else None


def _expected(visit: Visit, now: datetime) -> str | None:
    if visit.expected is UNKNOWN:
        return "not known yet"
    if isinstance(visit.expected, Window):
        return _hours_left(visit, visit.expected, now)
    return None


def _hours_left(visit: Visit, window: Window, now: datetime) -> str:
    return say_hours_left(window, visit.zone, now=now, locale="en")


def _standing(visit: Visit, *, drifted: bool) -> str:
    if visit.status is JobStatus.COMPLETED:
        return "finished"
    if visit.finished:
        return "stopped"
    if visit.expected is UNKNOWN:
        return "unknown"
    return "late" if drifted else "planned"


def _state_words(visit: Visit, *, drifted: bool) -> str:
    if visit.expected is OFF and visit.status not in (JobStatus.COMPLETED, JobStatus.CANCELLED):
        return "Not today"
    words = _STATE_WORDS.get(visit.status, "")
    if words:
        return words
    return "New time" if drifted else ""


def _late_choices(visit: Visit, now: datetime) -> tuple[LateChoice, ...]:
    base = visit.late_from
    choices = [
        LateChoice(
            str(minutes),
            f"{minutes} min",
            _hours_left(visit, said_late(base, minutes, now=now), now),
        )
        for minutes in LATE_MINUTES
        if base is not None
    ]
    return (*choices, LateChoice("unknown", "Don’t know", None))


def _lateness(visit: Visit, fact: Fact) -> str:
    """Return how late that is in all, from what was agreed."""
    if not isinstance(fact.expected, Window) or visit.window is None:
        return ""
    minutes = (fact.expected.end - visit.window.end) // timedelta(minutes=1)
    return f"{minutes} minutes late, " if minutes > 0 else ""


def _recorded(visit: Visit, fact: Fact, now: datetime) -> str:
    if fact.type is FactType.DELAYED:
        if fact.expected is OFF:
            said = "you can’t come today"
        elif fact.expected is UNKNOWN:
            said = "late, and nobody knows yet until when"
        else:
            until = _expected(visit, now) or _hours(visit, visit.window)
            said = f"{_lateness(visit, fact)}now {until}"
        at = say_moment(fact.received_at, visit.zone, now=now, locale="en")
        return f"Recorded at {at}: {said}. The customer is told in a moment."
    return _RECORDED.get(fact.type, "Recorded.")
