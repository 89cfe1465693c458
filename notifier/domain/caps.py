"""How many messages one human gets in a period, and what gives way when it is enough.

- `high` never gives way: a cancellation, "not that day", a slip of the promise. It counts.
- `normal` gives way once the period holds `at_most` messages.
- `low` gives way one message sooner: the last place is kept for what matters more.

Several messages that went as one digest count once. Whatever gave way is looked at again when
the oldest message has left the period.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from notifier.domain.messages import MessageKind, Priority


class CapPer(StrEnum):
    """Whose messages are counted."""

    PERSON = "person"  # all that one human gets from the brand, in every job, on every channel
    CONTACT = "contact"  # all that goes to one number or address, whoever shares it


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """At most so many messages in any stretch of `period`."""

    per: CapPer = CapPer.PERSON
    period: timedelta
    at_most: int  # 1 or more
    kinds: frozenset[MessageKind] = frozenset()  # that are counted and held back; none: all


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A message that a provider took, or may have: of this job or of another one."""

    at: datetime
    kind: MessageKind
    to_them: bool  # to this human, by whatever way; else to somebody who shares an address
    contact: UUID | None  # which of this person's ways it took; None: one of another job's


def longest_period(caps: Iterable[Cap]) -> timedelta | None:
    """Return how far back messages must be known; None if nothing is capped."""
    return max((cap.period for cap in caps), default=None)


def cap_reached(
    caps: Sequence[Cap],
    heard: Sequence[Heard],
    *,
    priority: Priority,
    kind: MessageKind,
    contact: UUID | None,
    now: datetime,
) -> datetime | None:
    """Return when there is room again for such a message to `contact`; None: there is now."""
    if priority is Priority.HIGH:
        return None
    frees = [_frees_at(cap, heard, priority, contact, now) for cap in caps if _binds(cap, kind)]
    return max((moment for moment in frees if moment is not None), default=None)


def _binds(cap: Cap, kind: MessageKind) -> bool:
    return not cap.kinds or kind in cap.kinds


def _frees_at(
    cap: Cap, heard: Sequence[Heard], priority: Priority, contact: UUID | None, now: datetime
) -> datetime | None:
    room = cap.at_most if priority is Priority.NORMAL else max(cap.at_most - 1, 1)
    counted = sorted(
        one.at
        for one in heard
        if _binds(cap, one.kind)
        and now - one.at < cap.period
        and (one.to_them if cap.per is CapPer.PERSON else one.contact == contact is not None)
    )
    if len(counted) < room:
        return None
    return counted[len(counted) - room] + cap.period
