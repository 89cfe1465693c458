"""A visit booked without a time: whoever waits for one hears the first that is known."""

from __future__ import annotations

from notifier.domain.facts import FactType
from tests.domain.stage import Stage, window


def test_the_first_time_of_a_visit_booked_without_one_is_told() -> None:
    """Nothing drifts, for nothing was promised: the time is news, and becomes the promise."""
    stage = Stage(promised=None, speaking=["time_set"])
    assert stage.send_all() == []

    stage.say(FactType.RESCHEDULED, window=window(13, 15), agreed=False)
    told = stage.sent_and_delivered()

    assert (told.rule, told.asserts) == ("time_set", window(13, 15))
    assert stage.customer.told == window(13, 15)
    assert stage.send_all() == []


def test_a_time_that_changes_before_it_was_told_is_told_once() -> None:
    """Only the last one is worth hearing."""
    stage = Stage(promised=None, speaking=["time_set"])
    stage.say(FactType.RESCHEDULED, window=window(13, 15), agreed=False)
    stage.reconcile()
    stage.say(FactType.RESCHEDULED, window=window(14, 16), agreed=False)

    sent = stage.send_all()

    assert [(row.rule, row.asserts) for row in sent] == [("time_set", window(14, 16))]
