"""What breaks the silence about a visit, what does not, and what else makes it no silence."""

from __future__ import annotations

import pytest

from notifier.domain.facts import FactSource, FactType
from notifier.domain.windows import UNKNOWN, Expectation
from tests.domain.silence import heard, tasks, the_technician, visit
from tests.domain.stage import at, window


@pytest.mark.parametrize("said", [FactType.ARRIVED, FactType.COMPLETED, FactType.CANCELLED])
def test_what_was_to_follow_is_dropped_once_they_are_there(said: FactType) -> None:
    """Whoever says it, the customer too: no text that waits, no task, no more "no news"."""
    stage = visit()
    stage.now = at(10, 45)
    stage.reconcile()
    assert stage.waiting() == ["no_word_yet"]

    stage.say(said, source=FactSource.CUSTOMER if said is FactType.ARRIVED else FactSource.STAFF)

    assert "no_word_yet" not in stage.waiting()
    assert stage.waiting(the_technician(stage)) == []
    assert tasks(stage) == []


def test_a_lateness_that_waits_is_dropped_by_an_arrival() -> None:
    """Said late at 10:20 and held back, and there at 10:21: nobody hears of lateness."""
    stage = visit()
    stage.now = at(10, 20)
    stage.late(45)
    assert stage.waiting() == ["running_late"]

    stage.say(FactType.ARRIVED, source=FactSource.CUSTOMER)

    assert stage.waiting() == []


def test_an_answer_breaks_the_silence() -> None:
    """On my way at 10:10: a quarter of an hour is theirs before anybody asks again."""
    stage = visit()
    stage.now = at(10, 10)
    stage.say(FactType.EN_ROUTE, source=FactSource.TECHNICIAN)

    assert heard(stage, 10, 24)[0] == []
    assert heard(stage, 10, 25)[0] == ["ask_technician"]
    assert heard(stage, 10, 29)[1] == []
    assert heard(stage, 10, 30)[1] == ["no_word_from_technician"]


def test_what_the_customer_says_does_not_break_it() -> None:
    """That the time suits them tells nobody where the technician is."""
    stage = visit()
    stage.now = at(10, 10)
    stage.say(
        FactType.ACCEPTED,
        source=FactSource.CUSTOMER,
        window=window(9, 11),
        person=stage.customer.id,
    )

    assert heard(stage, 10, 15)[0] == ["ask_technician"]


@pytest.mark.parametrize("said", [FactType.REASSIGNED, FactType.CONTACT_CHANGED])
@pytest.mark.parametrize("minute", [31, 44])
def test_what_says_nothing_of_where_they_are_breaks_no_silence(said: FactType, minute: int) -> None:
    """Somebody else goes, or a number was put right: whoever goes is asked at once, and whoever
    waits hears before the window ends."""
    stage = visit()
    stage.now = at(10, minute)
    stage.say(said, technician=stage.ids() if said is FactType.REASSIGNED else None)

    assert heard(stage, 10, minute) == (["ask_technician"], ["no_word_from_technician"], [])
    assert heard(stage, 10, 45)[2] == ["no_word_yet"]


def test_expected_moved_later_is_no_silence() -> None:
    """An hour late, and told so: all of it counts from the new window's end."""
    stage = visit()
    stage.late(60)
    stage.sent_and_delivered()

    assert heard(stage, 10, 45) == ([], [], [])
    assert heard(stage, 11, 15)[0] == ["ask_technician"]
    assert heard(stage, 11, 30)[1] == ["no_word_from_technician"]
    assert heard(stage, 11, 45)[2] == ["no_word_yet"]


def test_silent_again_by_the_new_time_is_said_again() -> None:
    """Told at 10:45 that we check, then 60 minutes late, then nothing: they hear that too."""
    stage = visit()
    assert heard(stage, 10, 45)[2] == ["no_word_yet"]
    stage.late(60)
    stage.sent_and_delivered()

    assert heard(stage, 11, 44)[2] == []
    assert heard(stage, 11, 45)[2] == ["no_word_yet"]


def test_where_nobody_knows_the_time_nobody_is_asked_by_it() -> None:
    """Expected is unknown and told: an update was promised, which is watched by itself."""
    stage = visit()
    stage.expect(UNKNOWN)
    stage.sent_and_delivered()

    asked, tasks, told = heard(stage, 10, 45)
    assert (asked, told) == ([], [])
    assert "no_word_from_technician" not in tasks


def test_an_offer_that_nobody_answered_leaves_the_silence_to_be_told() -> None:
    """Nine to eleven stands, eight was only asked: who waits from nine hears before eleven."""
    stage = visit(now=at(20, day=22))
    stage.now = at(12, day=23)
    stage.expect(window(8, 11))
    assert stage.sent_and_delivered().rule == "earlier_if_suits"

    assert heard(stage, 10, 44)[2] == []
    assert heard(stage, 10, 45)[2] == ["no_word_yet"]
    row = list(stage.customer.rows.values())[-1]
    assert (row.asserts, row.told_before) == (None, window(9, 11))


@pytest.mark.parametrize("reaches", [True, False])
@pytest.mark.parametrize("expected", [window((9, 45), (11, 45)), UNKNOWN])
def test_who_is_told_of_the_time_is_not_told_that_there_is_no_word(
    expected: Expectation, reaches: bool
) -> None:
    """We have a word: late, or that nobody knows. Where no text brings it, a person rings."""
    stage = visit()
    stage.now = at(10, 15)
    stage.expect(expected)
    for _ in stage.customer.contacts:
        for row in stage.send_all():
            (stage.deliver if reaches else stage.fail)(row)

    assert heard(stage, 10, 45)[2] == []
    assert ("call" in {task.kind for task in stage.plan().tasks}) is not reaches
