"""The brake: a rule that is about to send far more than it ever did waits until somebody looked.

It holds what no person asked for: a feed gone mad, a rule that means more than was meant. What
a person said themselves, and what concerns the next two hours, goes through.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from notifier.domain.facts import FactSource
from notifier.domain.guards.limits import Limits
from notifier.domain.jobs import JobKind
from notifier.domain.windows import OFF, Expectation

#: What concerns less time than this ahead is not held.
SOON = timedelta(hours=2)

#: A visit whose `tell_by` is so long past may still be awaited.
_AWAITED = timedelta(hours=3)

#: Whose word about one job is a person's, given for that job alone.
_PEOPLE = frozenset({FactSource.STAFF, FactSource.TECHNICIAN})


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutToGo:
    """What the brake reads of a message that is due."""

    kind: JobKind
    starts_at: datetime | None  # of the window that is expected, else agreed
    ends_at: datetime | None
    tell_by: datetime | None
    expires_at: datetime
    said_by: FactSource | None  # whose fact it rests on
    last_call: datetime | None = None  # must they hear it: until when it can go in time

    def passes(self, now: datetime) -> bool:
        """Return whether it goes whatever the brake says."""
        last_call = self.last_call is not None and self.last_call <= now + SOON
        return self.said_by in _PEOPLE or last_call or self._concerns_soon(now)

    def held_until(self, now: datetime) -> datetime:
        """Return when it comes to concern the next two hours, or expires."""
        edges = [self.tell_by, self.last_call]
        if self.kind is JobKind.APPOINTMENT:
            edges.append(self.starts_at)
        ahead = [edge - SOON for edge in edges if edge is not None and edge - SOON > now]
        return min([*ahead, self.expires_at])

    def _concerns_soon(self, now: datetime) -> bool:
        is_visit = self.kind is JobKind.APPOINTMENT
        near = self.starts_at is not None and self.starts_at <= now + SOON
        if is_visit and near and self.ends_at is not None and now < self.ends_at:
            return True
        due_since = now - (_AWAITED if is_visit else timedelta(0))
        return self.tell_by is not None and due_since < self.tell_by <= now + SOON


def must_be_heard(tell_by: datetime | None, asserts: Expectation | None) -> bool:
    """Return whether a message may not end unheard: it has a time for that, or says *off*."""
    return tell_by is not None or asserts is OFF


def bears(limits: Limits, most: int) -> int | None:
    """Return how many messages of a rule go in an hour unasked; None: as many as there are.

    :param most: that it ever sent in one hour.
    """
    if limits.brake_from is None:
        return None
    return max(limits.brake_from, limits.brake_times * most)
