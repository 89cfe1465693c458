"""Hold what is owed against the rows planned before: add, bind, reopen, drop or leave alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from notifier.domain.decisions import Reason
from notifier.domain.messages import WAITING, MessageStatus, WhyNot
from notifier.domain.owed import Owed, Plan

#: Reasons that end: then the row goes, if it still helps.
_FOR_NOW = (WhyNot.SHADOW, WhyNot.TRIAL, WhyNot.CAP_REACHED)

_SUPPRESSED = frozenset({WhyNot.OPTED_OUT, WhyNot.BOUNCED, WhyNot.INVALID_ADDRESS})

Key = tuple[UUID, UUID | None, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What reconciling reads of a message that is already in the outbox."""

    id: UUID
    job_person: UUID
    contact: UUID | None
    rule: str
    episode: str
    channel: str
    status: MessageStatus
    reason: str | None
    claimed: bool
    expires_at: datetime

    @property
    def key(self) -> Key:
        """What makes it unique within its job."""
        return (self.job_person, self.contact, self.rule, self.episode, self.channel)

    @property
    def held_by_staff(self) -> bool:
        """Whether it waits for a person who said that they would ring."""
        return self.status is MessageStatus.HELD and self.reason == WhyNot.HELD_BY_STAFF

    @property
    def may_open_again(self) -> bool:
        """Withdrawn and never claimed, or skipped for now: in shadow, on trial, at a cap.

        What is skipped waited until then: if it was tried, it was certainly not taken.
        """
        if self.status is MessageStatus.SKIPPED:
            return self.reason in _FOR_NOW
        closed = self.status in (MessageStatus.SUPERSEDED, MessageStatus.EXPIRED)
        return closed and not self.claimed


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a message that is owed stands before it is claimed, and when it goes."""

    status: MessageStatus
    reason: str | None
    send_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Drop:
    """A row that is not to be sent after all, and why."""

    id: UUID
    status: MessageStatus
    reason: WhyNot


@dataclass(frozen=True, slots=True)
class Changes:
    """What must happen to the outbox so that it holds what is owed."""

    add: tuple[Owed, ...]
    bind: tuple[tuple[UUID, Owed], ...]  # still owed: what it says is bound anew
    drop: tuple[Drop, ...]


def reconcile(rows: Iterable[Row], plan: Plan, *, finished: bool, now: datetime) -> Changes:
    """Return the changes that make `rows` say what `plan` owes. Twice changes nothing."""
    by_key = {row.key: row for row in rows}
    add: list[Owed] = []
    bind: list[tuple[UUID, Owed]] = []
    wanted: set[Key] = set()
    for owed in plan.owed:
        key = key_of(owed)
        wanted.add(key)
        row = by_key.get(key)
        if row is None:
            add.append(owed)
        elif row.status in WAITING or row.held_by_staff or row.may_open_again:
            bind.append((row.id, owed))
    drop = [
        _drop(row, plan, finished=finished, now=now)
        for key, row in by_key.items()
        if key not in wanted and (row.status in WAITING or row.held_by_staff)
    ]
    return Changes(tuple(add), tuple(bind), tuple(drop))


def standing(owed: Owed, before: Standing | None, *, held: bool, now: datetime) -> Standing:
    """Return where the message stands that says what is owed now.

    :param before: where it stood until now; None: it is new.
    :param held: whether staff hold the job.
    """
    if owed.why_not is not None:
        return Standing(
            status=blocked_status(owed.why_not),
            reason=owed.why_not,
            send_at=owed.send_at,
            due_at=owed.send_at,
        )
    if before is not None and before.status is MessageStatus.DEFERRED:  # keeps its own due time
        send_at = owed.send_at if owed.send_at > now else before.send_at
        return replace(before, send_at=send_at, due_at=max(before.due_at, owed.send_at))
    send_at = due_at = owed.send_at
    if before is not None and before.send_at <= now and owed.send_at <= now:
        send_at, due_at = before.send_at, before.due_at
    waits = MessageStatus.PLANNED if owed.send_at > now else MessageStatus.READY
    return Standing(
        status=MessageStatus.HELD if held else waits,
        reason=WhyNot.HELD_BY_STAFF if held else None,
        send_at=send_at,
        due_at=due_at,
    )


def closes(reason: str | None, owed: Owed) -> bool:
    """Return whether the way that a row with `reason` waited for is none any more: the next
    channel carries the message now. A cap closes none of them."""
    return owed.why_not not in (None, WhyNot.CAP_REACHED) and reason != owed.why_not


def blocked_status(why_not: WhyNot) -> MessageStatus:
    """Return what becomes of a message whose way is closed."""
    return MessageStatus.SUPPRESSED if why_not in _SUPPRESSED else MessageStatus.SKIPPED


def key_of(owed: Owed) -> Key:
    """Return what makes an owed message unique within its job."""
    return (owed.job_person, owed.contact, owed.rule.id, owed.episode, owed.channel)


def _drop(row: Row, plan: Plan, *, finished: bool, now: datetime) -> Drop:
    reasons = {
        decision.reason
        for decision in plan.decisions
        if decision.rule == row.rule and decision.job_person == row.job_person
    }
    if Reason.EXPIRED in reasons or row.expires_at <= now:
        return Drop(row.id, MessageStatus.EXPIRED, WhyNot.EXPIRED)
    if row.id in plan.gave_up:
        return Drop(row.id, MessageStatus.EXPIRED, WhyNot.GAVE_UP)
    if Reason.BEFORE_LIVE in reasons:
        return Drop(row.id, MessageStatus.SUPERSEDED, WhyNot.BEFORE_LIVE)
    if Reason.ALREADY_TOLD in reasons:
        return Drop(row.id, MessageStatus.SUPERSEDED, WhyNot.REACHED_OTHERWISE)
    if Reason.SUPERSEDED_BY_RULE in reasons:
        return Drop(row.id, MessageStatus.SUPERSEDED, WhyNot.SUPERSEDED_BY_RULE)
    if Reason.QUIET_HOURS in reasons:
        return Drop(row.id, MessageStatus.SUPERSEDED, WhyNot.QUIET_HOURS)
    if finished:
        return Drop(row.id, MessageStatus.SUPERSEDED, WhyNot.JOB_ENDED)
    return Drop(row.id, MessageStatus.SUPERSEDED, WhyNot.NO_LONGER_OWED)
