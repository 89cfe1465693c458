"""Promises with a moment, "we call you back by five": what keeps one, and what puts it off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from uuid import UUID

from notifier.domain.facts import Fact, FactSource, FactType, PromiseKind
from notifier.domain.ledger import OpenMoment
from notifier.domain.ledger_entries import Entry, Word
from notifier.domain.outcomes import Course, speaks_to_them
from notifier.domain.reasons import Party
from notifier.domain.windows import UNKNOWN


class Settled(IntEnum):
    """What became of a moment. Of two things at once the first of these counts."""

    KEPT = 0  # they heard, or somebody spoke to them
    WITHDRAWN = 1  # the customer called the job off
    PUT_OFF = 2  # another moment took its place


@dataclass(frozen=True, slots=True)
class Settlement:
    """What settled a moment first, and when; the entry, where it is in the ledger."""

    at: datetime
    how: Settled
    entry: Entry | None = None


def settlement_of(
    promise: Entry, entries: Sequence[Entry], words: Iterable[Word], course: Course, person: UUID
) -> Settlement | None:
    """Return what first settled `promise` (a moment) after it was given, in time or not.

    Somebody of ours speaking to them keeps either kind. An update is kept by news too: a
    window, an offer, that nobody comes, or that we are there. That there still is no news
    puts it off; so does another promise of the same kind.

    What had happened before, and was put on record only after a text had promised news, settles
    it too: with it on record the text would not have gone.

    :param entries: of that person; those that don't count are passed over.
    """
    found = [
        *_calls(promise, course, person),
        *_calling_off(promise, course),
        *_by_entries(promise, entries, course),
    ]
    if promise.what is PromiseKind.UPDATE:
        found += [
            Settlement(word.at, Settled.KEPT)
            for word in words
            if word.at > promise.given_at and word.rests_on not in course.state.withdrawn
        ]
        there = course.presence_for(promise.given_at, learnt_since=promise.knew_until)
        if there is not None:  # who had them at the door waited for no news
            found.append(Settlement(max(there.at, promise.given_at), Settled.KEPT))
    return min(found, key=lambda one: (one.at, one.how), default=None)


def open_moments(
    entries: Sequence[Entry], words: Sequence[Word], course: Course, person: UUID
) -> tuple[OpenMoment, ...]:
    """Return the moments that nothing has settled yet, the one due first first.

    One that has passed stays open until something settles it. The same moment promised twice
    is one.
    """
    withdrawn = course.state.withdrawn
    live = [e for e in entries if e.moment is not None and e.counts(withdrawn)]
    found: dict[tuple[PromiseKind, datetime], OpenMoment] = {}
    put_off: dict[UUID | None, int] = {}  # by what put it off: how often it was, up to then
    for entry in sorted(live, key=lambda entry: entry.order):
        assert entry.moment is not None
        settled = settlement_of(entry, entries, words, course, person)
        before = put_off.get(entry.origin, 0)
        if settled is None:
            found.setdefault(
                (entry.what, entry.moment),
                OpenMoment(
                    what=entry.what,
                    due=entry.moment,
                    given_at=entry.given_at,
                    message=entry.message,
                    fact=entry.fact,
                    put_off=before,
                ),
            )
        elif settled.how is Settled.PUT_OFF and settled.entry is not None:
            by_message = settled.entry.message is not None
            put_off[settled.entry.origin] = before + 1 if by_message else 0
    return tuple(sorted(found.values(), key=lambda moment: moment.due))


def _calls(promise: Entry, course: Course, person: UUID) -> Iterator[Settlement]:
    for fact in course.state.answers:
        if fact.person == person and _is_a_call(fact, promise):
            since = _keeps_since(fact, promise, course)
            if since is not None:
                yield Settlement(since, Settled.KEPT)


def _keeps_since(call: Fact, promise: Entry, course: Course) -> datetime | None:
    """Return since when a call keeps `promise`; None: it does not.

    The call in which staff made it, or those before, keep nothing. One before a text of our
    own keeps what that promised once it is on record: until then they were to hear of it.
    """
    made = course.by_id.get(promise.rests_on) if promise.rests_on is not None else None
    if made is not None and made.type is FactType.PROMISED:
        after = (call.effective_at, call.seq) > (made.effective_at, made.seq)
        return max(call.effective_at, promise.given_at) if after else None
    if call.effective_at >= promise.given_at:
        return call.effective_at
    return call.received_at if call.received_at >= promise.knew_until else None


def _is_a_call(fact: Fact, promise: Entry) -> bool:
    """Whether they were spoken to, and not only promised the same anew."""
    return speaks_to_them(fact) and fact.what is not promise.what


def _calling_off(promise: Entry, course: Course) -> Iterator[Settlement]:
    for fact in course.facts:
        theirs = fact.type is FactType.CANCELLED and fact.by is Party.CUSTOMER
        if not theirs or fact.received_at < promise.knew_until:
            continue
        if not course.set_anew(fact.effective_at, promise.given_at):
            yield Settlement(max(fact.effective_at, promise.given_at), Settled.WITHDRAWN)


def _by_entries(promise: Entry, entries: Sequence[Entry], course: Course) -> Iterator[Settlement]:
    for entry in entries:
        later = entry.order > promise.order and entry.origin != promise.origin
        if not later or not entry.counts(course.state.withdrawn):
            continue
        if entry.moment is not None:
            if entry.what is promise.what and entry.moment != promise.moment:
                yield Settlement(entry.given_at, Settled.PUT_OFF, entry)
        elif promise.what is PromiseKind.UPDATE:
            if _is_news(entry, promise, entries, course):
                yield Settlement(entry.given_at, Settled.KEPT, entry)
        elif _agreed_with_staff(entry, course):
            yield Settlement(entry.given_at, Settled.KEPT, entry)


def _is_news(entry: Entry, promise: Entry, entries: Sequence[Entry], course: Course) -> bool:
    """Whether it says more than "no news yet": a time, and not only what they held already
    in a message that puts the update off."""
    if entry.asserts is UNKNOWN:
        return False
    puts_off = any(other.what is promise.what and other.origin == entry.origin for other in entries)
    if not puts_off:
        return True
    before = [
        other
        for other in entries
        if other.moment is None
        and other.order < entry.order
        and other.counts(course.state.withdrawn)
    ]
    held = max(before, key=lambda other: other.order, default=None)
    return held is None or held.asserts != entry.asserts


def _agreed_with_staff(entry: Entry, course: Course) -> bool:
    """Whether staff moved it with them, which nobody does without speaking to them."""
    fact = course.by_id.get(entry.fact) if entry.fact is not None else None
    if fact is None or fact.source is not FactSource.STAFF:
        return False
    return fact.type is FactType.RESCHEDULED and fact.agreed is True
