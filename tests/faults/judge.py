"""Who is lost, doubled, phantom, stale or held: what customers were owed against what they got.

Two records are believed that the product can't touch: what callers were told was recorded, and
the providers' own journal of what they took. Of the product's own record only what it admits
is read: that it did not send, and why, and whom it asked to look into it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from notifier.domain.messages import WAITING, MessageStatus

#: Not sent, and the record says why. What is superseded is excused by what they hear instead.
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
#: Not sent, says the record. What was taken all the same goes again, or was never known.
DENIED = WAITING | EXCUSED | {MessageStatus.REJECTED, MessageStatus.SKIPPED}
#: Nobody knows, and nobody has found out when all is over.
UNRESOLVED = frozenset({MessageStatus.HELD, MessageStatus.CLAIMED, MessageStatus.UNKNOWN})
#: Of what is owed so much may be held, unless the case says that more may.
HELD_AT_MOST = 0.001


Key = tuple[UUID, str]
"""What is owed of a job: the news of one rule."""


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
    restless: int = 0  # messages that were under way, or due, when nothing moved any more
    may_be_held: float = 0  # where nobody can find out; else one in a thousand
    untold: list[str] = field(default_factory=list)  # each fault, for people
    notes: list[str] = field(default_factory=list)  # what else is worth knowing of the case

    @property
    def clean(self) -> bool:
        """Whether nothing went wrong, and hardly anybody has to wait for a person."""
        wrong = (self.lost, self.doubled, self.phantom, self.stale, self.misled, self.restless)
        return not (any(wrong) or self.too_many_held)

    @property
    def too_many_held(self) -> bool:
        """Whether more are held than may be: where a look-up tells, that is next to none."""
        return self.held > max(self.may_be_held, HELD_AT_MOST * self.owed)

    def add(self, other: Verdict) -> None:
        """Count `other` in."""
        self.owed += other.owed
        self.lost += other.lost
        self.doubled += other.doubled
        self.phantom += other.phantom
        self.stale += other.stale
        self.held += other.held
        self.misled += other.misled
        self.restless += other.restless
        self.may_be_held += other.may_be_held
        self.untold += other.untold
        self.notes += other.notes


def judge(
    owed: Sequence[Owed],
    sent: Sequence[Sent],
    admitted: Mapping[UUID, Admitted],
    night: Night | None = None,
) -> Verdict:
    """Return what became of everything `owed`, and of everything `sent`.

    :param owed: in the order in which callers were told that it is recorded.
    """
    verdict = Verdict(owed=len(owed))
    expected = {(one.job, one.rule): one for one in owed}
    taken = Counter[Key]()
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
            verdict.untold.append(
                f"stale: {message.rule} of {message.job}, at {one.at}, good until"
                f" {message.expires_at}, not with {news.says!r}: {one.body!r}"
            )
    for key, count in taken.items():
        if count > 1:
            verdict.doubled += 1
            verdict.untold.append(f"doubled: {key[1]} of {key[0]}, {count} times")
    for denied in _denied(sent, admitted):
        verdict.phantom += 1
        verdict.untold.append(
            f"phantom: {denied.rule} of {denied.job} is {denied.status}, and was taken"
        )
    fates = _fates(admitted)
    for key in _unheard(owed, taken, fates):
        verdict.lost += 1
        said = ", ".join(one.status for one in fates[key]) or "no message"
        verdict.untold.append(f"lost: {key[1]} of {key[0]}: {said}")
    held = [row for row in admitted.values() if row.status in UNRESOLVED]
    verdict.held = len(held)
    for row in held:
        if not row.has_task and (row.job, row.rule) in taken:
            verdict.lost += 1
            said = f"{row.rule} of {row.job}: {row.status}, and nobody was asked"
            verdict.untold.append(f"lost: {said}")
    return verdict


def _denied(sent: Sequence[Sent], admitted: Mapping[UUID, Admitted]) -> list[Admitted]:
    """Return the messages that were taken and are on record as not sent."""
    taken = {one.message for one in sent}
    return [row for id_, row in admitted.items() if id_ in taken and row.status in DENIED]


def _fates(admitted: Mapping[UUID, Admitted]) -> Mapping[Key, Sequence[Admitted]]:
    fates: dict[Key, list[Admitted]] = defaultdict(list)
    for one in admitted.values():
        fates[one.job, one.rule].append(one)
    return fates


def _unheard(
    owed: Sequence[Owed], taken: Container[Key], fates: Mapping[Key, Sequence[Admitted]]
) -> Iterator[Key]:
    """Yield what was owed and neither taken nor accounted for, the newest first.

    That it was superseded excuses it only where callers said something of the job later, and
    that was heard or accounted for.
    """
    replaced: set[UUID] = set()  # jobs of which the newer news is accounted for
    for key in dict.fromkeys((one.job, one.rule) for one in reversed(owed)):
        job = key[0]
        if key in taken or _are_accounted_for(fates[key], superseded=job in replaced):
            replaced.add(job)
        else:
            yield key


def _are_accounted_for(fates: Sequence[Admitted], *, superseded: bool) -> bool:
    """Return whether one of them ended with a reason or a task, and none is left to move.

    Where one channel gave way to another, each has a message of its own.
    """
    ended = all(one.status in EXCUSED | NEEDS_A_TASK for one in fates)
    return ended and any(_is_accounted_for(one, superseded=superseded) for one in fates)


def _is_accounted_for(message: Admitted, *, superseded: bool) -> bool:
    if message.status is MessageStatus.SUPERSEDED:
        return superseded and message.has_reason
    if message.status in EXCUSED:
        return message.has_reason
    return message.status in NEEDS_A_TASK and message.has_task
