"""What somebody may have read last about the time, and what follows from it."""

from __future__ import annotations

from datetime import datetime

from notifier.domain.folding import JobState
from notifier.domain.jobs import JobKind, JobStatus
from notifier.domain.ledger.views import PastMessage
from notifier.domain.messages import Role, Strength
from notifier.domain.windows import Window
from tests.model.oracle import Debt, Word, differs, holds, may_have_read
from tests.model.people import Person


def last_read(person: Person) -> PastMessage | None:
    """Return the message about the time that was handed over last, unless they were spoken to
    since."""
    read = may_have_read(person)
    slips = [
        (row.handed_over, row.id.int, row)
        for row in person.rows.values()
        if row.id in read and row.family == "slip" and row.handed_over is not None
    ]
    if not slips:
        return None
    handed_over, _, last = max(slips, key=lambda entry: entry[:2])
    spoken = any(
        given.message is None
        and given.strength is not Strength.NONE
        and given.given_at > handed_over
        for given in person.given
    )
    return None if spoken else last


def stands_again(person: Person, state: JobState, now: datetime) -> Debt | None:
    """Return what is owed to whoever was asked about a time that is no more: that what they
    hold stands. What they answered is settled."""
    ended = state.finished or state.status is JobStatus.ARRIVED
    if ended or state.kind is JobKind.ORDER or person.role is not Role.CUSTOMER:
        return None
    offer, told, expected = last_read(person), holds(person, state), state.expected
    if offer is None or offer.moves_told or offer.accepted_at is None:
        return None
    if not isinstance(told, Window) or not isinstance(expected, Window) or expected.end <= now:
        return None
    assert isinstance(offer.asserts, Window)
    if differs(state.kind, expected, told) or not differs(state.kind, expected, offer.asserts):
        return None
    if any(fact.window == offer.asserts for fact in state.answers):
        return None
    return Debt(Word.STANDS, told, offer.asserts)


def is_a_mistake(row: PastMessage, state: JobState) -> bool:
    """Whether it rests on what was taken back, and all is as it was before it."""
    before, expected = row.told_before, state.expected
    if row.rests_on not in state.withdrawn or before is None or expected is None:
        return False
    return not differs(state.kind, expected, before)
