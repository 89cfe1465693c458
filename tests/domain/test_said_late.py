"""What a technician means by so many minutes late."""

from __future__ import annotations

from uuid import UUID

import pytest

from notifier.domain.facts import FactSource, FactType
from notifier.domain.said_late import Question, counts_from, said_late
from notifier.domain.windows import UNKNOWN, Window
from tests.domain.stage import Stage, at, window


def _asked(hour: int, minute: int, due: Window | None) -> Question:
    return Question(message=UUID(int=1), asked_at=at(hour, minute), due=due)


def _says(stage: Stage, minutes: int, question: Question | None) -> Window:
    """Let them say it now, and return what is believed then."""
    base = counts_from(stage.state, stage.facts, question)
    assert base is not None
    expected = said_late(base, minutes, now=stage.now)
    stage.say(FactType.DELAYED, source=FactSource.TECHNICIAN, expected=expected)
    assert stage.state.expected == expected
    return expected


@pytest.fixture
def stage() -> Stage:
    """Return a visit from 9 to 11; it is 10:20."""
    stage = Stage(now=at(10, day=23))
    stage.now = at(10, 20)
    return stage


def test_it_counts_from_the_time_that_the_question_named(stage: Stage) -> None:
    """40 late was recorded and told before: 15 more is 15 after that, never 25 sooner."""
    stage.now = at(9)
    stage.late(40)
    stage.now = at(10, 58)

    later = _says(stage, 15, _asked(10, 55, window((9, 40), (11, 40))))

    assert later == window((9, 55), (11, 55))


def test_an_offer_that_nobody_took_is_not_what_they_were_asked_about(stage: Stage) -> None:
    """8:30 was offered at 8; the customer holds 9 to 11, and that is what the question named."""
    stage.now = at(8)
    stage.expect(window((8, 30), (10, 30)))
    stage.now = at(10, 20)

    assert _says(stage, 15, _asked(10, 15, window(9, 11))) == window((9, 15), (11, 15))


def test_the_same_word_twice_is_one(stage: Stage) -> None:
    """A thumb that taps twice, or a text and a tap, to one question."""
    question = _asked(10, 15, window(9, 11))

    assert _says(stage, 15, question) == window((9, 15), (11, 15))
    stage.advance(minutes=3)
    assert _says(stage, 15, question) == window((9, 15), (11, 15))


def test_another_word_to_the_same_question_replaces_it(stage: Stage) -> None:
    """15 at 10:20 and 30 at 10:50, asked once: half an hour late in all."""
    question = _asked(10, 15, window(9, 11))
    _says(stage, 15, question)
    stage.now = at(10, 50)

    assert _says(stage, 30, question) == window((9, 30), (11, 30))


def test_asked_anew_it_counts_from_the_new_time(stage: Stage) -> None:
    """15 at 10:20, asked at 10:35 about 11:15, 30 at 10:50: that is 11:45."""
    _says(stage, 15, _asked(10, 15, window(9, 11)))
    stage.now = at(10, 50)

    later = _says(stage, 30, _asked(10, 35, window((9, 15), (11, 15))))

    assert later == window((9, 45), (11, 45))


def test_what_somebody_else_said_since_is_what_it_counts_from(stage: Stage) -> None:
    """Asked about 9 to 11, then dispatch records 40 late: 15 is 15 after what is told by now."""
    question = _asked(10, 15, window(9, 11))
    stage.late(40)
    stage.advance(minutes=5)

    assert _says(stage, 15, question) == window((9, 55), (11, 55))
    assert _says(stage, 15, question) == window((9, 55), (11, 55))


def test_unasked_it_counts_from_what_is_believed(stage: Stage) -> None:
    """Nobody asked: 40 late of the office, and then 15 on the day's page, twice."""
    stage.late(40)

    assert _says(stage, 15, None) == window((9, 55), (11, 55))
    assert _says(stage, 15, None) == window((9, 55), (11, 55))


def test_who_takes_over_counts_from_what_the_other_said(stage: Stage) -> None:
    """Sam said 15 late; Priya, put on it since, means 15 after that."""
    _says(stage, 15, _asked(10, 15, window(9, 11)))
    stage.advance(minutes=1)
    stage.say(FactType.REASSIGNED, technician=stage.ids())
    stage.advance(minutes=1)

    assert _says(stage, 15, None) == window((9, 30), (11, 30))


def test_once_the_time_has_passed_it_counts_from_now(stage: Stage) -> None:
    """15 at 11:22 about a visit due by 11 can't mean 11:15."""
    stage.now = at(11, 22)
    question = _asked(10, 15, window(9, 11))

    assert _says(stage, 15, question).end == at(11, 40)
    stage.advance(minutes=2)
    assert _says(stage, 15, question).end == at(11, 40)


def test_where_nobody_knew_the_time_it_counts_from_what_was_agreed(stage: Stage) -> None:
    """Don't know, and then 30 after all: by the office, or by themselves."""
    stage.expect(UNKNOWN)
    assert _says(stage, 30, None) == window((9, 30), (11, 30))

    stage.say(FactType.DELAYED, source=FactSource.TECHNICIAN, expected=UNKNOWN)
    assert _says(stage, 45, None) == window((9, 45), (11, 45))


def test_a_visit_without_a_window_has_nothing_to_count_from() -> None:
    """It came without a time, and none was told yet."""
    stage = Stage(promised=None)

    assert counts_from(stage.state, stage.facts, None) is None


def test_what_was_taken_back_counts_nowhere(stage: Stage) -> None:
    """40 late was a slip of the office: 15 is 15 after what was agreed."""
    slip = stage.late(40)
    stage.take_back(slip)

    assert _says(stage, 15, None) == window((9, 15), (11, 15))


def test_a_word_of_theirs_taken_back_leaves_the_rest(stage: Stage) -> None:
    """Their 60 is undone: what is left to count from is the same as before it."""
    question = _asked(10, 15, window(9, 11))
    _says(stage, 60, question)
    stage.take_back(stage.facts[-1])

    assert _says(stage, 15, question) == window((9, 15), (11, 15))
