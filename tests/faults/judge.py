"""Who is lost, doubled, phantom, stale or held: what customers were owed against what they got.

Two records are believed that the product can't touch: what callers were told was recorded, and
the providers' own journal of what they took. Of the product's own record only what it admits
is read: that it did not send, and why, and whom it asked to look into it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from notifier.domain.messages import MessageStatus

#: Not sent, and the record says why.
EXCUSED = frozenset({MessageStatus.SUPPRESSED, MessageStatus.EXPIRED, MessageStatus.SUPERSEDED})
#: Not sent, or nobody knows: a person must have been asked.
NEEDS_A_TASK = frozenset(
    {
        MessageStatus.HELD,
        MessageStatus.REJECTED,
        MessageStatus.UNDELIVERED,
        MessageStatus.SKIPPED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """News that one person must hear: a caller was told that it is recorded."""

    job: UUID
    rule: str
    says: str  # what a text that is true must contain


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One text or email that a provider took, and when, by the product's clock."""

    message: UUID
    body: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """What the product says of one of its messages."""

    job: UUID
    rule: str
    status: MessageStatus
    expires_at: datetime
    has_reason: bool
    has_task: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """When nothing may be taken, from the last moment of what was claimed before it."""

    starts: datetime
    ends: datetime

    def covers(self, moment: datetime) -> bool:
        """Return whether nobody may be woken at `moment`."""
        return self.starts <= moment < self.ends


@dataclass
class Verdict:
    """How many were owed, and what went wrong with how many of them."""

    owed: int = 0
    lost: int = 0
    doubled: int = 0
    phantom: int = 0
    stale: int = 0
    held: int = 0
    misled: int = 0  # answers to callers that are neither success nor *come back later*
    untold: list[str] = field(default_factory=list)  # each fault, for people; names nobody
    notes: list[str] = field(default_factory=list)  # what else is worth knowing of the case

    @property
    def clean(self) -> bool:
        """Whether nothing went wrong; what is held waits for a person, and says so."""
        return not (self.lost or self.doubled or self.phantom or self.stale or self.misled)

    def add(self, other: Verdict) -> None:
        """Count `other` in."""
        self.owed += other.owed
        self.lost += other.lost
        self.doubled += other.doubled
        self.phantom += other.phantom
        self.stale += other.stale
        self.held += other.held
        self.misled += other.misled
        self.untold += other.untold
        self.notes += other.notes


def judge(
    owed: Sequence[Owed],
    sent: Sequence[Sent],
    admitted: Mapping[UUID, Admitted],
    night: Night | None = None,
) -> Verdict:
    """Return what became of everything `owed`, and of everything `sent`."""
    verdict = Verdict(owed=len(owed))
    expected = {(one.job, one.rule): one for one in owed}
    taken = Counter[tuple[UUID, str]]()
    for one in sent:
        message = admitted.get(one.message)
        news = expected.get((message.job, message.rule)) if message is not None else None
        if message is None or news is None:
            verdict.phantom += 1
            verdict.untold.append(f"phantom: {message.rule if message else 'of no message'}")
            continue
        taken[message.job, message.rule] += 1
        if night is not None and night.covers(one.at):
            verdict.phantom += 1
            verdict.untold.append(f"phantom: {message.rule} of {message.job} at night")
        if news.says not in one.body or one.at > message.expires_at:
            verdict.stale += 1
            verdict.untold.append(f"stale: {message.rule} of {message.job}")
    for key, count in taken.items():
        if count > 1:
            verdict.doubled += 1
            verdict.untold.append(f"doubled: {key[1]} of {key[0]}, {count} times")
    for key in expected.keys() - taken.keys():
        fates = [one for one in admitted.values() if (one.job, one.rule) == key]
        if not any(_is_accounted_for(one) for one in fates):
            verdict.lost += 1
            said = ", ".join(one.status for one in fates) or "no message"
            verdict.untold.append(f"lost: {key[1]} of {key[0]}: {said}")
    held = [row for row in admitted.values() if row.status is MessageStatus.HELD]
    verdict.held = len(held)
    for row in held:
        if not row.has_task and (row.job, row.rule) in taken:
            verdict.lost += 1
            verdict.untold.append(f"lost: {row.rule} of {row.job}: held, and nobody was asked")
    return verdict


def _is_accounted_for(message: Admitted) -> bool:
    if message.status in EXCUSED:
        return message.has_reason
    return message.status in NEEDS_A_TASK and message.has_task
