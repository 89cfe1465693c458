"""How each window ended, as the ledger and the facts have it. The visit is from nine to eleven,
so a change must be heard by eight; an order is due on Tuesday the 24th."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from notifier.domain.endings import Ending
from notifier.domain.facts import FactSource, FactType, PromiseKind, Terms
from notifier.domain.jobs import JobKind
from notifier.domain.messages import Strength
from notifier.domain.reasons import Party
from notifier.domain.windows import OFF, UNKNOWN, Window
from tests.domain.ledger_stage import LedgerStage
from tests.domain.stage import NINE_TO_ELEVEN, at, window

LATE = NINE_TO_ELEVEN.shifted(45)
EVENING = at(20)
US, CUSTOMER = Party.US, Party.CUSTOMER
STAFF, TECHNICIAN = FactSource.STAFF, FactSource.TECHNICIAN


def arrived(hour: int, minute: int = 0) -> Callable[[LedgerStage], None]:
    return lambda stage: void(stage.say(FactType.ARRIVED, at(hour, minute)))


def he_is_here(hour: int, minute: int = 0) -> Callable[[LedgerStage], None]:
    """The customer answers H."""
    return lambda stage: void(
        stage.say(FactType.ARRIVED, at(hour, minute), source=FactSource.CUSTOMER)
    )


def void(_: object) -> None:
    return None


def told_late(hour: int, minute: int, *then: Callable[[LedgerStage], None]) -> Callable[..., None]:
    """45 minutes late, heard at that time; then the rest."""

    def tell(stage: LedgerStage) -> None:
        fact = stage.say(FactType.DELAYED, at(hour, minute), minutes=45)
        stage.given(LATE, at(hour, minute), because=fact)
        for step in then:
            step(stage)

    return tell


def said(type: FactType, *when: int, **claims: object) -> Callable[[LedgerStage], None]:
    return lambda stage: void(stage.say(type, at(*when), **claims))


def cancelled_and_heard(hour: int, minute: int = 0) -> Callable[[LedgerStage], None]:
    def cancel(stage: LedgerStage) -> None:
        fact = stage.say(FactType.CANCELLED, at(7), by=US)
        stage.given(OFF, at(hour, minute), because=fact)

    return cancel


def together(*steps: Callable[[LedgerStage], None]) -> Callable[[LedgerStage], None]:
    def run(stage: LedgerStage) -> None:
        for step in steps:
            step(stage)

    return run


VISITS: list[tuple[str, Callable[[LedgerStage], None], datetime, Ending]] = [
    ("nobody came yet", together(), at(10), Ending.OPEN),
    ("within the ten minutes after it", together(), at(11, 10), Ending.OPEN),
    ("there in time", arrived(10), EVENING, Ending.KEPT),
    ("there before it begins", arrived(8, 30), EVENING, Ending.KEPT),
    ("there within the tolerance", arrived(11, 10), EVENING, Ending.KEPT),
    ("there eleven minutes late", arrived(11, 11), EVENING, Ending.BROKEN),
    ("there late, and nobody was told", arrived(12), EVENING, Ending.BROKEN),
    ("done in time, arrival unrecorded", said(FactType.COMPLETED, 10, 50), EVENING, Ending.KEPT),
    ("done later, arrival unrecorded", said(FactType.COMPLETED, 12, 30), EVENING, Ending.OPEN),
    (
        "believed late, untold, arrival unrecorded",
        together(said(FactType.DELAYED, 10, minutes=45), said(FactType.COMPLETED, 13)),
        EVENING,
        Ending.BROKEN,
    ),
    ("late, heard an hour before", told_late(8, 0), EVENING, Ending.MOVED_IN_TIME),
    ("late, heard a minute after that", told_late(8, 1), EVENING, Ending.MOVED_LATE),
    ("late, heard at its very end", told_late(11, 0), EVENING, Ending.MOVED_LATE),
    ("late, heard when it was over", told_late(11, 1), EVENING, Ending.BROKEN),
    ("moved, and yet there in the old time", told_late(7, 0, arrived(10)), EVENING,
     Ending.MOVED_IN_TIME),
    ("there, and then a late text arrives", together(arrived(10), told_late(10, 5)), EVENING,
     Ending.KEPT),
    ("missed by us", said(FactType.MISSED, 11, 30, by=US), EVENING, Ending.BROKEN),
    ("missed, nobody knows by whom", said(FactType.MISSED, 11, 30, by=Party.UNKNOWN), EVENING,
     Ending.BROKEN),
    ("nobody was in when we came", said(FactType.MISSED, 11, 30, by=CUSTOMER), EVENING,
     Ending.KEPT),
    ("called off by the customer", said(FactType.CANCELLED, 8, 30, by=CUSTOMER), EVENING,
     Ending.WITHDRAWN),
    ("called off by the customer after waiting", said(FactType.CANCELLED, 13, by=CUSTOMER),
     EVENING, Ending.OPEN),
    ("called off by us, heard in time", cancelled_and_heard(7), EVENING, Ending.MOVED_IN_TIME),
    ("called off by us, heard late", cancelled_and_heard(9), EVENING, Ending.MOVED_LATE),
    ("called off by us, unheard", said(FactType.CANCELLED, 7, by=US), EVENING, Ending.BROKEN),
    ("called off, nobody knows by whom", said(FactType.CANCELLED, 7, by=Party.UNKNOWN), EVENING,
     Ending.BROKEN),
    ("nobody said a word", together(), EVENING, Ending.OPEN),
    ("they say that he is there, in time", he_is_here(10, 50), EVENING, Ending.KEPT),
    ("they say so after it, and nobody knows since when", he_is_here(11, 25), EVENING,
     Ending.OPEN),
    ("they say so after it, and he was believed late",
     together(said(FactType.DELAYED, 10, 50, minutes=45), he_is_here(11, 25)), EVENING,
     Ending.BROKEN),
    ("they say so after it, and he was there in time", together(he_is_here(11, 25),
     lambda stage: void(stage.say(FactType.ARRIVED, at(10, 55), received_at=at(12)))), EVENING,
     Ending.KEPT),
    (
        "an arrival that is reported late counts from when it was",
        lambda stage: void(
            stage.say(FactType.ARRIVED, at(10), received_at=at(15), source=TECHNICIAN)
        ),
        EVENING,
        Ending.KEPT,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("story", "happens", "now", "ending"), VISITS, ids=[v[0] for v in VISITS])
def test_how_a_visit_ended(
    story: str, happens: Callable[[LedgerStage], None], now: datetime, ending: Ending
) -> None:
    """Every way in which a visit that was promised at booking can end."""
    stage = LedgerStage()
    happens(stage)
    assert stage.first(now).ending is ending, story


DUE = Window(datetime(2026, 11, 24, 8, tzinfo=UTC), datetime(2026, 11, 25, 1, tzinfo=UTC))
WEDNESDAY = window(9, 17, day=25)


def not_here_at(hour: int, minute: int = 0) -> Callable[[LedgerStage], None]:
    """*It is not there, and we don't know when* reaches them then; its window ends at 17:00."""
    return lambda stage: void(stage.given(UNKNOWN, at(hour, minute)))


ORDERS: list[tuple[str, Callable[[LedgerStage], None], datetime, Ending]] = [
    ("on its way", said(FactType.SHIPPED, 9), at(23, 59), Ending.OPEN),
    ("there late that evening", said(FactType.DELIVERED, 23, 30), at(9, day=26), Ending.KEPT),
    (
        "there a day early",
        lambda stage: void(stage.say(FactType.DELIVERED, at(15, day=23))),
        at(9, day=26),
        Ending.KEPT,
    ),
    (
        "there a day late",
        lambda stage: void(stage.say(FactType.DELIVERED, at(9, day=25))),
        at(9, day=26),
        Ending.BROKEN,
    ),
    ("not there, and nobody says so", said(FactType.IN_TRANSIT, 9), at(0, 1, day=25),
     Ending.BROKEN),
    ("waits to be picked up", said(FactType.READY_FOR_PICKUP, 12), at(9, day=26), Ending.KEPT),
    (
        "at the depot, for nobody could hand it over",
        together(said(FactType.ATTEMPTED, 11), said(FactType.READY_FOR_PICKUP, 15)),
        at(9, day=26),
        Ending.BROKEN,
    ),
    (
        "said to be there, and it is not",
        together(
            said(FactType.DELIVERED, 12),
            said(FactType.NOT_RECEIVED, 18, source=FactSource.CUSTOMER),
        ),
        at(9, day=26),
        Ending.BROKEN,
    ),
    (
        "there, and sent back later",
        together(
            said(FactType.DELIVERED, 12),
            lambda stage: void(stage.say(FactType.RETURNED, at(9, day=26))),
        ),
        at(9, day=27),
        Ending.KEPT,
    ),
    (
        "another day, heard by nine",
        lambda stage: void(
            stage.given(
                WEDNESDAY,
                at(9),
                because=stage.say(FactType.DELAYED, at(8), expected=WEDNESDAY),
            )
        ),
        at(9, day=26),
        Ending.MOVED_IN_TIME,
    ),
    (
        "another day, heard that evening",
        lambda stage: void(
            stage.given(
                WEDNESDAY,
                at(21),
                because=stage.say(FactType.DELAYED, at(20), expected=WEDNESDAY),
            )
        ),
        at(9, day=26),
        Ending.MOVED_LATE,
    ),
    ("that it is not there, heard when its day was over", not_here_at(17), at(9, day=26),
     Ending.BROKEN),
    ("that nobody knows when, heard before it was over", not_here_at(16, 59), at(9, day=26),
     Ending.MOVED_LATE),
    ("that it is not there, and then it was", together(not_here_at(17),
     said(FactType.DELIVERED, 19)), at(9, day=26), Ending.KEPT),
    ("other hours of that day are no change", lambda stage: void(
        stage.given(window(18, 20), at(12), because=stage.booked)), at(9, day=26), Ending.BROKEN),
]  # fmt: skip


@pytest.mark.parametrize(("story", "happens", "now", "ending"), ORDERS, ids=[o[0] for o in ORDERS])
def test_how_an_order_ended(
    story: str, happens: Callable[[LedgerStage], None], now: datetime, ending: Ending
) -> None:
    """An order promises a date at the place, and it is there or it is not."""
    stage = LedgerStage(DUE, kind=JobKind.ORDER)
    happens(stage)
    assert stage.first(now).ending is ending, story


def test_an_order_is_there_when_its_last_parcel_is() -> None:
    """One of two in time is not in time."""
    stage = LedgerStage(DUE, kind=JobKind.ORDER, parcels=("A", "B"))
    stage.say(FactType.DELIVERED, at(12), parcel="A")
    assert stage.first(at(9, day=26)).ending is Ending.BROKEN
    stage.say(FactType.DELIVERED, at(18), parcel="B")
    assert stage.first(at(9, day=26)).ending is Ending.KEPT


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


def test_a_delay_that_was_taken_back_is_believed_by_nobody_afterwards() -> None:
    """No arrival on record, and the only word of lateness was a mistake: nobody can tell."""
    stage = LedgerStage()
    mistake = stage.say(FactType.DELAYED, at(9), minutes=90)
    stage.take_back(mistake, at(13))
    view = stage.first(EVENING)
    assert (view.ending, view.no_word) == (Ending.OPEN, True)


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


def test_what_is_given_while_we_are_there_is_kept() -> None:
    """The text was handed over a minute after he rang the bell; the visit is the same."""
    stage = LedgerStage()
    arrived(10)(stage)
    stage.given(window((9, 55), (10, 25)), at(10, 1))
    assert [view.ending for view in stage.views(EVENING)] == [Ending.KEPT, Ending.KEPT]


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


def test_a_reopened_job_is_another_visit() -> None:
    """Done on Tuesday, opened again for Friday: Tuesday's arrival keeps no Friday."""
    stage = LedgerStage()
    arrived(10)(stage)
    stage.say(FactType.COMPLETED, at(11))
    friday = window(9, 11, day=27)
    moved = stage.say(FactType.RESCHEDULED, at(15), window=friday, agreed=True)
    stage.given(friday, at(15), fact=moved)
    assert [v.ending for v in stage.views(EVENING)] == [Ending.KEPT, Ending.OPEN]
    stage.say(FactType.MISSED, at(12, day=27), by=US)
    assert [v.ending for v in stage.views(at(20, day=27))] == [Ending.KEPT, Ending.BROKEN]


def test_a_customer_who_was_out_on_friday_was_not_out_on_tuesday() -> None:
    """Tuesday broke; that they missed the visit of Friday does not mend it."""
    stage = LedgerStage()
    stage.say(FactType.MISSED, at(12), by=US)
    friday = window(9, 11, day=27)
    stage.given(
        friday, at(15), fact=stage.say(FactType.RESCHEDULED, at(15), window=friday, agreed=True)
    )
    stage.say(FactType.MISSED, at(12, day=27), by=CUSTOMER)
    assert [v.ending for v in stage.views(at(20, day=27))] == [Ending.BROKEN, Ending.KEPT]


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


def test_no_word_is_said_of_what_nobody_reported_on() -> None:
    """Silence is never worded as lateness; a word that comes later decides it."""
    stage = LedgerStage()
    assert not stage.first(at(10)).no_word
    assert stage.first(EVENING).no_word
    arrived(12)(stage)
    assert (stage.first(EVENING).ending, stage.first(EVENING).no_word) == (Ending.BROKEN, False)


def test_the_ledger_says_who_saw_that_somebody_was_there() -> None:
    """The technician knows since when; that it is over, or what they say at the door, is known
    by then."""
    for source, type, by_then in (
        (TECHNICIAN, FactType.ARRIVED, False),
        (STAFF, FactType.COMPLETED, True),
        (FactSource.CUSTOMER, FactType.ARRIVED, True),
    ):
        stage = LedgerStage()
        fact = stage.say(type, at(10, 50), source=source)
        view = stage.first(EVENING)
        assert view.there is not None
        assert (view.ending, view.there.fact, view.there.by_then) == (Ending.KEPT, fact, by_then)


def test_what_they_say_after_its_time_is_no_word_and_says_so() -> None:
    """H at 11:25, after *no word yet* in time: he is there, and nobody knows since when."""
    stage = LedgerStage()
    stage.promised(at(11, 15), at(10, 45))
    he_is_here(11, 25)(stage)
    view = stage.first(EVENING)
    assert (view.ending, view.no_word, view.never_told) == (Ending.OPEN, True, False)
    assert view.there is not None
    assert (view.there.at, view.there.by_then) == (at(11, 25), True)


def test_what_moved_was_not_kept_by_whoever_came_then() -> None:
    """That somebody was there is said beside the promise that it kept."""
    stage = LedgerStage()
    told_late(7, 0, arrived(10))(stage)
    first, second = stage.views(EVENING)
    assert (first.there, second.there is not None) == (None, True)


def test_an_order_that_they_say_they_have_came_nobody_knows_when() -> None:
    """The carrier never said; the morning after its day they say that it is there."""
    stage = LedgerStage(DUE, kind=JobKind.ORDER)
    stage.say(FactType.DELIVERED, at(9, day=25), source=FactSource.CUSTOMER)
    view = stage.first(at(9, day=26))
    assert (view.ending, view.no_word) == (Ending.OPEN, True)


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
