"""*We call you back by three*, *next update by three*: what keeps such a promise, what puts it
off, and which ones somebody still waits for. All are made at one and due at three."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from notifier.domain.facts import Fact, FactSource, FactType, PromiseKind
from notifier.domain.ledger.endings import Ending, PromiseView
from notifier.domain.reasons import Party
from notifier.domain.windows import OFF, UNKNOWN
from tests.domain.ledger_stage import LedgerStage
from tests.domain.stage import NINE_TO_ELEVEN, at, window

ONE, TWO, THREE, FOUR = at(13, day=23), at(14, day=23), at(15, day=23), at(16, day=23)
UPDATE, CALL_BACK = PromiseKind.UPDATE, PromiseKind.CALL_BACK
Happens = Callable[[LedgerStage, datetime], object]


def spoken_to(stage: LedgerStage, when: datetime) -> object:
    return stage.say(FactType.SPOKEN_TO, when, person=stage.person)


def told_by_phone(stage: LedgerStage, when: datetime) -> object:
    fact = stage.say(FactType.TOLD, when, person=stage.person, window=NINE_TO_ELEVEN)
    return stage.given(NINE_TO_ELEVEN, when, fact=fact)


def a_new_time(stage: LedgerStage, when: datetime) -> object:
    return stage.given(window(13, 15), when)


def nobody_comes(stage: LedgerStage, when: datetime) -> object:
    return stage.given(OFF, when, because=stage.say(FactType.CANCELLED, when, by=Party.US))


def an_offer(stage: LedgerStage, when: datetime) -> object:
    stage.word(when, offers=window(8, 10))
    return None


def no_news_yet(stage: LedgerStage, when: datetime) -> object:
    message = stage.given(UNKNOWN, when)
    return stage.promised(FOUR, when, by=message)


def nothing_but_a_later_moment(stage: LedgerStage, when: datetime) -> object:
    message = stage.given(NINE_TO_ELEVEN, when)  # what they held already
    return stage.promised(FOUR, when, by=message)


def a_new_time_and_more_to_come(stage: LedgerStage, when: datetime) -> object:
    message = stage.given(window(13, 15), when)
    return stage.promised(FOUR, when, by=message)


def promised_anew(kind: PromiseKind) -> Happens:
    return lambda stage, when: stage.by_phone(kind, FOUR, when)


def somebody_else_is_rung(stage: LedgerStage, when: datetime) -> object:
    return stage.say(FactType.SPOKEN_TO, when, person=stage.ids())


def the_visit(stage: LedgerStage, when: datetime) -> object:
    return stage.say(FactType.ARRIVED, when)


def agreed_with_staff(stage: LedgerStage, when: datetime) -> object:
    fact = stage.say(FactType.RESCHEDULED, when, window=window(13, 15), agreed=True)
    return stage.given(window(13, 15), when, fact=fact)


def agreed_on_their_page(stage: LedgerStage, when: datetime) -> object:
    fact = stage.say(FactType.ACCEPTED, when, window=window(13, 15), source=FactSource.CUSTOMER)
    return stage.given(window(13, 15), when, fact=fact)


def called_off(stage: LedgerStage, when: datetime) -> object:
    return stage.say(FactType.CANCELLED, when, by=Party.CUSTOMER)


def nothing(stage: LedgerStage, when: datetime) -> object:
    return None


KEPT, MOVED, BROKEN, WITHDRAWN = (
    Ending.KEPT,
    Ending.MOVED_IN_TIME,
    Ending.BROKEN,
    Ending.WITHDRAWN,
)

#: What happens; how an update ends by it, and how a call back.
TABLE: list[tuple[Happens, Ending, Ending]] = [
    (nothing, BROKEN, BROKEN),
    (spoken_to, KEPT, KEPT),
    (told_by_phone, KEPT, KEPT),
    (somebody_else_is_rung, BROKEN, BROKEN),
    (a_new_time, KEPT, BROKEN),  # a text is no call
    (nobody_comes, KEPT, BROKEN),
    (an_offer, KEPT, BROKEN),
    (agreed_with_staff, KEPT, KEPT),
    (agreed_on_their_page, KEPT, BROKEN),
    (the_visit, KEPT, BROKEN),
    (no_news_yet, MOVED, BROKEN),
    (nothing_but_a_later_moment, MOVED, BROKEN),
    (a_new_time_and_more_to_come, KEPT, BROKEN),
    (promised_anew(UPDATE), MOVED, KEPT),
    (promised_anew(CALL_BACK), KEPT, MOVED),
    (called_off, WITHDRAWN, WITHDRAWN),
]


@pytest.mark.parametrize(("happens", "update", "call_back"), TABLE)
@pytest.mark.parametrize("kind", [UPDATE, CALL_BACK])
def test_what_happens_before_the_moment_decides(
    happens: Happens, update: Ending, call_back: Ending, kind: PromiseKind
) -> None:
    """In time is up to the moment itself; a minute later it is broken, whatever comes."""
    expected = update if kind is UPDATE else call_back
    for when, ending in ((TWO, expected), (THREE, expected), (at(15, 1, day=23), BROKEN)):
        stage = LedgerStage()
        stage.by_phone(kind, THREE, ONE)
        happens(stage, when)
        view = next(v for v in stage.views(at(20, day=23)) if v.due == THREE)
        assert view.ending is ending, when


def test_until_its_moment_a_promise_is_open_and_after_it_somebody_still_waits() -> None:
    """It broke at three, and they wait on until somebody speaks to them."""
    stage = LedgerStage()
    stage.by_phone(CALL_BACK, THREE, ONE)
    views = {now: stage.views(now)[-1] for now in (TWO, THREE, FOUR)}
    assert [view.ending for view in views.values()] == [Ending.OPEN, Ending.OPEN, BROKEN]
    assert views[FOUR].never_told
    (waiting,) = stage.open()
    assert (waiting.what, waiting.due) == (CALL_BACK, THREE)
    spoken_to(stage, FOUR)
    assert stage.open() == ()
    assert not stage.views(at(20, day=23))[-1].never_told


def test_what_they_heard_when_it_was_put_off() -> None:
    """The first moment stays in the ledger beside the one that took its place."""
    stage = LedgerStage()
    stage.by_phone(UPDATE, THREE, ONE)
    no_news_yet(stage, TWO)
    first, second = (view for view in stage.views(TWO) if view.entry.moment)
    assert (first.due, first.ending, first.heard_at, first.changed_to) == (
        THREE,
        MOVED,
        TWO,
        FOUR,
    )
    assert (second.due, second.ending) == (FOUR, Ending.OPEN)


def test_what_was_taken_back_was_never_promised() -> None:
    """By phone or written: nobody waits for it, and nobody broke it."""
    stage = LedgerStage()
    fact = stage.by_phone(CALL_BACK, THREE, ONE)
    written = stage.say(
        FactType.PROMISED, ONE, what=CALL_BACK, moment=FOUR, person=stage.person, by_phone=False
    )
    stage.promised(FOUR, ONE, what=CALL_BACK, because=written)
    stage.take_back(fact, TWO)
    stage.take_back(written, TWO)
    assert [v.ending for v in stage.views(at(20, day=23))][1:] == [WITHDRAWN, WITHDRAWN]
    assert stage.open() == ()


def test_a_call_that_was_taken_back_keeps_nothing() -> None:
    """It was another customer whom they had rung."""
    stage = LedgerStage()
    stage.by_phone(CALL_BACK, THREE, ONE)
    call = stage.say(FactType.SPOKEN_TO, TWO, person=stage.person)
    assert stage.open() == ()
    stage.take_back(call, at(14, 5, day=23))
    assert len(stage.open()) == 1


def test_the_call_in_which_it_was_promised_keeps_nothing() -> None:
    """Rung at one, and promised then that they are rung again."""
    stage = LedgerStage()
    spoken_to(stage, ONE)
    stage.by_phone(CALL_BACK, THREE, ONE)
    assert len(stage.open()) == 1


def test_taking_back_one_call_leaves_the_other() -> None:
    """Two calls are two calls, however alike they look."""
    stage = LedgerStage()
    stage.by_phone(CALL_BACK, THREE, ONE)
    spoken_to(stage, at(13, 30, day=23))
    second = stage.say(FactType.SPOKEN_TO, TWO, person=stage.person)
    stage.take_back(second, at(14, 5, day=23))
    assert stage.open() == ()


def test_taking_back_what_was_promised_in_one_call_leaves_what_was_in_the_other() -> None:
    """The same call by three, promised in two calls; the first was with somebody else."""
    stage = LedgerStage()
    first = stage.by_phone(CALL_BACK, THREE, ONE)
    second = stage.by_phone(CALL_BACK, THREE, at(13, 30, day=23))
    stage.take_back(first, TWO)
    assert [moment.fact for moment in stage.open()] == [second.id]
    stage.take_back(second, TWO)
    assert stage.open() == ()


def test_what_was_pressed_twice_in_writing_is_taken_back_at_once() -> None:
    """One text told them, and rests on the first; said by phone as well, that one stays."""
    stage = LedgerStage()
    said = {"what": CALL_BACK, "moment": THREE, "person": stage.person, "by_phone": False}
    first = stage.say(FactType.PROMISED, ONE, **said)
    again = stage.say(FactType.PROMISED, at(13, 5, day=23), **said)
    stage.promised(THREE, at(13, 6, day=23), what=CALL_BACK, because=first)
    by_phone = stage.by_phone(CALL_BACK, THREE, at(13, 30, day=23))
    stage.take_back(again, TWO)
    assert [moment.fact for moment in stage.open()] == [by_phone.id]


def test_the_same_moment_promised_twice_is_one() -> None:
    """Pressed twice, or by phone and then in writing."""
    stage = LedgerStage()
    stage.by_phone(CALL_BACK, THREE, ONE)
    stage.by_phone(CALL_BACK, THREE, TWO)
    assert len(stage.open()) == 1
    _, first, second = stage.views(TWO)
    assert second.repeats == first.entry.origin


def test_an_update_and_a_call_are_waited_for_apart() -> None:
    """The sooner first; news keeps one of them."""
    stage = LedgerStage()
    stage.by_phone(CALL_BACK, FOUR, ONE)
    stage.promised(THREE, at(13, 1, day=23))
    assert [(m.what, m.due) for m in stage.open()] == [(UPDATE, THREE), (CALL_BACK, FOUR)]
    a_new_time(stage, TWO)
    assert [m.what for m in stage.open()] == [CALL_BACK]


def test_how_often_texts_put_it_off_is_counted_until_a_person_speaks() -> None:
    """After the first *no news yet* a person must act; a call begins anew."""
    stage = LedgerStage()
    stage.promised(at(13, 30, day=23), ONE)
    assert [m.put_off for m in stage.open()] == [0]
    stage.promised(TWO, at(13, 20, day=23))
    assert [m.put_off for m in stage.open()] == [1]
    stage.promised(THREE, at(13, 50, day=23))
    assert [m.put_off for m in stage.open()] == [2]
    stage.by_phone(UPDATE, FOUR, at(14, 50, day=23))
    assert [m.put_off for m in stage.open()] == [0]


def checking(stage: LedgerStage) -> None:
    """*No word yet, we are checking*: handed over at one, promises news by three."""
    stage.promised(THREE, ONE)


BEFORE_ONE, AFTER_ONE, AFTER_THREE = at(12, 50, day=23), at(13, 5, day=23), at(15, 5, day=23)


def update_of(stage: LedgerStage) -> PromiseView:
    return next(v for v in stage.views(at(20, day=23)) if v.due == THREE)


@pytest.mark.parametrize("learnt", [AFTER_ONE, AFTER_THREE])
def test_who_was_there_already_waits_for_no_news(learnt: datetime) -> None:
    """The technician rang the bell at ten to one and recorded it later: they saw him."""
    stage = LedgerStage()
    checking(stage)
    assert len(stage.open()) == 1
    stage.say(FactType.ARRIVED, BEFORE_ONE, received_at=learnt)
    assert stage.open() == ()
    view = update_of(stage)
    assert (view.ending, view.ended_at) == (KEPT, ONE)


def test_what_came_on_record_while_the_text_was_on_its_way_is_news_to_it() -> None:
    """Claimed at 12:55, the arrival recorded at 12:58, handed over at one."""
    stage = LedgerStage()
    stage.promised(THREE, ONE, claimed_at=at(12, 55, day=23))
    stage.say(FactType.ARRIVED, BEFORE_ONE, received_at=at(12, 58, day=23))
    assert stage.open() == ()


def test_news_promised_by_those_who_are_there_is_still_to_come() -> None:
    """There since noon, and on record: at one they promise to say when the part comes."""
    stage = LedgerStage()
    stage.say(FactType.ARRIVED, at(12, day=23))
    stage.by_phone(UPDATE, THREE, ONE)
    assert [moment.what for moment in stage.open()] == [UPDATE]


def test_a_visit_of_another_day_settles_no_news_of_this_one() -> None:
    """Tuesday's arrival is recorded only after the job was set anew, and news promised of that."""
    stage = LedgerStage()
    stage.say(FactType.RESCHEDULED, BEFORE_ONE, window=window(9, 11, day=27))
    checking(stage)
    stage.say(FactType.ARRIVED, at(12, day=23), received_at=AFTER_ONE)
    assert len(stage.open()) == 1


@pytest.mark.parametrize(("learnt", "ending"), [(AFTER_ONE, KEPT), (AFTER_THREE, BROKEN)])
def test_a_call_put_on_record_after_the_text_keeps_what_it_promised(
    learnt: datetime, ending: Ending
) -> None:
    """They had rung just before: on record by three nobody waits; later it was let lapse."""
    stage = LedgerStage()
    checking(stage)
    stage.say(FactType.SPOKEN_TO, BEFORE_ONE, person=stage.person, received_at=learnt)
    assert stage.open() == ()
    assert update_of(stage).ending is ending


def test_a_call_before_staff_promised_it_keeps_nothing_however_late_it_is_recorded() -> None:
    """It was the call after which they wrote: *we ring you by three*."""
    stage = LedgerStage()
    written = stage.say(
        FactType.PROMISED, ONE, what=CALL_BACK, moment=THREE, person=stage.person, by_phone=False
    )
    stage.promised(THREE, ONE, what=CALL_BACK, because=written)
    stage.say(FactType.SPOKEN_TO, BEFORE_ONE, person=stage.person, received_at=AFTER_ONE)
    assert len(stage.open()) == 1
    stage.say(FactType.SPOKEN_TO, TWO, person=stage.person)
    assert stage.open() == ()


def test_a_job_called_off_before_the_text_is_waited_for_by_nobody() -> None:
    """The customer rang at ten to one; it was put on record after the text had gone."""
    stage = LedgerStage()
    checking(stage)
    stage.say(FactType.CANCELLED, BEFORE_ONE, by=Party.CUSTOMER, received_at=AFTER_ONE)
    assert stage.open() == ()
    assert update_of(stage).ending is WITHDRAWN


def not_yet(stage: LedgerStage, due: datetime, moment: datetime, because: Fact) -> None:
    """*We have not rung you yet, sorry*: a text about what staff promised puts that off."""
    stage.promised(due, moment, what=CALL_BACK, because=because)


def test_who_reads_before_the_moment_that_nobody_rang_yet_heard_in_time() -> None:
    """A call by three; at ten to three: not yet, by four. Its fact taken back, both are."""
    stage = LedgerStage()
    call = stage.by_phone(CALL_BACK, THREE, ONE)
    not_yet(stage, FOUR, at(14, 50, day=23), because=call)
    first, second = stage.views(FOUR)[1:]
    assert (first.ending, first.changed_to, first.never_told) == (MOVED, FOUR, False)
    assert (second.ending, [m.due for m in stage.open()]) == (Ending.OPEN, [FOUR])
    stage.take_back(call, at(15, 30, day=23))
    assert [view.ending for view in stage.views(FOUR)[1:]] == [WITHDRAWN, WITHDRAWN]


def test_a_text_that_puts_one_promise_off_counts_for_the_others() -> None:
    """A call by three and news by four: who has read *not rung yet* is owed a person next."""
    stage = LedgerStage()
    call = stage.by_phone(CALL_BACK, THREE, ONE)
    stage.promised(FOUR, at(13, 30, day=23))
    not_yet(stage, at(16, 30, day=23), at(14, 50, day=23), because=call)
    assert [(m.what, m.put_off) for m in stage.open()] == [(UPDATE, 1), (CALL_BACK, 1)]


def test_news_is_no_call_and_lets_no_second_text_go() -> None:
    """They heard a new time, and the call that was put off once is still to come."""
    stage = LedgerStage()
    call = stage.by_phone(CALL_BACK, THREE, ONE)
    stage.promised(FOUR, at(13, 30, day=23))
    not_yet(stage, at(16, 30, day=23), at(14, 50, day=23), because=call)
    a_new_time(stage, at(15, 10, day=23))
    assert [(m.what, m.put_off) for m in stage.open()] == [(CALL_BACK, 1)]


def test_what_staff_promise_anew_in_writing_was_put_off_by_a_person() -> None:
    """A text carried it, and somebody decided it."""
    stage = LedgerStage()
    stage.promised(THREE, ONE)
    stage.promised(FOUR, at(14, 50, day=23))
    assert [m.put_off for m in stage.open()] == [1]
    said = {"what": UPDATE, "moment": at(17, day=23), "person": stage.person, "by_phone": False}
    written = stage.say(FactType.PROMISED, at(15, day=23), **said)
    stage.promised(at(17, day=23), at(15, 1, day=23), because=written)
    assert [m.put_off for m in stage.open()] == [0]


def test_which_promise_of_staff_a_moment_comes_from() -> None:
    """By phone, in writing, or put off by a text; news that a rule promised comes from none."""
    stage = LedgerStage()
    call = stage.by_phone(CALL_BACK, THREE, ONE)
    assert [m.fact for m in stage.open()] == [call.id]
    not_yet(stage, FOUR, TWO, because=call)
    stage.promised(at(17, day=23), TWO, because=stage.booked)
    assert [m.fact for m in stage.open()] == [call.id, None]
