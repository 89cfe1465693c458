"""The columns of the report that look at more than one promise of a person."""

from __future__ import annotations

from notifier.domain.facts import FactType, Terms
from notifier.domain.ledger.report import PromiseReport
from notifier.domain.windows import Window
from tests.domain.ledger_stage import LedgerStage
from tests.domain.stage import NINE_TO_ELEVEN, at, window

SOONER = NINE_TO_ELEVEN.shifted(-45)


def offered_and_taken(stage: LedgerStage, offer: Window) -> None:
    """Asked at seven, taken ten minutes later."""
    fact = stage.say(FactType.DELAYED, at(7), expected=offer)
    stage.word(at(7, 1), offers=offer, because=fact)
    yes = stage.say(FactType.ACCEPTED, at(7, 10), window=offer, terms=Terms.OFFER)
    stage.given(offer, at(7, 10), fact=yes)


def second_times(stage: LedgerStage) -> tuple[int, int]:
    """Return how many second times were given and decided, and how many of them were kept."""
    report = PromiseReport(since=at(0), until=at(0, day=26))
    report.take(stage.views(at(20, day=25)), lambda view: "all")
    lines = report.lines()
    return sum(line.second_times for line in lines), sum(line.second_kept for line in lines)


def test_an_earlier_time_that_they_took_is_no_slip_with_a_second_time() -> None:
    """Nine to eleven held; they chose sooner, and sooner was kept."""
    stage = LedgerStage()
    offered_and_taken(stage, SOONER)
    stage.say(FactType.ARRIVED, at(9))
    assert second_times(stage) == (0, 0)


def test_what_slips_after_they_took_an_earlier_time_has_a_second_time() -> None:
    """The time that they chose did not hold; the next one did."""
    stage = LedgerStage()
    offered_and_taken(stage, SOONER)
    late = stage.say(FactType.DELAYED, at(8), minutes=60)
    stage.given(SOONER.shifted(60), at(8, 1), because=late)
    stage.say(FactType.ARRIVED, at(10))
    assert second_times(stage) == (1, 1)


def test_another_day_that_they_took_is_a_second_time() -> None:
    """We could not come on the first."""
    stage = LedgerStage()
    offered_and_taken(stage, window(9, 11, day=25))
    stage.say(FactType.ARRIVED, at(10, day=25))
    assert second_times(stage) == (1, 1)
