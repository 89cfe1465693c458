"""How every promise ended: kept, moved in time, moved late, broken, withdrawn, or still open.

Derived from rows that are only ever added, so nothing is overwritten: a fact that comes late
or is taken back changes the ending at the next look, and the promise stays where it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from notifier.domain.facts import Fact, FactType, PromiseKind, Terms
from notifier.domain.folding import JobState
from notifier.domain.jobs import JobKind
from notifier.domain.ledger.entries import Entry, Word
from notifier.domain.ledger.open_moments import Settled, settlement_of
from notifier.domain.ledger.outcomes import Course, Presence, speaks_to_them
from notifier.domain.ledger.promises import TOLERANCE, drifted, same_promise, tell_by
from notifier.domain.messages import Strength
from notifier.domain.reasons import Party
from notifier.domain.windows import Expectation, Window, local_date

_TICK = timedelta(microseconds=1)

_BAD_ENDS = frozenset({FactType.MISSED, FactType.CANCELLED, FactType.RETURNED})


class Ending(StrEnum):
    """How a promise ended."""

    KEPT = "kept"
    MOVED_IN_TIME = "moved_in_time"  # they heard of the change by `tell_by`
    MOVED_LATE = "moved_late"  # they heard after it, and before the promise ran out
    BROKEN = "broken"
    WITHDRAWN = "withdrawn"  # a mistake, called off by the customer, or it never reached them
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseView:
    """One promise to one person, and how it ended."""

    entry: Entry
    due: datetime  # the end of the window, or the moment
    tell_by: datetime
    ending: Ending = Ending.OPEN
    ended_at: datetime | None = None
    heard_at: datetime | None = None  # when they heard of the change, in time or not
    heard_strength: Strength | None = None
    changed_to: Expectation | datetime | None = None  # what they heard instead
    never_told: bool = False  # it broke, and nothing ever reached them about it
    no_word: bool = False  # its time has passed, and no fact says how it went
    there: Presence | None = None  # what kept it, or came after its time: who says so, and when
    by_choice: bool = False  # it was changed to an earlier time that they took
    repeats: UUID | None = None  # the origin of the promise that it only says again
    cause: UUID | None = None  # the fact behind the change or the break


def endings_of(
    state: JobState,
    facts: Iterable[Fact],
    entries: Sequence[Entry],
    words: Sequence[Word],
    *,
    person: UUID,
    zone: ZoneInfo,
    now: datetime,
) -> tuple[PromiseView, ...]:
    """Return one view for each window and moment that `person` was given, in their order.

    :param entries: the person's, of the ledger. That no time is known, or that nobody comes,
        is no promise: it ends others.
    :param words: what else reached them.
    :param zone: of the place; dates are read there.
    """
    course = Course(state, facts)
    ordered = sorted(entries, key=lambda entry: entry.order)
    judge = _Judge(course, ordered, words, person, zone, now)
    views: list[PromiseView] = []
    for entry in ordered:
        if entry.moment is not None or isinstance(entry.asserts, Window):
            view = judge.view(entry)
            views.append(judge.as_repeat(view, views))
    return tuple(views)


class _Judge:
    """What judging one person's promises reads."""

    def __init__(
        self,
        course: Course,
        entries: Sequence[Entry],
        words: Sequence[Word],
        person: UUID,
        zone: ZoneInfo,
        now: datetime,
    ) -> None:
        self.course, self.words, self.person = course, words, person
        self.kind, self.zone, self.now = course.state.kind, zone, now
        self.entries = [e for e in entries if e.counts(course.state.withdrawn)]

    def view(self, entry: Entry) -> PromiseView:
        """Return how `entry` ended."""
        view = self._open(entry)
        if not entry.counts(self.course.state.withdrawn):
            return replace(view, ending=Ending.WITHDRAWN)
        return self._moment(view) if entry.moment is not None else self._window(view)

    def as_repeat(self, view: PromiseView, before: Sequence[PromiseView]) -> PromiseView:
        """Mark what only says again, like a reminder, what was promised already and stands."""
        first = next((one for one in reversed(before) if self._says_again(view, one)), None)
        return view if first is None else replace(view, repeats=first.entry.origin)

    def _says_again(self, view: PromiseView, first: PromiseView) -> bool:
        one, again = first.entry, view.entry
        if Ending.WITHDRAWN in (first.ending, view.ending) or first.repeats is not None:
            return False
        if first.ended_at is not None and first.ended_at < again.given_at:
            return False
        if one.moment is not None or again.moment is not None:
            return (one.what, one.moment) == (again.what, again.moment)
        return same_promise(self.kind, one.asserts, again.asserts, self.zone)

    def _open(self, entry: Entry) -> PromiseView:
        if entry.moment is not None:
            return PromiseView(entry=entry, due=entry.moment, tell_by=entry.moment)
        assert isinstance(entry.asserts, Window)
        heard_by = entry.tell_by or tell_by(
            self.kind, entry.asserts, given_at=entry.given_at, zone=self.zone
        )
        return PromiseView(entry=entry, due=entry.asserts.end, tell_by=heard_by)

    # --- Moments ----------------------------------------------------------------------------

    def _moment(self, view: PromiseView) -> PromiseView:
        settled = settlement_of(view.entry, self.entries, self.words, self.course, self.person)
        if settled is None or settled.at > view.due:
            if self.now <= view.due:
                return view
            told_since = settled is not None and settled.how is not Settled.WITHDRAWN
            return replace(view, ending=Ending.BROKEN, ended_at=view.due, never_told=not told_since)
        if settled.how is Settled.KEPT:
            return replace(view, ending=Ending.KEPT, ended_at=settled.at)
        if settled.how is Settled.WITHDRAWN:
            return replace(view, ending=Ending.WITHDRAWN, ended_at=settled.at)
        entry = settled.entry
        return replace(
            view,
            ending=Ending.MOVED_IN_TIME,
            ended_at=settled.at,
            heard_at=settled.at,
            heard_strength=entry.strength if entry is not None else None,
            changed_to=entry.moment if entry is not None else None,
        )

    # --- Windows ----------------------------------------------------------------------------

    def _window(self, view: PromiseView) -> PromiseView:
        """The first thing that ends it does: that we are there, that they hear of a change,
        or that the customer calls it off. Else it runs out."""
        view = self._heard(view)
        heard_in_time = view.heard_at is not None and view.heard_at <= self._runs_out(view)
        ends = [
            (at, ending)
            for at, ending in (
                (self._kept_at(view), Ending.KEPT),
                (self._called_off_at(view), Ending.WITHDRAWN),
                (view.heard_at if heard_in_time else None, Ending.MOVED_IN_TIME),
            )
            if at is not None
        ]
        at, ending = min(ends, default=(None, None), key=lambda end: end[0])
        if ending is None:
            return self._unheard(view)
        if ending is not Ending.MOVED_IN_TIME:
            there = self._presence(view)
            kept_by = there if there is not None and there.at == at else None
            return replace(_as_never_changed(view), ending=ending, ended_at=at, there=kept_by)
        by_choice = self._took_earlier(view)
        in_time = by_choice or (view.heard_at is not None and view.heard_at <= view.tell_by)
        ending = Ending.MOVED_IN_TIME if in_time else Ending.MOVED_LATE
        return replace(view, ending=ending, ended_at=at, by_choice=by_choice)

    def _heard(self, view: PromiseView) -> PromiseView:
        """Note the first that reached them and left the promise."""
        entry = self._first_change(view)
        if entry is None:
            return view
        asked = self._asked(view, entry)
        return replace(
            view,
            heard_at=entry.given_at if asked is None else min(asked.at, entry.given_at),
            heard_strength=entry.strength,
            changed_to=entry.asserts,
            cause=entry.rests_on if asked is None else asked.rests_on,
        )

    def _first_change(self, view: PromiseView) -> Entry | None:
        return next(
            (
                entry
                for entry in self.entries
                if entry.order > view.entry.order
                and entry.asserts is not None
                and drifted(self.kind, entry.asserts, view.entry.asserts, self.zone)
            ),
            None,
        )

    def _asked(self, view: PromiseView, answer: Entry) -> Word | None:
        """Return the offer that was accepted, if this was one: since it came, they knew."""
        asked = [
            word
            for word in self.words
            if view.entry.given_at <= word.at <= answer.given_at
            and isinstance(word.asserts, Window)
            and same_promise(self.kind, word.asserts, answer.asserts, self.zone)
        ]
        return min(asked, key=lambda word: word.at, default=None)

    def _took_earlier(self, view: PromiseView) -> bool:
        """An earlier time that they were asked about and took is theirs: it is never late."""
        change, window = self._first_change(view), view.entry.asserts
        fact = self.course.by_id.get(change.fact) if change and change.fact else None
        accepted = fact is not None and fact.terms is Terms.OFFER
        both = isinstance(window, Window) and isinstance(view.changed_to, Window)
        return accepted and both and not self._is_later(view, view.changed_to)

    def _kept_at(self, view: PromiseView) -> datetime | None:
        given_at, until = view.entry.given_at, self._may_come_until(view)
        presence = self._presence(view)
        if presence is not None and presence.at <= until:
            return presence.at
        theirs = self.course.first(FactType.MISSED, by=Party.CUSTOMER, since=given_at)
        if theirs is None:
            return None
        # We came in vain, so it is the visit that was believed in then.
        believed = self.course.belief_at(theirs.effective_at).expected
        return None if self._is_later(view, believed) else theirs.effective_at

    def _presence(self, view: PromiseView) -> Presence | None:
        return self.course.presence_for(view.entry.given_at)

    def _called_off_at(self, view: PromiseView) -> datetime | None:
        fact = self.course.first(FactType.CANCELLED, by=Party.CUSTOMER, since=view.entry.given_at)
        if fact is None or fact.effective_at > self._may_come_until(view):
            return None
        return fact.effective_at

    def _unheard(self, view: PromiseView) -> PromiseView:
        """Nobody came in its time and no other time reached them."""
        until = self._may_come_until(view)
        if self.now <= until:
            return view
        asked = self._later_offer_at(view)
        if asked is not None and asked.at <= self._runs_out(view):
            in_time = asked.at <= view.tell_by
            return replace(
                view,
                ending=Ending.MOVED_IN_TIME if in_time else Ending.MOVED_LATE,
                ended_at=asked.at,
                heard_at=asked.at,
                heard_strength=Strength.DELIVERED,
                changed_to=asked.asserts,
                cause=asked.rests_on,
            )
        belief = self.course.belief_at(until)
        failure = self.course.our_failure(view.entry.given_at)
        view = replace(view, there=self._presence(view))
        believed = self._is_later(view, belief.expected)
        # Of a visit, silence says nothing; an order that nobody delivered is not there.
        late = self.kind is JobKind.ORDER if view.there is None else not view.there.by_then
        if not (believed or failure or late):
            return replace(view, no_word=True)
        cause = belief.fact if believed else failure
        return replace(
            view,
            ending=Ending.BROKEN,
            ended_at=until,
            never_told=view.heard_at is None and not self._told_since(view),
            cause=view.cause or (cause.id if cause is not None else None),
        )

    def _later_offer_at(self, view: PromiseView) -> Word | None:
        """Return the first offer of a later time that reached them: they know, though they
        have not answered. An earlier one binds nobody."""
        return next(
            (
                word
                for word in sorted(self.words, key=lambda word: word.at)
                if word.at >= view.entry.given_at
                and word.rests_on not in self.course.state.withdrawn
                and isinstance(word.asserts, Window)
                and self._is_later(view, word.asserts)
            ),
            None,
        )

    def _told_since(self, view: PromiseView) -> bool:
        """Whether they heard of it: that there is no word, an apology, a late offer, or a call."""
        bad = {fact.id for fact in self.course.facts if fact.type in _BAD_ENDS}
        if any(word.rests_on in bad for word in self.words if word.at >= view.entry.given_at):
            return True
        spoken = any(
            speaks_to_them(fact)
            and fact.person == self.person
            and fact.effective_at >= view.tell_by
            for fact in self.course.facts
        )
        checking = any(
            entry.what is PromiseKind.UPDATE and entry.given_at >= view.tell_by
            for entry in self.entries
        )
        return spoken or checking or self._later_offer_at(view) is not None

    def _is_later(self, view: PromiseView, instead: object) -> bool:
        """Whether who believes `instead` does not believe that the promise is kept."""
        window = view.entry.asserts
        if instead is None or not isinstance(window, Window):
            return False
        if not isinstance(instead, Window):
            return True
        if self.kind is JobKind.ORDER:
            return local_date(instead.end, self.zone) > local_date(window.end, self.zone)
        return instead.end - window.end > TOLERANCE

    def _runs_out(self, view: PromiseView) -> datetime:
        """Until when hearing of a change is hearing before the promise ended: while its window
        lasts. Another date of an order can be heard until its day ends; that it is not there,
        once its window has, only says that the promise broke."""
        if self.kind is JobKind.APPOINTMENT:
            return view.due
        moved = view.changed_to is None or isinstance(view.changed_to, Window)
        return self._end_of_day(view) if moved else view.due - _TICK

    def _may_come_until(self, view: PromiseView) -> datetime:
        if self.kind is JobKind.APPOINTMENT:
            return view.due + TOLERANCE
        return self._end_of_day(view)

    def _end_of_day(self, view: PromiseView) -> datetime:
        """An order promises a date at the place."""
        next_day = local_date(view.due, self.zone) + timedelta(days=1)
        midnight = datetime.combine(next_day, time.min, self.zone).astimezone(UTC)
        return midnight - _TICK


def _as_never_changed(view: PromiseView) -> PromiseView:
    """What they heard after it had ended otherwise did not change it."""
    return replace(view, heard_at=None, heard_strength=None, changed_to=None, cause=None)
