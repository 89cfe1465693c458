"""The second time that they were given: the one that counts is the one that was not taken back."""

from __future__ import annotations

import pytest

from notifier.domain.facts import FactType
from notifier.domain.ledger.report import PromiseReport
from notifier.domain.windows import UNKNOWN
from tests.domain.ledger_stage import LedgerStage
from tests.domain.stage import NINE_TO_ELEVEN, at


@pytest.mark.parametrize(("arrives", "kept"), [(10, 1), (13, 0)])
def test_a_second_time_that_was_a_mistake_is_not_the_second_time(arrives: int, kept: int) -> None:
    """No time is known, then one is by mistake, then by right: that one is kept, or is not."""
    stage = LedgerStage()
    nobody_knows = stage.say(FactType.DELAYED, at(7), expected=UNKNOWN)
    stage.given(UNKNOWN, at(7, 1), because=nobody_knows)
    mistake = stage.say(FactType.DELAYED, at(7, 10), minutes=30)
    stage.given(NINE_TO_ELEVEN.shifted(30), at(7, 11), because=mistake)
    stage.take_back(mistake, at(7, 20))
    late = stage.say(FactType.DELAYED, at(7, 30), minutes=45)
    stage.given(NINE_TO_ELEVEN.shifted(45), at(7, 31), because=late)
    stage.say(FactType.ARRIVED, at(arrives))

    report = PromiseReport(since=at(0), until=at(0, day=25))
    report.take(stage.views(at(20)), lambda view: "all")
    lines = report.lines()
    assert sum(line.second_times for line in lines) == 1
    assert sum(line.second_kept for line in lines) == kept
