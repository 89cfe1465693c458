"""What they heard of a promise, and how it ended by that. The visit is from nine to eleven, so a
change must be heard by eight."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from notifier.domain.facts import FactType, PromiseKind, Terms
from notifier.domain.ledger.endings import Ending
from notifier.domain.messages import Strength
from notifier.domain.windows import OFF, UNKNOWN, Window
from tests.domain.ledger_stage import LedgerStage
from tests.domain.stage import NINE_TO_ELEVEN, at, window
from tests.domain.what_happened import (
    EVENING,
    LATE,
    US,
    arrived,
    told_late,
)


def test_what_moved_says_when_they_knew_and_what_instead() -> None:
    """The first promise stays visible, with the moment and the time that took its place."""
    stage = LedgerStage()
    told_late(7, 30)(stage)
    first, second = stage.views(at(9))
    assert first.entry.asserts == NINE_TO_ELEVEN
    assert (first.tell_by, first.heard_at, first.changed_to) == (at(8), at(7, 30), LATE)
    assert first.heard_strength is Strength.DELIVERED
    assert first.cause == stage.facts[-1].id
    assert (second.entry.asserts, second.ending, second.repeats) == (LATE, Ending.OPEN, None)
    arrived(10, 30)(stage)
    assert [view.ending for view in stage.views(EVENING)] == [Ending.MOVED_IN_TIME, Ending.KEPT]


@pytest.mark.parametrize("instead", [UNKNOWN, OFF])
def test_that_no_time_is_known_is_a_change_and_no_promise(instead: object) -> None:
    """They know that nine to eleven no longer holds; nothing new is promised by that."""
    stage = LedgerStage()
    stage.given(instead, at(7), because=stage.say(FactType.DELAYED, at(7), expected=instead))  # type: ignore[arg-type]
    (only,) = stage.views(EVENING)
    assert (only.ending, only.changed_to) == (Ending.MOVED_IN_TIME, instead)


def test_a_reminder_repeats_a_promise_and_ends_as_it_does() -> None:
    """Told thrice is promised once: reports count the first."""
    stage = LedgerStage()
    stage.given(NINE_TO_ELEVEN, at(18, day=23))
    told_late(7, 0)(stage)
    stage.given(LATE, at(8), fact=stage.say(FactType.ACCEPTED, at(8), window=LATE))
    views = stage.views(EVENING)
    assert [view.repeats is not None for view in views] == [False, True, False, True]
    assert views[1].repeats == stage.booked.id
    assert views[0].ending is views[1].ending is Ending.MOVED_IN_TIME


def test_a_time_that_holds_again_is_a_new_promise() -> None:
    """Moved away and back: the second nine to eleven is not the first."""
    stage = LedgerStage()
    told_late(7, 0)(stage)
    stage.given(NINE_TO_ELEVEN, at(7, 30), fact=stage.say(FactType.ACCEPTED, at(7, 30)))
    arrived(10)(stage)
    views = stage.views(EVENING)
    assert [view.ending for view in views] == [
        Ending.MOVED_IN_TIME,
        Ending.MOVED_IN_TIME,
        Ending.KEPT,
    ]
    assert views[2].repeats is None


def test_a_narrower_time_leaves_the_promise_and_is_one_of_its_own() -> None:
    """*There between 10:10 and 10:40* holds within nine to eleven; at 10:55 it broke, and the
    promise of the morning was kept."""
    stage = LedgerStage()
    stage.given(window((10, 10), (10, 40)), at(9, 40))
    arrived(10, 55)(stage)
    assert [view.ending for view in stage.views(EVENING)] == [Ending.KEPT, Ending.BROKEN]


def test_what_slips_by_ten_minutes_is_still_the_promise() -> None:
    """And it is measured from the promise: twice eight minutes is a slip."""
    stage = LedgerStage()
    stage.given(NINE_TO_ELEVEN.shifted(8), at(7))
    assert stage.first(at(8)).ending is Ending.OPEN
    stage.given(NINE_TO_ELEVEN.shifted(16), at(7, 30))
    assert stage.first(at(8)).heard_at == at(7, 30)


def test_a_mistaken_text_moves_nothing_and_counts_nowhere() -> None:
    """*45 minutes late*, taken back, *please ignore*: the visit came as promised."""
    stage = LedgerStage()
    mistake = stage.say(FactType.DELAYED, at(7), minutes=45)
    stage.given(LATE, at(7, 1), because=mistake)
    stage.take_back(mistake, at(7, 5))
    stage.given(NINE_TO_ELEVEN, at(7, 6))
    arrived(10)(stage)
    views = stage.views(EVENING)
    assert [view.ending for view in views] == [Ending.KEPT, Ending.WITHDRAWN, Ending.KEPT]
    assert views[2].repeats == stage.booked.id


def test_a_presumed_word_that_failed_after_all_was_never_heard() -> None:
    """The email was held to have arrived, then it bounced: the change was not told."""
    stage = LedgerStage()
    fact = stage.say(FactType.DELAYED, at(7), minutes=45)
    stage.given(LATE, at(7), because=fact, strength=Strength.PRESUMED)
    assert stage.first(at(9)).heard_strength is Strength.PRESUMED
    stage.entries.pop()
    stage.given(LATE, at(7), because=fact, strength=Strength.NONE)
    arrived(11, 40)(stage)
    first, second = stage.views(EVENING)
    assert (first.ending, first.never_told) == (Ending.BROKEN, True)
    assert second.ending is Ending.WITHDRAWN


def test_an_offer_taken_moves_the_promise_since_it_reached_them() -> None:
    """*We can't come today; tomorrow?* reached them at 7:30; they said yes at half past nine."""
    stage = LedgerStage()
    tomorrow = window(9, 11, day=25)
    fact = stage.say(FactType.DELAYED, at(7, 29), expected=tomorrow)
    stage.word(at(7, 30), offers=tomorrow, because=fact)
    yes = stage.say(FactType.ACCEPTED, at(9, 30), window=tomorrow, terms=Terms.OFFER)
    stage.given(tomorrow, at(9, 30), fact=yes)
    first = stage.first(EVENING)
    assert (first.ending, first.heard_at, first.cause) == (
        Ending.MOVED_IN_TIME,
        at(7, 30),
        fact.id,
    )


def test_an_earlier_time_that_they_took_is_never_late() -> None:
    """It bound nobody until they said yes, an hour before the door."""
    stage = LedgerStage()
    sooner = NINE_TO_ELEVEN.shifted(-45)
    fact = stage.say(FactType.DELAYED, at(8, 5), minutes=-45)
    stage.word(at(8, 6), offers=sooner, because=fact)
    yes = stage.say(FactType.ACCEPTED, at(8, 10), window=sooner, terms=Terms.OFFER)
    stage.given(sooner, at(8, 10), fact=yes)
    assert stage.first(EVENING).ending is Ending.MOVED_IN_TIME


def test_an_earlier_time_that_nobody_asked_about_can_come_too_late() -> None:
    """Told on the phone at half past eight that we come at a quarter past: nobody chose that."""
    stage = LedgerStage()
    sooner = NINE_TO_ELEVEN.shifted(-45)
    stage.given(sooner, at(8, 30), fact=stage.say(FactType.TOLD, at(8, 30), window=sooner))
    assert stage.first(EVENING).ending is Ending.MOVED_LATE


def test_an_offer_of_another_day_is_heard_though_nobody_answers() -> None:
    """They know that nobody comes today; an unanswered *earlier* changes nothing."""
    for offer, ending in (
        (window(9, 11, day=25), Ending.MOVED_LATE),
        (NINE_TO_ELEVEN.shifted(-60), Ending.BROKEN),
    ):
        stage = LedgerStage()
        fact = stage.say(FactType.DELAYED, at(8, 30), expected=offer)
        stage.word(at(8, 31), offers=offer, because=fact)
        stage.say(FactType.MISSED, at(12), by=US)
        assert stage.first(EVENING).ending is ending


def test_each_person_has_a_ledger_of_their_own() -> None:
    """The customer heard in time; who waits at the door was told nothing, and before that the
    second contact was promised nothing."""
    stage = LedgerStage()
    told_late(7, 0, arrived(11, 40))(stage)
    at_the_door = LedgerStage(given=False)
    at_the_door.facts = stage.facts
    assert at_the_door.views(EVENING) == ()
    at_the_door.given(NINE_TO_ELEVEN, at(18, day=23))
    (theirs,) = at_the_door.views(EVENING)
    assert stage.first(EVENING).ending is Ending.MOVED_IN_TIME
    assert (theirs.ending, theirs.never_told) == (Ending.BROKEN, True)


@pytest.mark.parametrize(
    ("apologises", "never_told"),
    [
        (lambda stage, fact: None, True),
        (lambda stage, fact: stage.word(at(12, 30), because=fact), False),
        (lambda stage, fact: stage.say(FactType.SPOKEN_TO, at(13), person=stage.person), False),
        (lambda stage, fact: stage.given(window(15, 17), at(12, 30), because=fact), False),
        (lambda stage, fact: stage.promised(at(11, 15), at(10, 45)), False),
        (lambda stage, fact: stage.promised(at(11, 15), at(18, day=23)), True),
        (lambda stage, fact: stage.by_phone(PromiseKind.UPDATE, at(15), at(12)), False),
    ],
    ids=[
        "silence",
        "an apology",
        "a call",
        "a new time, too late",
        "no word yet",
        "news of something else",
        "news promised by phone",
    ],
)
def test_never_told_is_told_apart_from_told_too_late(
    apologises: Callable[[LedgerStage, object], object], never_told: bool
) -> None:
    """Both are broken; only one was left in silence."""
    stage = LedgerStage()
    fact = stage.say(FactType.MISSED, at(12), by=US)
    apologises(stage, fact)
    view = stage.first(EVENING)
    assert (view.ending, view.never_told) == (Ending.BROKEN, never_told)


@pytest.mark.parametrize(
    ("offer", "by_choice"), [(NINE_TO_ELEVEN.shifted(-45), True), (window(9, 11, day=25), False)]
)
def test_an_earlier_time_that_they_took_is_their_choice(offer: Window, by_choice: bool) -> None:
    """Another day is not: we could not come on theirs."""
    stage = LedgerStage()
    fact = stage.say(FactType.DELAYED, at(7), expected=offer)
    stage.word(at(7, 1), offers=offer, because=fact)
    yes = stage.say(FactType.ACCEPTED, at(7, 10), window=offer, terms=Terms.OFFER)
    stage.given(offer, at(7, 10), fact=yes)
    assert stage.first(EVENING).by_choice is by_choice
