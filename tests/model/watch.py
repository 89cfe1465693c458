"""What must hold at every moment: whoever is owed something has it in time, or a task.

Somebody is owed a word while what is believed differs from what they hold (`oracle.debt`), the
job is not held, and workers live: asleep, held, said anew or reached anew, the time counts from
then. By `tell_by`, or by two minutes after it came up (after the night it came up in) where
`tell_by` leaves less, it was handed to a provider. Within 45 minutes of that, outside the night,
it arrived, is presumed to have, or is still within its reach. Instead of either, a task for that
person is open, or was done since just this came up. Three things put it off: an earlier
message of which nobody knows yet if it was taken, for sixteen minutes at most; for a question,
or its end, a cap on messages a day; and a provider that takes nothing just now, while who holds
no time can still hear in time. That nobody comes, or knows when, is owed until twelve
hours after it came up and after the window that they held. Whoever was asked about a time that
is no more is owed that what they hold stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from notifier.domain.facts import FactType, PromiseKind
from notifier.domain.jobs import JobKind
from notifier.domain.ledger.views import PastMessage
from notifier.domain.messages import WAITING, MessageStatus
from notifier.domain.windows import OFF, Expectation, Window
from tests.model.calls import Calls
from tests.model.claims import BEFORE_UPDATE, REACH, Said
from tests.model.oracle import (
    Debt,
    Word,
    day_of,
    debt,
    differs,
    is_night,
    last_window,
    may_have_read,
    morning,
    says,
    tell_by,
)
from tests.model.people import Person
from tests.model.reach import stands_again
from tests.model.world import World

_ON_ITS_WAY = frozenset(
    {
        MessageStatus.CLAIMED,
        MessageStatus.ACCEPTED,
        MessageStatus.SENT,
        MessageStatus.UNKNOWN,
    }
)

_TAKEN = frozenset({MessageStatus.ACCEPTED, MessageStatus.SENT})

_ROUND = timedelta(minutes=2)  # a worker's round, with room for the answer
_IN_DOUBT = timedelta(minutes=16)  # after so long a person has it
_LEAD = timedelta(minutes=45)  # all channels tried, each with its wait
_LATE_WORD = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Owed:
    """A debt, since when it is one, and since when a living worker could have paid it."""

    debt: Debt
    arose: datetime
    since: datetime
    fact: UUID | None  # that says so: what is said anew has its time anew


class Watch(Calls):
    """Looks over the engine's shoulder and fails the run when it breaks its word."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.owed: dict[UUID, Owed] = {}

    def observe(self, *, awake: bool = True) -> None:
        """Look at what everybody is owed now.

        :param awake: whether the workers were; a debt's time counts from when they are.
        """
        world, state = self.world, self.world.state
        self._moments_are_watched()
        self.calls_stay()
        self.what_is_not_taken_gives_way(awake=awake)
        self.what_is_held_stays()
        awake = awake and not world.held  # held, it is a person's now
        for person in self.people:
            now_owed = debt(person, state, world.now) or stands_again(person, state, world.now)
            known = self.owed.get(person.id)
            if now_owed is None:
                self.owed.pop(person.id, None)
                continue
            arose = known.arose if known and self._same(known.debt, now_owed) else world.now
            fact = state.expected_fact.id if state.expected_fact is not None else None
            goes_on = known is not None and known.arose == arose and known.fact == fact
            since = known.since if known is not None and goes_on and awake else world.now
            self.owed[person.id] = Owed(now_owed, arose, since, fact)
            if not world.held and not self._lapsed(self.owed[person.id]):
                self._paid_in_time(person, self.owed[person.id])

    def _same(self, one: Debt, other: Debt) -> bool:
        return (
            one.told == other.told
            and one.word is other.word
            and not differs(self.world.kind, one.expected, other.expected)
            and not differs(self.world.kind, other.expected, one.expected)
        )

    def _lapsed(self, owed: Owed) -> bool:
        """Whether it is too late to say that nobody comes, or that nobody knows when: whoever
        held a window that ended has seen it, though a receipt says only now that no word came."""
        told = owed.debt.told
        if isinstance(owed.debt.expected, Window) or not isinstance(told, Window):
            return False
        known = max(
            fact.received_at
            for fact in self.world.facts
            if (fact.type is FactType.WITHDRAWN and fact.received_at <= owed.arose)
            or fact.id in (owed.fact, self.world.facts[0].id)
        )
        return self.world.now >= max(told.end, known + _LATE_WORD)

    def _moments_are_watched(self) -> None:
        """Whoever was promised a call or news by phone hears in time, or somebody has a task."""
        world = self.world
        left_out = world.state.withdrawn | world.state.ignored
        end = world.state.status_fact if world.state.finished else None
        for fact in world.facts:
            if fact.type is not FactType.PROMISED or not fact.by_phone or fact.id in left_out:
                continue
            assert fact.moment is not None
            of_the_job = fact.what is PromiseKind.UPDATE
            if end is not None and of_the_job and fact.received_at < end.received_at:
                continue  # there is no more news of it
            if world.now < fact.moment - BEFORE_UPDATE:
                continue
            made = [  # the same moment promised twice is one
                other.received_at
                for other in world.facts
                if (other.what, other.person) == (fact.what, fact.person)
                and other.moment is not None
                and f"{other.moment:%d%H%M}" == f"{fact.moment:%d%H%M}"
            ]
            has_task = any(
                task.row.job_person == fact.person
                and (task.row.done_at is None or task.row.done_at >= min(made))
                for task in world.tasks.values()
            )
            assert has_task, f"{fact.what} by {fact.moment} was promised, and nobody has a task"

    def next_deadline(self) -> datetime | None:
        """Return when the next debt should have been paid."""
        if self.world.held:
            return None
        deadlines = [
            moment
            for person in self.people
            if person.id in self.owed
            for moment in self._deadlines(person, self.owed[person.id])
        ]
        return min((moment for moment in deadlines if moment > self.world.now), default=None)

    def _deadlines(self, person: Person, owed: Owed) -> tuple[datetime, datetime]:
        """Return by when it must have been sent, and by when it must be known to have arrived
        or be with a person."""
        by = tell_by(person, self.world.state)
        if by is not None and owed.since + _ROUND <= by:
            sent_by = by
        else:
            sent_by = morning(owed.since, person) + _ROUND
        settled_by = sent_by + _LEAD
        if is_night(settled_by, person) or is_night(sent_by, person):
            settled_by = morning(settled_by, person) + _LEAD
        return sent_by, settled_by

    def _paid_in_time(self, person: Person, owed: Owed) -> None:
        now = self.world.now
        sent_by, settled_by = self._deadlines(person, owed)
        if now < sent_by or self._has_task(person, owed) or self._waits(person):
            return
        what = f"the {person.role} holds {owed.debt.told}, {owed.debt.expected} is believed"
        what += f" since {owed.since}; it is {now}"
        if self.world.cap is not None and owed.debt.word is not Word.TELL:
            return  # a question, and its end, may give way to what they had to hear that day
        told = [
            said
            for said in self.said[person.id]
            if self._pays(person, said.row, owed.debt)
            and (owed.debt.word is not Word.STANDS or said.at >= owed.arose)
        ]
        assert told, f"{what}; nothing was sent by {sent_by} and nobody has a task"
        if now < settled_by:
            return
        every = person.rows.values()
        rows = [(person.rows[said.row.id], said) for said in told]
        if self._is_tried_again([row for row, _ in rows], person, owed):
            return
        if any(self._goes_now(row) and self._pays(person, row, owed.debt) for row in every):
            return  # the one before has only just failed
        assert any(self._arrived_or_may(row, said) for row, said in rows), (
            f"{what}; nothing arrived by {settled_by} and nobody has a task"
        )

    def _pays(self, person: Person, row: PastMessage, owed: Debt) -> bool:
        """Whether the message is the word that is owed; to ask is enough where they are asked.

        A start before that of a window on its way to them is asked about, too, and any time once
        they may have read that nobody comes.
        """
        sooner = (
            self.world.kind is JobKind.ORDER
            and isinstance(row.asserts, Window)
            and isinstance(owed.expected, Window)
            and day_of(owed.expected.end) <= day_of(row.asserts.end)
        )
        if sooner:
            return True  # than they hear: it owes nothing
        if row.asserts is None or not says(self.world.kind, row.asserts, owed.expected):
            return False
        if row.moves_told or owed.word is Word.ASK:
            return True
        read = may_have_read(person)
        return any(
            said.row.id in read
            and said.row.moves_told
            and self._is_asked_after(said.row.asserts, row.asserts)
            for said in self.said[person.id]
        )

    def _is_asked_after(self, read: Expectation | None, asserts: Expectation) -> bool:
        """Whether who may have read one is only asked about the other."""
        if not isinstance(read, Window):
            return read is OFF
        return isinstance(asserts, Window) and read.start > asserts.start

    def _goes_now(self, row: PastMessage) -> bool:
        return row.status in WAITING and self.world.now < row.due_at + _ROUND

    def _is_tried_again(self, rows: list[PastMessage], person: Person, owed: Owed) -> bool:
        """Whether no provider takes it just now, and who holds no time can still hear in time."""
        before = last_window(person, self.world.state)
        if isinstance(owed.debt.told, Window) or before is None:
            return False
        by = before.start - timedelta(hours=1)
        return self.world.now < by and any(row.status is MessageStatus.DEFERRED for row in rows)

    def _arrived_or_may(self, row: PastMessage, said: Said) -> bool:
        if row.status is MessageStatus.DELIVERED:
            return True
        young = self.world.now <= (row.accepted_at or said.at) + REACH
        presumed = not row.gives_receipts and row.status in _TAKEN
        return presumed or (row.status in _ON_ITS_WAY and young)

    def _has_task(self, person: Person, owed: Owed) -> bool:
        return any(
            task.row.job_person == person.id
            and not task.row.dropped
            and (task.row.done_at is None or task.row.done_at >= owed.arose)
            for task in self.world.tasks.values()
        )

    def _waits(self, person: Person) -> bool:
        """Whether nobody knows yet what became of an earlier message to them."""
        return any(
            row.claimed_at is not None
            and row.accepted_at is None
            and row.status in (MessageStatus.CLAIMED, MessageStatus.UNKNOWN)
            and self.world.now <= row.claimed_at + _IN_DOUBT
            for row in person.rows.values()
        )
