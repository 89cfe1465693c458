"""An order that went wrong on its way needs somebody, whatever its day."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from notifier.booking import NewParcel
from notifier.domain.facts import FactSource, FactType
from notifier.domain.windows import Window
from notifier.intake import NewFact, record
from notifier.store.engine import reading
from notifier.store.tables import Task
from tests.fakes.clock import FakeClock
from tests.web.board.world import Board
from tests.web.pages import given_order

_UNSET: Any = object()


def _order(board: Board, reference: str = "#1001", window: Any = _UNSET, **fields: Any) -> UUID:
    """Return an order that is promised for next week."""
    if window is _UNSET:
        start = board.services.now() + timedelta(days=7)
        window = Window(start, start + timedelta(hours=8))
    return given_order(board.services, board.brand.id, reference=reference, window=window, **fields)


def _said(board: Board, job: UUID, type: FactType, **fields: Any) -> None:
    new = NewFact(type=type, source=FactSource.CARRIER, actor="source:1", **fields)
    record(board.services, board.brand.id, job, new)


def _needs_you(board: Board) -> list[tuple[str, str]]:
    """Return who needs somebody, from the top: the reference, and why."""
    shown = board.get("/board").text.split("visits-title")[0]
    return re.findall(r'<p class="what">.* · (\S+)</p>\s*<p class="why"><strong>([^<]+)<', shown)


def _tick_off(board: Board) -> None:
    with reading(board.services.sessions) as session:
        (task_id,) = session.scalars(select(Task.id).where(Task.done_at.is_(None)))
    board.press(f"/board/tasks/{task_id}/done")


@pytest.mark.parametrize("window", [_UNSET, None])
@pytest.mark.parametrize("type", [FactType.EXCEPTION, FactType.ATTEMPTED, FactType.NOT_RECEIVED])
def test_it_stands_there_next_weeks_or_without_a_day(
    board: Board, type: FactType, window: Any
) -> None:
    """From the moment at which it is known."""
    job = _order(board, window=window)
    _order(board, "#1002", parcels=())
    assert _needs_you(board) == []

    _said(board, job, type)

    assert _needs_you(board) == [("#1001", "Went wrong on the way")]
    assert "Parcels on their way" not in board.get("/board").text


@pytest.mark.parametrize(
    "type", [FactType.IN_TRANSIT, FactType.DELIVERED, FactType.RETURNED, FactType.CANCELLED]
)
def test_it_leaves_when_it_moves_on_or_ends(board: Board, type: FactType) -> None:
    """With its task."""
    job = _order(board)
    _said(board, job, FactType.EXCEPTION)
    assert "Look into this for Ada Park" in board.get("/board/tasks").text

    _said(board, job, type)

    assert _needs_you(board) == []
    assert "Nothing to do" in board.get("/board/tasks").text


def test_it_stays_until_somebody_has_looked(board: Board, clock: FakeClock) -> None:
    """For weeks, though its day has passed; then it is in the search."""
    job = _order(board)
    _said(board, job, FactType.EXCEPTION)
    clock.advance(days=20)
    assert [reference for reference, _ in _needs_you(board)] == ["#1001"]

    _tick_off(board)

    assert _needs_you(board) == []


def test_it_leaves_at_once_when_somebody_has_looked(board: Board) -> None:
    """Before its day, and on it, when it should be there, it is named again."""
    job = _order(board)
    _said(board, job, FactType.EXCEPTION)

    _tick_off(board)

    assert _needs_you(board) == []


def test_what_nobody_is_asked_about_leaves_after_three_days(board: Board, clock: FakeClock) -> None:
    """As whatever else is left open."""
    job = _order(board)
    _said(board, job, FactType.ATTEMPTED)
    clock.advance(days=2, hours=23)
    assert len(_needs_you(board)) == 1

    clock.advance(hours=2)

    assert _needs_you(board) == []


def test_what_went_wrong_long_before_we_heard_of_it_fills_no_page(board: Board) -> None:
    """A shop's history comes all at once."""
    job = _order(board)
    long_ago = board.services.now() - timedelta(days=40)

    _said(board, job, FactType.ATTEMPTED, occurred_at=long_ago)

    assert _needs_you(board) == []


def test_a_lost_parcel_is_not_hidden_by_one_that_moves(board: Board) -> None:
    """The order as a whole is on its way; one of its parcels is not."""
    codes = ("DEMO0001", "DEMO0002")
    parcels = tuple(NewParcel(carrier="UPS", tracking_code=code) for code in codes)
    job = _order(board, parcels=parcels)
    _said(board, job, FactType.EXCEPTION, parcel="DEMO0001")

    _said(board, job, FactType.IN_TRANSIT, parcel="DEMO0002")
    assert _needs_you(board) == [("#1001", "Went wrong on the way")]

    _said(board, job, FactType.DELIVERED, parcel="DEMO0001")
    assert _needs_you(board) == []
