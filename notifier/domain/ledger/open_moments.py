"""Promises with a moment, "we call you back by five": what keeps one, and what puts it off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from uuid import UUID

from notifier.domain.facts import Fact, FactSource, FactType, PromiseKind
from notifier.domain.ledger.entries import Entry, Word
from notifier.domain.ledger.outcomes import Course, speaks_to_them
from notifier.domain.ledger.views import OpenMoment
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
    texts = _Texts()
    for entry in sorted(live, key=lambda entry: entry.order):
        assert entry.moment is not None
        settled = settlement_of(entry, entries, words, course, person)
        if settled is not None:
            texts.note(entry, settled, course)
            continue
        found.setdefault(
            (entry.what, entry.moment),
            OpenMoment(
                what=entry.what,
                due=entry.moment,
                given_at=entry.given_at,
                fact=made.id if (made := _promised_in(entry, course)) is not None else None,
            ),
        )
    put_off = texts.count()
    waiting = (replace(moment, put_off=put_off) for moment in found.values())
    return tuple(sorted(waiting, key=lambda moment: moment.due))


class _Texts:
    """The texts that put off what a person waits for, whichever promise each spoke of.

    One that was kept after all, or that a person promised anew, counts no more: of a call
    that takes a call, of news a text will do.
    """

    def __init__(self) -> None:
        self.sent: dict[UUID | None, tuple[PromiseKind, datetime]] = {}
        self.settled: dict[PromiseKind, datetime] = {}

    def note(self, promise: Entry, settled: Settlement, course: Course) -> None:
        """Take in what became of `promise`."""
        instead = settled.entry
        if settled.how is Settled.PUT_OFF and instead is not None:
            made = _promised_in(instead, course)
            by_us = made is not None and made.source is not FactSource.CUSTOMER
            if not by_us or instead.rests_on == promise.rests_on:
                self.sent[instead.origin] = promise.what, settled.at
                return
        before = self.settled.get(promise.what, settled.at)
        self.settled[promise.what] = max(before, settled.at)

    def count(self) -> int:
        """Return how many of them still count."""
        return sum(
            what not in self.settled or at > self.settled[what] for what, at in self.sent.values()
        )


def _promised_in(promise: Entry, course: Course) -> Fact | None:
    """Return the fact in which somebody promised it, by phone or in writing, or what a text
    only put off; None: a message promised it of its own."""
    fact = course.by_id.get(promise.rests_on) if promise.rests_on is not None else None
    return fact if fact is not None and fact.type is FactType.PROMISED else None


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
    made = _promised_in(promise, course)
    if made is not None:
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
