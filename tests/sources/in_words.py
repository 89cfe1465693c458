"""What a source's answer says, in lines that a table of samples shows at a glance."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from notifier.domain.windows import Window
from notifier.sources.parts.estimates import DayOf, Estimate, LocalDay
from notifier.sources.protocol import (
    Booking,
    ByReference,
    Ignored,
    Needs,
    SourceEvent,
    Translation,
)


def in_words(answer: Translation | Needs) -> list[str]:
    """Return a line for each fact, with its time and its job; or why there is none.

    Under it stands, a line each, what else it says: of a booking its people and what is booked.
    """
    if isinstance(answer, Ignored):
        return [f"ignored: {answer.why}"]
    assert isinstance(answer, tuple), answer
    return [line for event in answer for line in _lines(event)]


def _lines(event: SourceEvent) -> Iterator[str]:
    join = event.join
    name = join.reference if isinstance(join, ByReference) else f"parcel {join.code}"
    yield f"{_utc(event.occurred_at)} {name} {event.type}"
    if isinstance(join, ByReference) and event.parcel is not None:
        yield f"  parcel: {event.parcel}"
    if event.expected is not None:
        yield f"  expected: {_estimate(event.expected)}"
    if event.window is not None:
        yield f"  when: {_span(event.window)}"
    if event.reason is not None:
        yield f"  why: {event.reason}"
    if event.by is not None:
        yield f"  by: {event.by}"
    if event.technician is not None:
        yield f"  to: {event.technician}, {event.technician_phone}"
    if event.booking is not None:
        yield from _booked(event.booking)


def _booked(booking: Booking) -> Iterator[str]:
    for one in booking.people:
        rarer = {"locale": one.locale, "zone": one.zone, "id": one.reference}
        known = [one.name, one.phone, one.email]
        known += [f"{what} {value}" for what, value in rarer.items() if value]
        yield f"  {one.role}: {', '.join(filter(None, known))}"
    yield f"  of: {'; '.join(filter(None, (booking.service, *booking.items)))}"
    yield f"  at: {booking.address or '-'}"
    if booking.technician is not None:
        yield f"  done by: {booking.technician}, {booking.technician_phone}"
    if isinstance(booking.window, Window):
        yield f"  when: {_span(booking.window)}"
    elif booking.window is not None:
        yield f"  when: {booking.window.day}"


def _estimate(estimate: Estimate) -> str:
    if isinstance(estimate, LocalDay):
        return str(estimate.day)
    if isinstance(estimate, DayOf):
        return f"the day of {_utc(estimate.moment)}"
    return _span(estimate) if isinstance(estimate, Window) else str(estimate)


def _span(window: Window) -> str:
    return f"{_utc(window.start)} to {_utc(window.end)}"


def _utc(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else "at some time"
