"""What people are owed, worked out the plain way and with none of the planner's own code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

from notifier.domain.folding import JobState
from notifier.domain.jobs import JobKind, JobStatus
from notifier.domain.messages import MessageStatus, Role, Strength
from notifier.domain.windows import OFF, Expectation, Window
from tests.domain.stage import PLACE
from tests.model.people import Person

_TEN_MINUTES = timedelta(minutes=10)


class Word(StrEnum):
    """What kind of word somebody is owed."""

    TELL = "tell"
    ASK = "ask"
    STANDS = "stands"  # what they hold, after all: what they were asked about is no more


@dataclass(frozen=True, slots=True)
class Debt:
    """Somebody holds one thing and the business believes another."""

    word: Word
    expected: Expectation
    told: Expectation


def day_of(moment: datetime) -> date:
    """Return the date at the place."""
    return moment.astimezone(PLACE).date()


def differs(kind: JobKind, expected: Expectation | None, told: Expectation | None) -> bool:
    """Ten minutes beyond either edge of a visit; another day of a delivery."""
    if not isinstance(expected, Window) or not isinstance(told, Window):
        return expected is not told
    if kind is JobKind.ORDER:
        return day_of(expected.end) != day_of(told.end)
    ends_later = expected.end > told.end + _TEN_MINUTES
    starts_earlier = expected.start < told.start - _TEN_MINUTES
    return ends_later or starts_earlier


def says(kind: JobKind, asserted: Expectation | None, expected: Expectation) -> bool:
    """Whether `asserted` tells what is expected: no more, and no earlier start than was told."""
    if not differs(kind, expected, asserted):
        return True
    if kind is JobKind.ORDER or not isinstance(asserted, Window):
        return False
    return (
        isinstance(expected, Window)
        and asserted.start > expected.start
        and abs(asserted.end - expected.end) <= _TEN_MINUTES
    )


def latest_given(person: Person) -> tuple[Expectation, datetime] | None:
    """Return what reached them with the latest hand-over, and when that was."""
    reached = [
        (given.given_at, (given.message or given.fact or UUID(int=0)).int, given.asserts)
        for given in person.given
        if given.strength is not Strength.NONE
    ]
    if not reached:
        return None
    moment, _, asserts = max(reached, key=lambda entry: entry[:2])
    return asserts, moment


def holds(person: Person, state: JobState) -> Expectation | None:
    """Return what they hold: what reached them last, else what was agreed."""
    given = latest_given(person)
    return given[0] if given is not None else state.agreed


def last_window(person: Person, state: JobState) -> Window | None:
    """Return the last window that reached them, else the one that was agreed."""
    windows = [
        (given.given_at, given.asserts)
        for given in person.given
        if given.strength is not Strength.NONE and isinstance(given.asserts, Window)
    ]
    return max(windows, key=lambda entry: entry[0])[1] if windows else state.agreed


def debt(person: Person, state: JobState, now: datetime) -> Debt | None:
    """Return what `person` is owed a word about, or None.

    An earlier start and another day bind nobody: the customer is asked, the others wait for
    the answer. An order that comes sooner owes nothing. What has passed is no news any more.
    """
    if state.kind is JobKind.ORDER and person.role is Role.ON_SITE:
        return None
    told, expected = holds(person, state), state.expected
    if told is None or expected is None:
        return None
    if state.status is JobStatus.CANCELLED:
        return Debt(Word.TELL, OFF, told) if told is not OFF else None
    if state.finished or state.status is JobStatus.ARRIVED:
        return None
    if not differs(state.kind, expected, told):
        return None
    if not isinstance(expected, Window):
        return Debt(Word.TELL, expected, told)
    if expected.end <= now:
        return None
    if state.kind is JobKind.ORDER:
        sooner = isinstance(told, Window) and day_of(expected.end) < day_of(told.end)
        return None if sooner else Debt(Word.TELL, expected, told)
    before = told if isinstance(told, Window) else last_window(person, state)
    if before is None:
        return Debt(Word.TELL, expected, told)
    another_day = told is OFF or day_of(expected.start) != day_of(before.start)
    only_earlier = expected.end <= before.end + _TEN_MINUTES and (
        expected.start < before.start - _TEN_MINUTES
    )
    if another_day or only_earlier:
        if person.role is not Role.CUSTOMER:
            return None
        return Debt(Word.ASK, expected, told)
    return Debt(Word.TELL, expected, told)


def tell_by(person: Person, state: JobState) -> datetime | None:
    """Return by when they must have heard of a change of what they hold; None without a window.

    An hour before a visit, nine o'clock on the day of a delivery; a quarter of an hour after
    they were given it if that is later; never after it starts.
    """
    window = holds(person, state)
    if not isinstance(window, Window):
        return None
    given = latest_given(person)
    given_at = given[1] if given is not None else _booked_at(state)
    if state.kind is JobKind.APPOINTMENT:
        moment, start = window.start - timedelta(hours=1), window.start
    else:
        day = day_of(window.end)
        moment = datetime.combine(day, time(9), PLACE).astimezone(UTC)
        midnight = datetime.combine(day, time(0), PLACE).astimezone(UTC)
        start = window.start if window.start > midnight else window.end
    return min(max(moment, given_at + timedelta(minutes=15)), start)


def _booked_at(state: JobState) -> datetime:
    assert state.booked is not None
    return min(state.booked.occurred_at, state.booked.received_at)


def is_night(moment: datetime, person: Person) -> bool:
    """Whether it is between 21:00 and 8:00 anywhere that they may be."""
    hours = [moment.astimezone(zone).hour for zone in person.zones]
    return any(hour >= 21 or hour < 8 for hour in hours)


def morning(moment: datetime, person: Person) -> datetime:
    """Return `moment`, or the end of the night that it lies in."""
    while is_night(moment, person):
        moment = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return moment


def may_have_read(person: Person) -> frozenset[UUID]:
    """Return the messages that reached them or may have: taken, or nobody knows."""
    open_ = {
        MessageStatus.CLAIMED,
        MessageStatus.ACCEPTED,
        MessageStatus.SENT,
        MessageStatus.DELIVERED,
        MessageStatus.UNKNOWN,
    }
    return frozenset(
        row.id
        for row in person.rows.values()
        if row.status in open_
        or (row.status is MessageStatus.HELD and row.reason == "outcome_unknown")
    )
