"""What an import did or would do, in words that the board and the command line share."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from notifier.booking import NewAppointment, NewOrder
from notifier.importing.bookings import Outcome, Preview
from notifier.page_times import say_date, say_window

OUTCOME = {
    Outcome.NEW: "new",
    Outcome.SAME: "booked already",
    Outcome.CONFLICT: "conflict",
    Outcome.FAULT: "to mend",
}


def say_counts(preview: Preview) -> str:
    """Return how many lines come to what: `12 new, 1 to mend`."""
    counts = [(preview.count(outcome), OUTCOME[outcome]) for outcome in Outcome]
    return ", ".join(f"{count} {words}" for count, words in counts if count)


def say_time(new: NewAppointment | NewOrder, *, zone: str, now: datetime, locale: str) -> str:
    """Return the promised time at the place, whose zone is named where it is not `zone`."""
    if new.window is None:
        return "no time yet"
    place = ZoneInfo(new.zone or zone)
    if isinstance(new, NewOrder):
        said = say_date(new.window, place, now=now, locale=locale)
    else:
        elsewhere = new.zone not in (None, zone)
        said = say_window(
            new.window, place, now=now, locale=locale, name_zone=elsewhere, may_be_by=False
        )
    return f"{said}, over already" if new.window.end <= now else said


def say_reach(new: NewAppointment | NewOrder) -> str:
    """Return that somebody has to ring where the customer can't be written to, else nothing."""
    if any(person.phone or person.email for person in new.people):
        return ""
    return "no phone or email: nobody is written to"
