"""What the sheets ask, and the fact that an answer makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from notifier.board_reading.cards import Card
from notifier.domain.facts import FactSource, FactType, PromiseKind
from notifier.domain.jobs import Effect, JobKind, JobStatus, effect_of
from notifier.domain.local_time import clock_time
from notifier.domain.reasons import Party, Reason
from notifier.domain.windows import OFF, UNKNOWN, Expectation, Window
from notifier.errors import Invalid
from notifier.intake import NewFact
from notifier.web.board.promise_form import promised_by

#: The buttons of *Running late*, in minutes.
MINUTES = (15, 30, 45, 60)
#: The same for an order, in days.
DAYS = (1, 2, 3, 7)
_MOST_MINUTES = 24 * 60
#: Nobody comes sooner than this before their window.
_EARLY = timedelta(hours=6)


class Asks(StrEnum):
    """What a sheet asks before it can show what goes out."""

    HOW_LATE = "how_late"
    WHICH_TIME = "which_time"  # a window, and whether they agreed
    WHAT_THEY_HEARD = "what_they_heard"  # a window, and who heard it
    WHO_HEARD = "who_heard"
    WHAT_IS_PROMISED = "what_is_promised"  # a call or news, by when, and if they know
    WHO_GOES = "who_goes"
    WHOSE_DOING = "whose_doing"
    SINCE_WHEN = "since_when"  # now, unless they say otherwise: it was merely not recorded
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One thing that staff can say of a job."""

    name: str
    type: FactType
    title: str
    asks: Asks


_APPOINTMENT = (
    Sheet("late", FactType.DELAYED, "Running late", Asks.HOW_LATE),
    Sheet("told", FactType.TOLD, "I told them by phone", Asks.WHAT_THEY_HEARD),
    Sheet("spoken", FactType.SPOKEN_TO, "I spoke to them", Asks.WHO_HEARD),
    Sheet("promise", FactType.PROMISED, "Promise a call or news", Asks.WHAT_IS_PROMISED),
    Sheet("confirmed", FactType.CONFIRMED, "Confirmed", Asks.NOTHING),
    Sheet("on-the-way", FactType.EN_ROUTE, "On the way", Asks.NOTHING),
    Sheet("arrived", FactType.ARRIVED, "Arrived", Asks.SINCE_WHEN),
    Sheet("done", FactType.COMPLETED, "Done", Asks.NOTHING),
    Sheet("someone-else", FactType.REASSIGNED, "Someone else goes", Asks.WHO_GOES),
    Sheet("moved", FactType.RESCHEDULED, "Another time", Asks.WHICH_TIME),
    Sheet("missed", FactType.MISSED, "Missed", Asks.WHOSE_DOING),
    Sheet("cancelled", FactType.CANCELLED, "Cancelled", Asks.WHOSE_DOING),
)
_ORDER = (
    Sheet("late", FactType.DELAYED, "Running late", Asks.HOW_LATE),
    Sheet("told", FactType.TOLD, "I told them by phone", Asks.WHAT_THEY_HEARD),
    Sheet("spoken", FactType.SPOKEN_TO, "I spoke to them", Asks.WHO_HEARD),
    Sheet("promise", FactType.PROMISED, "Promise a call or news", Asks.WHAT_IS_PROMISED),
    Sheet("out-for-delivery", FactType.OUT_FOR_DELIVERY, "Out for delivery", Asks.NOTHING),
    Sheet("ready-for-pickup", FactType.READY_FOR_PICKUP, "Ready for pickup", Asks.NOTHING),
    Sheet("delivered", FactType.DELIVERED, "Delivered", Asks.NOTHING),
    Sheet("not-received", FactType.NOT_RECEIVED, "Says it never came", Asks.NOTHING),
    Sheet("cancelled", FactType.CANCELLED, "Cancelled", Asks.WHOSE_DOING),
)


def sheets_of(kind: JobKind) -> tuple[Sheet, ...]:
    """Return what can be said of a job of this kind, in the order of its buttons."""
    return _APPOINTMENT if kind is JobKind.APPOINTMENT else _ORDER


#: The sheets most likely wanted of a job in each status, by name; of others, *Running late*.
_LIKELY: dict[JobStatus, tuple[str, ...]] = {
    JobStatus.SCHEDULED: ("late", "on-the-way"),
    JobStatus.CONFIRMED: ("late", "on-the-way"),
    JobStatus.EN_ROUTE: ("late", "arrived"),
    JobStatus.ARRIVED: ("done",),
    JobStatus.COMPLETED: (),
    JobStatus.MISSED: ("moved",),
    JobStatus.CANCELLED: (),
    JobStatus.OUT_FOR_DELIVERY: ("late", "delivered"),
    JobStatus.READY_FOR_PICKUP: ("delivered",),
    JobStatus.DELIVERED: ("not-received",),
    JobStatus.RETURNED: (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """What can be said of a job as it stands: the likely few, and the rest."""

    likely: tuple[Sheet, ...]
    more: tuple[Sheet, ...]


def actions_of(card: Card, now: datetime) -> Actions:
    """Return the sheets that would change something at `now`. Where somebody must ring, a likely
    one is what they say afterwards: the time that they gave, or only that they spoke."""
    can = [
        sheet
        for sheet in sheets_of(card.kind)
        if effect_of(card.kind, card.status, sheet.type, FactSource.STAFF) is not Effect.IGNORED
        and (sheet.type is not FactType.MISSED or _has_begun(card, now))
    ]
    names = _LIKELY.get(card.status, ("late",))
    if card.ring_first:
        knows = card.finished or card.told == card.expected
        names = (*names[:1], "spoken" if knows else "told")
    likely = tuple(sheet for sheet in can if sheet.name in names)
    return Actions(likely=likely, more=tuple(sheet for sheet in can if sheet not in likely))


def _has_begun(card: Card, now: datetime) -> bool:
    """Whether the time has begun that the customer knows of: sooner, nobody waited in vain."""
    awaited = card.told if isinstance(card.told, Window) else card.agreed
    return not isinstance(awaited, Window) or awaited.start <= now


def sheet_of(kind: JobKind, name: str) -> Sheet | None:
    """Return the sheet of that name, or None if this kind of job has none."""
    return next((sheet for sheet in sheets_of(kind) if sheet.name == name), None)


@dataclass(frozen=True, slots=True)
class LateChoice:
    """One button of *Running late* and what is expected if it is pressed."""

    value: str
    label: str
    results: Expectation


def late_choices(card: Card, now: datetime) -> list[LateChoice]:
    """Return the buttons of *Running late* that can still be kept at `now`.

    Minutes and days count from what was agreed.
    """
    base = _agreed(card)
    slips: list[tuple[str, str, Window]] = []
    if base is not None and card.kind is JobKind.APPOINTMENT:
        slips = [(str(n), f"{n} min", base.shifted(n)) for n in MINUTES]
    elif base is not None:
        slips = [
            (f"days-{n}", f"{n} day" if n == 1 else f"{n} days", _days_on(card, base, n))
            for n in DAYS
        ]
    choices = [
        LateChoice(value, label, window) for value, label, window in slips if now < window.end
    ]
    choices.append(LateChoice("unknown", "Don't know yet", UNKNOWN))
    if card.kind is JobKind.APPOINTMENT:
        choices.append(LateChoice("off", "Not today", OFF))
    return choices


def fact_from(
    sheet: Sheet, card: Card, form: Mapping[str, str], *, actor: str, hold_seconds: int
) -> NewFact:
    """Return the fact that a filled-in sheet says.

    :raises Invalid: if an answer is missing or makes no sense.
    """
    answers = _READERS[sheet.asks](card, form)
    return NewFact(
        type=sheet.type,
        source=FactSource.STAFF,
        actor=actor,
        occurred_at=answers.occurred_at,
        minutes=answers.minutes,
        expected=answers.expected,
        window=answers.window,
        agreed=answers.agreed,
        reason=answers.reason,
        by=answers.by,
        technician=answers.technician,
        person=answers.person,
        what=answers.what,
        moment=answers.moment,
        by_phone=answers.by_phone,
        hold_seconds=hold_seconds,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answers:
    occurred_at: datetime | None = None
    minutes: int | None = None
    expected: Expectation | None = None
    window: Window | None = None
    agreed: bool | None = None
    reason: Reason | None = None
    by: Party | None = None
    technician: str | None = None
    person: UUID | None = None
    what: PromiseKind | None = None
    moment: datetime | None = None
    by_phone: bool | None = None


def _how_late(card: Card, form: Mapping[str, str]) -> _Answers:
    choice, reason = form.get("late", ""), _reason(form)
    if choice in ("unknown", "off"):
        expected = UNKNOWN if choice == "unknown" else OFF
        return _Answers(expected=expected, reason=reason)
    if choice.startswith("days-"):
        base = _agreed(card)
        days = _number(choice.removeprefix("days-"), most=60)
        if base is None:
            raise Invalid("late", "This job has no time yet that could slip.")
        return _Answers(expected=_days_on(card, base, days), reason=reason)
    text = form.get("minutes", "") if choice == "other" else choice
    if not text:
        raise Invalid("minutes" if choice == "other" else "late", "Say how late it will be.")
    minutes = _number(text, most=_MOST_MINUTES)
    if _agreed(card) is None:
        raise Invalid("late", "This job has no time yet that could slip.")
    return _Answers(minutes=minutes, reason=reason)


def _which_time(card: Card, form: Mapping[str, str]) -> _Answers:
    return _Answers(window=_window(card, form), agreed=form.get("agreed") == "yes")


def _what_they_heard(card: Card, form: Mapping[str, str]) -> _Answers:
    person = _whom(card, form)
    if form.get("heard", "expected") == "expected":
        if isinstance(card.expected, Window):
            return _Answers(window=card.expected, person=person)
        return _Answers(expected=card.expected, person=person)
    return _Answers(window=_window(card, form), person=person)


def _who_heard(card: Card, form: Mapping[str, str]) -> _Answers:
    return _Answers(person=_whom(card, form))


def _what_is_promised(card: Card, form: Mapping[str, str]) -> _Answers:
    promised = promised_by(form, ZoneInfo(card.zone))
    return _Answers(
        person=_whom(card, form),
        what=promised.what,
        moment=promised.moment,
        by_phone=promised.by_phone,
    )


def _whom(card: Card, form: Mapping[str, str]) -> UUID | None:
    person = next((p.id for p in card.people if str(p.id) == form.get("person")), None)
    if person is None and card.customer is not None:
        return card.customer.id
    return person


def _who_goes(card: Card, form: Mapping[str, str]) -> _Answers:
    technician = form.get("technician", "").strip()
    if not technician:
        raise Invalid("technician", "Say who goes instead.")
    return _Answers(technician=technician)


def _whose_doing(card: Card, form: Mapping[str, str]) -> _Answers:
    by = form.get("by", "")
    if by not in {str(party) for party in Party}:
        raise Invalid("by", "Say whose doing it was.")
    return _Answers(by=Party(by), reason=_reason(form))


def _since_when(card: Card, form: Mapping[str, str]) -> _Answers:
    """Read a time of day of the visit; what lies ahead counts as now."""
    text = form.get("since", "").strip()
    if not text:
        return _Answers()
    window = card.expected if isinstance(card.expected, Window) else _agreed(card)
    if window is None:
        raise Invalid("since", "This visit has no day yet: leave the time empty.")
    try:
        clock = clock_time(text)
    except ValueError as error:
        raise Invalid("since", "Write a time such as 10:50.") from error
    zone = ZoneInfo(card.zone)
    start = window.start.astimezone(zone)
    moment = datetime.combine(start.date(), clock, zone)
    if moment < start - _EARLY:  # a visit that runs past midnight
        moment = datetime.combine(start.date() + timedelta(days=1), clock, zone)
    return _Answers(occurred_at=moment)


def _nothing(card: Card, form: Mapping[str, str]) -> _Answers:
    return _Answers()


_READERS: dict[Asks, Callable[[Card, Mapping[str, str]], _Answers]] = {
    Asks.HOW_LATE: _how_late,
    Asks.WHICH_TIME: _which_time,
    Asks.WHAT_THEY_HEARD: _what_they_heard,
    Asks.WHO_HEARD: _who_heard,
    Asks.WHAT_IS_PROMISED: _what_is_promised,
    Asks.WHO_GOES: _who_goes,
    Asks.WHOSE_DOING: _whose_doing,
    Asks.SINCE_WHEN: _since_when,
    Asks.NOTHING: _nothing,
}


def _reason(form: Mapping[str, str]) -> Reason | None:
    reason = form.get("reason", "")
    return Reason(reason) if reason in {str(known) for known in Reason} else None


def _number(text: str, *, most: int) -> int:
    digits = text.strip()
    if not digits.isdecimal() or not 0 <= int(digits) <= most:
        raise Invalid("minutes", f"Minutes are a whole number from 0 to {most}.")
    return int(digits)


def _window(card: Card, form: Mapping[str, str]) -> Window:
    """Read a date and two local times in the zone of the job's place."""
    zone = ZoneInfo(card.zone)
    try:
        day = date.fromisoformat(form.get("day", ""))
        start = datetime.combine(day, clock_time(form.get("from", "")), zone)
        end = datetime.combine(day, clock_time(form.get("until", "")), zone)
        if end <= start:
            end += timedelta(days=1)  # a visit over midnight
        return Window(start, end)
    except ValueError as error:
        raise Invalid("day", "Give the day, and from when until when.") from error


def _agreed(card: Card) -> Window | None:
    base = card.agreed or card.promised
    return base if isinstance(base, Window) else None


def _days_on(card: Card, base: Window, days: int) -> Window:
    """Return the same local hours so many days later, whatever the clocks do in between."""
    zone = ZoneInfo(card.zone)

    def later(moment: datetime) -> datetime:
        local = moment.astimezone(zone)
        return datetime.combine(local.date() + timedelta(days=days), local.time(), zone)

    return Window(later(base.start), later(base.end))
