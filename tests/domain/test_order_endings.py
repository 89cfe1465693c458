"""How each order ended: it promises a date at the place. It is due on Tuesday the 24th."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from notifier.domain.facts import FactSource, FactType
from notifier.domain.jobs import JobKind
from notifier.domain.ledger.endings import Ending
from notifier.domain.windows import UNKNOWN, Window
from tests.domain.ledger_stage import LedgerStage
from tests.domain.stage import at, window
from tests.domain.what_happened import said, together, void

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


def test_an_order_that_they_say_they_have_came_nobody_knows_when() -> None:
    """The carrier never said; the morning after its day they say that it is there."""
    stage = LedgerStage(DUE, kind=JobKind.ORDER)
    stage.say(FactType.DELIVERED, at(9, day=25), source=FactSource.CUSTOMER)
    view = stage.first(at(9, day=26))
    assert (view.ending, view.no_word) == (Ending.OPEN, True)
