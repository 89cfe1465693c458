"""Reports come as SendGrid's do: late, in any order, and again, but each of them comes."""

from __future__ import annotations

import random

from tests.faults.nursery import FIVE_TIMES_AS_FAST
from tests.faults.postman import Bag

_EVENTS = [{"sg_event_id": str(number)} for number in range(200)]


def test_left_to_chance_reports_come_late_unordered_and_again() -> None:
    """Each for the first time before the second look-up: later the product promises nothing."""
    bag = Bag(random.Random(0))
    for event in _EVENTS:
        bag.put(event, now=0)

    by_second = [bag.take(now=second) for second in range(1, 100)]

    first: dict[str, int] = {}
    for second, reported in enumerate(by_second, 1):
        for event in reported:
            first.setdefault(event["sg_event_id"], second)
    assert len(first) == len(_EVENTS)
    assert max(first.values()) > FIVE_TIMES_AS_FAST["look_up_after"] - 2
    assert max(first.values()) < FIVE_TIMES_AS_FAST["look_up_again"] - 5
    together = [event for reported in by_second for event in reported]
    assert len(together) > 1.5 * len(_EVENTS)
    assert together != sorted(together, key=lambda event: int(event["sg_event_id"]))


def test_otherwise_each_comes_at_once_and_once() -> None:
    """And again only if nobody took it."""
    bag = Bag(None)
    for event in _EVENTS:
        bag.put(event, now=5)

    assert bag.take(now=5) == _EVENTS
    assert bag.take(now=100) == []
    bag.put_back(_EVENTS, now=100)
    assert bag.take(now=100) == _EVENTS
