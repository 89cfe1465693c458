"""What reached one person of one job: the rows of the ledger, and the words beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notifier.domain.facts import PromiseKind
from notifier.domain.messages import Strength
from notifier.domain.windows import Expectation


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A window or moment given to a person, with the latest word on how surely it reached them.

    `rests_on` is the fact behind it: the booking, call or answer itself, or what the message
    that gave it spoke of.
    """

    what: PromiseKind
    asserts: Expectation | None  # of a window
    moment: datetime | None  # of an update or a call back
    given_at: datetime  # the hand-over
    tell_by: datetime | None
    strength: Strength
    message: UUID | None
    fact: UUID | None
    rests_on: UUID | None
    rule: str | None = None  # of the message
    claimed_at: datetime | None = None  # of the message

    @property
    def origin(self) -> UUID | None:
        """The message or fact that gave it."""
        return self.message or self.fact

    @property
    def order(self) -> tuple[datetime, int]:
        """Its place in time; of two at once the one made later comes later."""
        return self.given_at, self.origin.int if self.origin is not None else 0

    @property
    def knew_until(self) -> datetime:
        """What was on record by then it knew: a message is true as of its claim."""
        return self.claimed_at or self.given_at

    def counts(self, withdrawn: frozenset[UUID]) -> bool:
        """Return whether it reached them and rests on nothing that was taken back."""
        taken_back = self.rests_on in withdrawn or self.fact in withdrawn
        return self.strength is not Strength.NONE and not taken_back


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A message that reached them and gave nothing: an offer, or the news of how it ended."""

    at: datetime
    asserts: Expectation | None
    rests_on: UUID | None
