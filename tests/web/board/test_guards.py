"""What a guard stopped, on the board: why, how much it was, and the press that lets it go."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from notifier.delivery import deliver_due
from notifier.domain.guards.limits import Guards, Limits
from notifier.planner import look_again
from notifier.services import Services
from notifier.store.tables import Message, Task
from tests.fakes.clock import FakeClock
from tests.services import make_services
from tests.web.board.world import Board, given_visit

_FIRST = 16_600  # millionths: a first text says how to stop, and so is two segments


@pytest.fixture
def services(sessions: sessionmaker[Session], clock: FakeClock) -> Services:
    """Return services of which one first text uses up the day's money."""
    limits = Limits(spend_per_day=_FIRST, texts_per_number=2)
    guards = Guards(usual=limits, prices={"US": 8300}, currency="USD")
    return make_services(sessions, now=clock, guards=guards)


def test_the_stop_of_money_says_how_much_it_was_and_is_lifted(board: Board) -> None:
    """One press lets as much again go, and what was stopped goes with it."""
    given_visit(board.services, board.brand)
    stopped = given_visit(board.services, board.brand, reference="JOB-1002")
    page = board.get("/board/tasks").text
    assert "Texts have stopped for today" in page
    assert "0.02 USD so far" in page
    assert "Let 0.02 USD more go" in page
    assert "Ring Ada Park" in page

    assert board.part(f"/board/tasks/{_guard_task(board)}/lift").status_code == 204
    look_again(board.services)
    deliver_due(board.services)

    page = board.get("/board/tasks").text
    assert "Texts have stopped" not in page
    assert "Ring Ada Park" not in page
    with board.services.sessions() as session:
        (row,) = session.scalars(
            select(Message).where(Message.job_id == stopped, Message.rule == "booked")
        )
    assert row.claimed_at is not None


def test_yesterdays_stop_is_ticked_off(board: Board, clock: FakeClock) -> None:
    """Its day is over: there is nothing left to lift."""
    given_visit(board.services, board.brand)
    given_visit(board.services, board.brand, reference="JOB-1002")
    clock.advance(days=1)
    page = board.get("/board/tasks").text
    assert "Texts have stopped for today" in page
    assert "more go" not in page

    board.press(f"/board/tasks/{_guard_task(board)}/done")
    assert "Texts have stopped" not in board.get("/board/tasks").text


def test_a_number_that_gets_too_many_texts_is_looked_into(board: Board) -> None:
    """The task leads to the visit; nobody lifts it here."""
    generous = replace(
        board.services, guards=Guards(usual=Limits(texts_per_number=1), prices={"US": 8300})
    )
    given_visit(generous, board.brand)
    given_visit(generous, board.brand, reference="JOB-1002")
    page = board.get("/board/tasks").text
    assert "See why one number gets so many texts" in page
    assert "JOB-1002" in page
    assert "more go" not in page
    assert board.part(f"/board/tasks/{_guard_task(board)}/lift").status_code == 404


def _guard_task(board: Board) -> object:
    with board.services.sessions() as session:
        return session.scalars(
            select(Task.id).where(Task.kind == "guard", Task.done_at.is_(None))
        ).one()
