"""What a provider does with one call, which nobody on our side can see."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from notifier.domain.owed import Owed
from notifier.domain.sending.transitions import MessageEvent


class Answer(StrEnum):
    """What comes of one call. Whether it was taken is the provider's secret."""

    TAKEN = "taken"
    TAKEN_ANSWER_LOST = "taken_answer_lost"
    TAKEN_WORKER_DIED = "taken_worker_died"
    DEFERRED = "deferred"
    HALTED = "halted"  # deferred, and no sender of the channel is accepted any more
    REJECTED = "rejected"
    BAD_ADDRESS = "bad_address"  # rejected, and nothing will ever arrive there
    NOT_TAKEN_ANSWER_LOST = "not_taken_answer_lost"
    NOT_TAKEN_WORKER_DIED = "not_taken_worker_died"

    @property
    def taken(self) -> bool:
        """Whether the provider has it."""
        return self in (Answer.TAKEN, Answer.TAKEN_ANSWER_LOST, Answer.TAKEN_WORKER_DIED)

    @property
    def event(self) -> MessageEvent | None:
        """What the worker learns; None if it died before it learnt anything."""
        match self:
            case Answer.TAKEN:
                return MessageEvent.ANSWERED_ACCEPTED
            case Answer.DEFERRED | Answer.HALTED:
                return MessageEvent.ANSWERED_DEFERRED
            case Answer.REJECTED | Answer.BAD_ADDRESS:
                return MessageEvent.ANSWERED_REJECTED
            case Answer.TAKEN_ANSWER_LOST | Answer.NOT_TAKEN_ANSWER_LOST:
                return MessageEvent.ANSWERED_UNKNOWN
            case _:
                return None


class Arrival(StrEnum):
    """What the provider reports of what it took."""

    DELIVERED = "delivered"
    SILENCE = "silence"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Weather:
    """How one channel fares until it changes."""

    answer: Answer = Answer.TAKEN
    arrival: Arrival = Arrival.DELIVERED


@dataclass(slots=True)
class Attempt:
    """One call to a provider."""

    row: UUID
    number: int
    started_at: datetime
    answer: Answer
    answered: bool = False
    absences: int = 0  # times that the provider's record was asked and did not have it


@dataclass(slots=True)
class Fate:
    """What an outbox row carries beside what planning reads."""

    owed: Owed
    made: int  # the order of creation
    send_at: datetime
    expires_at: datetime
    attempts: list[Attempt] = field(default_factory=list)
