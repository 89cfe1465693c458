"""How much one delivery may say. What is more fails as a whole, before anything is recorded.

A body of a few kilobytes can name so many parcels or people that everybody else waits for minutes
while it is recorded. What real orders and visits have is far below these figures.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from notifier.parcels import MAX_PARCELS
from notifier.sources.protocol import Join, SourceEvent, Untranslatable

#: Of one delivery. Vendors list 500 orders or shipments at once, and some of those have parcels.
MAX_EVENTS = 5000

#: Of one delivery about one job: two of each parcel, and as much again for what else is said.
MAX_EVENTS_OF_ONE_JOB = 3 * MAX_PARCELS

#: A customer and ten more, as the API and our own webhook take.
MAX_PEOPLE = 11


def check_bounds(events: Sequence[SourceEvent]) -> None:
    """Make sure that others need not wait for long while these events are recorded.

    :raises Untranslatable: if there are too many, of all or of one job, parcel or person.
    """
    if len(events) > MAX_EVENTS:
        raise Untranslatable(f"It says {len(events)} things; {MAX_EVENTS} at once are read.")
    if any(number > MAX_EVENTS_OF_ONE_JOB for number in Counter(e.join for e in events).values()):
        raise Untranslatable(
            f"It says more than {MAX_EVENTS_OF_ONE_JOB} things of one job; so many are read."
        )
    codes: dict[Join, set[str]] = defaultdict(set)
    for event in events:
        codes[event.join].update(_codes(event))
        if len(codes[event.join]) > MAX_PARCELS:
            raise Untranslatable(f"An order has at most {MAX_PARCELS} parcels; this one has more.")
        people = len(event.booking.people) if event.booking is not None else 0
        if people > MAX_PEOPLE:
            raise Untranslatable(
                f"A job has a customer and at most {MAX_PEOPLE - 1} contacts;"
                f" this one names {people} people."
            )


def _codes(event: SourceEvent) -> Iterable[str]:
    """Return the tracking codes of the parcels that an event gives its order."""
    if event.adds_parcel is not None:
        yield event.adds_parcel.tracking_code
    if event.shipment is not None:
        yield from event.shipment.codes
    if event.booking is not None:
        yield from (parcel.tracking_code for parcel in event.booking.parcels)
