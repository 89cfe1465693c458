"""What a guard stopped, on the board: why, how much it was, and the press that lets it go."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from notifier.delivery import deliver_due
from notifier.domain.guards.limits import Guards, Limits
from notifier.domain.windows import Window
from notifier.planner import look_again
from notifier.services import Services
from notifier.store.tables import Message, Task
from tests.fakes.clock import FakeClock
from tests.services import make_services
from tests.web.board.world import Board, a_customer, given_visit

_FIRST = 16_600  # millionths: a first text says how to stop, and so is two segments


@pytest.fixture
def services(sessions: sessionmaker[Session], clock: FakeClock) -> Services:
    """Return services of which one first text uses up the day's money, not its texts."""
    limits = Limits(spend_per_day=_FIRST, texts_per_number=2, texts_per_day=50)
    guards = Guards(usual=limits, prices={"US": 8300}, currency="USD")
    return make_services(sessions, now=clock, guards=guards)


def test_the_stop_of_money_says_how_much_it_was_and_is_lifted(board: Board) -> None:
    """One press lets as much again go, and what was stopped goes with it."""
    given_visit(board.services, board.brand)
    stopped = given_visit(board.services, board.brand, reference="JOB-1002")
    page = board.get("/board/tasks").text
    assert "Texts have stopped for today" in page
    assert "0.02 USD so far. Emails go on, so does word that nobody comes;" in page
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


def test_the_count_of_tasks_is_polled_with_the_page(board: Board) -> None:
    """It stood at five beside two that were left."""
    given_visit(board.services, board.brand)
    given_visit(board.services, board.brand, reference="JOB-1002")
    before = board.get("/board/tasks/live")
    open_before = _open_tasks(before.text)

    board.part(f"/board/tasks/{_guard_task(board)}/lift")
    look_again(board.services)
    after = board.client.get("/board/tasks/live", headers={"If-None-Match": before.headers["ETag"]})

    assert _open_tasks(after.text) == open_before - 2
    assert 'id="open-tasks" hx-swap-oob="true"' in after.text
    assert "hx-swap-oob" not in board.get("/board/tasks").text


def _open_tasks(part: str) -> int:
    found = re.search(r'<span class="count">(\d+)', part)
    return int(found[1]) if found is not None else 0


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


def test_the_stop_of_the_day_lets_bad_news_go(board: Board) -> None:
    """That of money does not."""
    few = replace(board.services, guards=Guards(usual=Limits(texts_per_day=1)))
    given_visit(few, board.brand)
    given_visit(few, board.brand, reference="JOB-1002")

    assert "1 text so far. Emails go on, so does bad news;" in board.get("/board/tasks").text


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


def test_what_the_brake_holds_is_shown_with_examples_and_decided(board: Board) -> None:
    """How many, of which rule, three of the jobs; then all of them go, or none."""
    held = replace(board, services=_braked(board.services))
    for number in range(5):
        given_visit(
            held.services,
            board.brand,
            reference=f"JOB-{number}",
            window=_in_a_day(held.services),
            people=(a_customer(phone=f"+1206555010{number}"),),
        )
    deliver_due(held.services)
    page = board.get("/board/tasks").text
    assert "Held until you look: far more than ever" in page
    assert (
        "<b>Booked</b>: 3 messages wait; the rule never sent more than 2 in an hour, beside what"
        " always goes: what staff said themselves, and whatever is two hours ahead." in page
    )
    assert page.count("Boiler repair · JOB-") == 3
    job = re.search(r"/board/jobs/([0-9a-f-]+)", page)
    assert job is not None
    assert "held: far more than ever were about to go" in board.get(job[0]).text

    task = _guard_task(board, "brake")
    ticked_off = board.part(f"/board/tasks/{task}/done")
    assert ticked_off.status_code == 409
    assert "let them go, or drop them" in ticked_off.text
    assert board.part(f"/board/tasks/{task}/let-go").status_code == 204
    deliver_due(held.services)
    assert "Held until you look" not in board.get("/board/tasks").text
    with board.services.sessions() as session:
        assert set(session.scalars(select(Message.reason).where(Message.rule == "booked"))) == {
            None
        }


def test_what_is_dropped_says_so(board: Board) -> None:
    """On the page of each job."""
    held = replace(board, services=_braked(board.services))
    jobs = [
        given_visit(
            held.services,
            board.brand,
            reference=f"JOB-{number}",
            window=_in_a_day(held.services),
            people=(a_customer(phone=f"+1206555010{number}"),),
        )
        for number in range(4)
    ]
    task = _guard_task(board, "brake")
    assert board.part(f"/board/tasks/{task}/drop").status_code == 204
    assert "and you dropped them" in board.get(f"/board/jobs/{jobs[3]}").text


def _braked(services: Services) -> Services:
    """Return services whose rules send two messages an hour unasked."""
    return replace(services, guards=Guards(usual=Limits(brake_from=2)))


def _in_a_day(services: Services) -> Window:
    start = services.now() + timedelta(hours=24)
    return Window(start, start + timedelta(hours=2))


def _guard_task(board: Board, kind: str = "guard") -> object:
    with board.services.sessions() as session:
        return session.scalars(
            select(Task.id).where(Task.kind == kind, Task.done_at.is_(None))
        ).one()
