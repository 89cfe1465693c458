"""One person's ledger in memory: what is said of the job, and what reaches them when."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from notifier.domain.facts import Fact, FactSource, FactType, PromiseKind
from notifier.domain.folding import JobState, fold
from notifier.domain.jobs import JobKind
from notifier.domain.ledger.endings import PromiseView, endings_of
from notifier.domain.ledger.entries import Entry, Word
from notifier.domain.ledger.open_moments import open_moments
from notifier.domain.ledger.outcomes import Course
from notifier.domain.ledger.views import OpenMoment
from notifier.domain.messages import Strength
from notifier.domain.windows import Expectation, Window
from tests.domain.stage import NINE_TO_ELEVEN, PLACE, at
from tests.fakes.ids import FakeIds

BOOKED_AT = at(10, day=23)


class LedgerStage:
    """A job booked for nine to eleven, or in a window of its own, and its customer."""

    def __init__(
        self,
        promised: Window | None = NINE_TO_ELEVEN,
        *,
        kind: JobKind = JobKind.APPOINTMENT,
        parcels: tuple[str, ...] = (),
        given: bool = True,
    ) -> None:
        self.ids = FakeIds()
        self.kind, self.parcels = kind, parcels
        self.person = self.ids()
        self.facts: list[Fact] = []
        self.entries: list[Entry] = []
        self.words: list[Word] = []
        self.booked = self.say(FactType.BOOKED, BOOKED_AT, window=promised)
        if promised is not None and given:
            self.given(promised, BOOKED_AT, fact=self.booked)

    def say(self, type: FactType, when: datetime, /, **claims: object) -> Fact:
        """Staff say it, at once."""
        source = claims.pop("source", FactSource.STAFF)
        received = claims.pop("received_at", when)
        fact = Fact(
            id=self.ids(),
            seq=len(self.facts) + 1,
            type=type,
            source=source,  # type: ignore[arg-type]
            occurred_at=when,
            received_at=received,  # type: ignore[arg-type]
            **claims,  # type: ignore[arg-type]
        )
        self.facts.append(fact)
        return fact

    def take_back(self, fact: Fact, moment: datetime) -> None:
        """Staff take a fact back as a mistake."""
        self.say(FactType.WITHDRAWN, moment, withdraws=fact.id)

    def given(
        self,
        asserts: Expectation,
        moment: datetime,
        *,
        fact: Fact | None = None,
        because: Fact | None = None,
        strength: Strength | None = None,
    ) -> UUID:
        """It reached them: by `fact` (a call, an answer), else by a message that rests on
        `because`."""
        message = self.ids() if fact is None else None
        rests_on = fact or because
        self.entries.append(
            Entry(
                what=PromiseKind.WINDOW,
                asserts=asserts,
                moment=None,
                given_at=moment,
                tell_by=None,
                strength=strength or (Strength.GIVEN if fact else Strength.DELIVERED),
                message=message,
                fact=fact.id if fact else None,
                rests_on=rests_on.id if rests_on else self.booked.id,
            )
        )
        return fact.id if fact is not None else self._id(message)

    def promised(
        self,
        due: datetime,
        moment: datetime,
        *,
        what: PromiseKind = PromiseKind.UPDATE,
        fact: Fact | None = None,
        by: UUID | None = None,
        because: Fact | None = None,
        claimed_at: datetime | None = None,
    ) -> UUID:
        """A moment reached them: by phone (`fact`), else by a message (`by` an earlier entry)."""
        message = None if fact is not None else by or self.ids()
        rests_on = fact or because
        self.entries.append(
            Entry(
                what=what,
                asserts=None,
                moment=due,
                given_at=moment,
                tell_by=due,
                strength=Strength.GIVEN if fact else Strength.DELIVERED,
                message=message,
                fact=fact.id if fact else None,
                rests_on=rests_on.id if rests_on else None,
                claimed_at=claimed_at,
            )
        )
        return fact.id if fact is not None else self._id(message)

    def by_phone(self, what: PromiseKind, due: datetime, moment: datetime) -> Fact:
        """Staff promise a moment on the phone."""
        fact = self.say(
            FactType.PROMISED, moment, what=what, moment=due, person=self.person, by_phone=True
        )
        self.promised(due, moment, what=what, fact=fact)
        return fact

    def word(
        self, moment: datetime, *, offers: Window | None = None, because: Fact | None = None
    ) -> None:
        """A message reached them that gave nothing."""
        rests_on = because.id if because else None
        self.words.append(Word(at=moment, asserts=offers, rests_on=rests_on))

    @property
    def state(self) -> JobState:
        """What the facts add up to."""
        return fold(self.kind, self.facts, self.parcels)

    def views(self, now: datetime) -> tuple[PromiseView, ...]:
        """Return their promises as they stand at `now`."""
        return endings_of(
            self.state,
            self.facts,
            self.entries,
            self.words,
            person=self.person,
            zone=PLACE,
            now=now,
        )

    def first(self, now: datetime) -> PromiseView:
        """Return the first promise that they were given."""
        return self.views(now)[0]

    def open(self) -> tuple[OpenMoment, ...]:
        """Return the moments that they wait for."""
        course = Course(self.state, self.facts)
        return open_moments(self.entries, self.words, course, self.person)

    @staticmethod
    def _id(message: UUID | None) -> UUID:
        assert message is not None
        return message
