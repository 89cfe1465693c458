"""Nothing is heard of an order: no scan, no movement, a promised day that ends without it."""

from __future__ import annotations

import pytest

from notifier.domain.facts import FactSource, FactType
from notifier.domain.jobs import JobKind
from notifier.rulebook import rulebook_of
from tests.domain.stage import Stage, at, window

_ORDER_RULES = ("order_no_scan", "order_no_movement", "order_not_here")


def _order(**details: object) -> Stage:
    """Return an order with one parcel, placed at 10 AM on the 10th for the evening of the 24th."""
    known: dict[str, object] = {
        "kind": JobKind.ORDER,
        "promised": window(9, 20),
        "parcels": ("1Z1",),
        "speaking": _ORDER_RULES,
        "now": at(10, day=10),
    }
    return Stage(**(known | details))  # type: ignore[arg-type]


def _told_by(stage: Stage, hour: int, *, day: int, minute: int = 0) -> list[str]:
    stage.now = at(hour, minute, day=day)
    told = stage.send_all()
    for row in told:
        stage.deliver(row)
    return [row.rule for row in told]


def test_a_label_that_no_carrier_scans() -> None:
    """Three days after the label nobody has seen the parcel: they hear, once."""
    stage = _order()

    assert _told_by(stage, 9, day=13, minute=59) == []
    assert _told_by(stage, 10, day=13) == ["order_no_scan"]
    (row,) = stage.customer.rows.values()
    assert row.asserts is None
    assert row.next_update_at == at(10, day=14)


def test_a_scan_in_time_is_no_silence() -> None:
    """Seen on the second day; from then on it is movement that is watched."""
    stage = _order()
    stage.now = at(9, day=12)
    stage.say(FactType.IN_TRANSIT, source=FactSource.CARRIER, parcel="1Z1")

    assert _told_by(stage, 12, day=13) == []
    assert _told_by(stage, 8, day=16) == []
    assert _told_by(stage, 9, day=16) == ["order_no_movement"]


def test_each_standstill_is_said() -> None:
    """It moves again and stands still again: they hear of the second one too."""
    stage = _order()
    stage.now = at(9, day=11)
    stage.say(FactType.IN_TRANSIT, source=FactSource.CARRIER, parcel="1Z1")
    assert _told_by(stage, 9, day=15) == ["order_no_movement"]
    stage.now = at(12, day=15)
    stage.say(FactType.IN_TRANSIT, source=FactSource.CARRIER, parcel="1Z1")

    assert "order_no_movement" not in _told_by(stage, 11, day=19)
    assert "order_no_movement" in _told_by(stage, 12, day=19)


def _scanned(stage: Stage, code: str, *days: int) -> None:
    """A carrier sees the parcel at noon of each of `days`."""
    for day in days:
        stage.now = at(12, day=day)
        stage.say(FactType.IN_TRANSIT, source=FactSource.CARRIER, parcel=code)


def test_a_parcel_that_moves_hides_none_that_nobody_has_seen() -> None:
    """One is scanned daily, the other never: three days after its label they hear, once."""
    stage = _order(parcels=("1Z1", "1Z2"))
    _scanned(stage, "1Z1", 11, 12)

    assert _told_by(stage, 9, day=13, minute=59) == []
    assert _told_by(stage, 10, day=13) == ["order_no_scan"]
    _scanned(stage, "1Z1", 13, 14)
    assert "order_no_movement" not in _told_by(stage, 12, day=14)


def test_a_parcel_that_moves_hides_none_that_stands_still() -> None:
    """One stopped on the 12th, whatever the other does, there or out for delivery."""
    stage = _order(parcels=("1Z1", "1Z2"))
    _scanned(stage, "1Z2", 11, 12)
    _scanned(stage, "1Z1", 13, 14)
    stage.say(FactType.OUT_FOR_DELIVERY, source=FactSource.CARRIER, parcel="1Z1")
    stage.now = at(12, day=15)
    stage.say(FactType.DELIVERED, source=FactSource.CARRIER, parcel="1Z1")
    stage.send_all()

    assert "order_no_movement" not in _told_by(stage, 11, day=16, minute=59)
    assert "order_no_movement" in _told_by(stage, 12, day=16)


def test_of_two_that_have_stopped_the_first_to_stop_counts() -> None:
    """One stands still since the 12th, the other since the 14th."""
    stage = _order(parcels=("1Z1", "1Z2"))
    _scanned(stage, "1Z2", 12)
    _scanned(stage, "1Z1", 14)

    assert "order_no_movement" in _told_by(stage, 12, day=16)


def test_the_next_look_is_when_the_silent_parcel_has_been_silent_for_long() -> None:
    """Time alone changes something, and nothing comes in that would have us look."""
    stage = _order(parcels=("1Z1", "1Z2"))
    _scanned(stage, "1Z1", 11, 12)

    assert stage.plan().look_at == at(10, day=13)


def test_a_parcel_that_is_there_is_silent_for_good() -> None:
    """The first came on the 11th; the other one moves."""
    stage = _order(parcels=("1Z1", "1Z2"))
    stage.now = at(12, day=11)
    stage.say(FactType.DELIVERED, source=FactSource.CARRIER, parcel="1Z1")
    _scanned(stage, "1Z2", 12)
    stage.rules = rulebook_of({"rules.yaml": _A_DAY_OF_SILENCE}).rules

    assert _told_by(stage, 11, day=13, minute=59) == []
    assert _told_by(stage, 12, day=13) == ["a_day"]


_A_DAY_OF_SILENCE = """
rules:
  - id: a_day
    for: order
    if: { silent_for: 1d }
    message: order_no_movement
    asserts: nothing
    update_after: 24h
"""


def test_what_is_said_of_the_order_is_said_of_each_parcel() -> None:
    """The shop has an eye on all of it."""
    stage = _order(parcels=("1Z1", "1Z2"))
    stage.now = at(12, day=12)
    stage.say(FactType.SHIPPED, source=FactSource.SHOP)

    assert "order_no_scan" not in _told_by(stage, 11, day=15, minute=59)
    assert "order_no_scan" in _told_by(stage, 12, day=15)


def test_an_order_without_a_parcel_waits_for_no_scan() -> None:
    """Nothing has a label yet, so nobody can have missed it."""
    stage = _order(parcels=())

    assert _told_by(stage, 10, day=13) == []
    assert stage.why("order_no_scan") == "condition_false"


def test_a_promised_day_that_ends_without_delivery() -> None:
    """8 PM of the 24th and nothing is there: they hear that evening that we check."""
    stage = _order()
    stage.now = at(9, day=22)
    stage.say(FactType.IN_TRANSIT, source=FactSource.CARRIER, parcel="1Z1")

    assert _told_by(stage, 19, day=24, minute=59) == []
    assert _told_by(stage, 20, day=24) == ["order_not_here"]


@pytest.mark.parametrize("said", [FactType.DELIVERED, FactType.CANCELLED])
def test_an_order_that_has_ended_is_silent_for_good(said: FactType) -> None:
    """There, or called off: no scan, movement or day is waited for."""
    stage = _order()
    stage.now = at(9, day=12)
    stage.say(said, source=FactSource.SHOP)
    told = _told_by(stage, 9, day=12)

    for day in (13, 16, 20, 25):
        told += _told_by(stage, 12, day=day)
    assert set(told).isdisjoint(_ORDER_RULES)


def test_the_days_are_the_business_s_own() -> None:
    """One day instead of three, for those who promise much."""
    stage = _order()
    stage.rules = rulebook_of(
        {
            "rules.yaml": """
rules:
  - id: soon
    for: order
    if: { status: ordered, tracked: true, silent_for: 1d }
    message: order_no_scan
    asserts: nothing
    update_after: 24h
    concerns_past: true
"""
        }
    ).rules

    assert _told_by(stage, 10, day=11) == ["soon"]
