"""How each visit ended, as the facts have it. It is from nine to eleven, so a change must be
heard by eight."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from notifier.domain.facts import FactSource, FactType
from notifier.domain.ledger.endings import Ending
from notifier.domain.reasons import Party
from tests.domain.ledger_stage import LedgerStage
from tests.domain.stage import at, window
from tests.domain.what_happened import (
    CUSTOMER,
    EVENING,
    STAFF,
    TECHNICIAN,
    US,
    arrived,
    cancelled_and_heard,
    he_is_here,
    said,
    together,
    told_late,
    void,
)

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


def test_a_delay_that_was_taken_back_is_believed_by_nobody_afterwards() -> None:
    """No arrival on record, and the only word of lateness was a mistake: nobody can tell."""
    stage = LedgerStage()
    mistake = stage.say(FactType.DELAYED, at(9), minutes=90)
    stage.take_back(mistake, at(13))
    view = stage.first(EVENING)
    assert (view.ending, view.no_word) == (Ending.OPEN, True)


def test_what_is_given_while_we_are_there_is_kept() -> None:
    """The text was handed over a minute after he rang the bell; the visit is the same."""
    stage = LedgerStage()
    arrived(10)(stage)
    stage.given(window((9, 55), (10, 25)), at(10, 1))
    assert [view.ending for view in stage.views(EVENING)] == [Ending.KEPT, Ending.KEPT]


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
