"""What planning one job comes to: messages that are owed, tasks for people, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from notifier.domain.decisions import Decision
from notifier.domain.messages import Channel, WhyNot
from notifier.domain.rules.rule import Rule
from notifier.domain.windows import Expectation


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """One message owed to one person: a row of the outbox, new or already there."""

    job_person: UUID
    rule: Rule
    episode: str
    episode_no: int
    channel: Channel
    step: int
    contact: UUID | None
    why_not: WhyNot | None  # nothing will be sent: the row says why
    asserts: Expectation | None
    moves_told: bool
    rests_on: UUID | None
    told_before: Expectation | None
    technician: UUID | None
    owed_at: datetime
    send_at: datetime
    expires_at: datetime
    tell_by: datetime | None
    next_update_at: datetime | None


class Duty(StrEnum):
    """What planning wants a person for."""

    UPDATE = "update"  # news was promised by a moment
    CALL_BACK = "call_back"  # a call was
    DISPATCH = "dispatch"  # somebody must find out how it stands
    DECLINED = "declined"  # what was asked does not suit them
    UNREACHED = "unreached"  # no message reaches them
    NEEDS_CALL = "needs_call"  # a person says it in place of the message
    BESIDE = "beside"  # a person rings as well as the message goes


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOwed:
    """Something that a person must do; one per key, however often it is planned."""

    key: str
    duty: Duty
    kind: str
    why: str
    due_at: datetime
    job_person: UUID | None
    rule: str | None = None  # that asks for it
    since: datetime | None = None  # it is about news of then: a call before knew nothing of it
    promised_in: UUID | None = None  # the fact in which staff promised what the call tells


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is owed, what people must do, why, and when time alone may change it.

    `untold` are people and rules by whose message nobody can say yet that they were told: it
    waits to be tried again, may have been taken, or comes too late. A call in its place stays.
    `mistaken` are those whose every message of that rule rests on what was taken back since: a
    call beside it ends. `gave_up` are the messages that no provider took in time: the next
    channel carries them.
    """

    owed: tuple[Owed, ...]
    tasks: tuple[TaskOwed, ...]
    untold: frozenset[tuple[UUID | None, str | None]]
    mistaken: frozenset[tuple[UUID | None, str | None]]
    gave_up: frozenset[UUID]
    decisions: tuple[Decision, ...]
    look_at: datetime | None
