"""A technician's day link from the board: made, handed on, and closed."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

from flask.testing import FlaskClient
from sqlalchemy import func, select

from notifier.store.engine import reading
from notifier.store.tables import DayLink, Technician
from tests.web.board.world import Board, given_visit


def _technician(board: Board) -> UUID:
    given_visit(board.services, board.brand)
    with reading(board.services.sessions) as session:
        return session.scalars(select(Technician.id)).one()


def _links(board: Board) -> int:
    with reading(board.services.sessions) as session:
        return session.scalar(select(func.count()).select_from(DayLink)) or 0


def _link_in(page: str) -> str:
    found = re.search(r'id="day-url" readonly value="[^"]*(/day/[^"]+)"', page)
    assert found, page
    return found[1]


def test_a_link_is_made_by_a_press_and_opens_the_day(board: Board) -> None:
    """Looking makes none; the press does, shows it once, and it works without signing in."""
    path = f"/board/technicians/{_technician(board)}/day-link"
    assert path in board.get("/board").text
    assert "Make a link" in board.get(path).text
    assert _links(board) == 0

    made = board.part(path).text

    assert "sms:?&amp;body=http" in made
    assert "1 link is open" in made
    stranger: FlaskClient = board.client.application.test_client()
    day = stranger.get(_link_in(made), follow_redirects=True)
    assert day.status_code == 200
    assert "Boiler repair" in day.text
    assert _link_in(made) not in board.get(path).text


def test_all_links_of_the_day_are_closed_at_once(board: Board) -> None:
    """Two were handed on; one press, and neither works."""
    path = f"/board/technicians/{_technician(board)}/day-link"
    links = [_link_in(board.part(path).text) for _ in range(2)]

    closed = board.part(f"{path}/close").text

    assert "All are closed" in closed
    assert "Make a link" in closed
    assert [board.get(link).status_code for link in links] == [410, 410]


def test_without_a_script_the_sheet_is_a_page(board: Board) -> None:
    """Plain forms make and close it."""
    path = f"/board/technicians/{_technician(board)}/day-link"
    page = board.press(path).text
    assert page.startswith("<!doctype html>")
    assert "/day/" in page
    assert "It is closed" in board.press(f"{path}/close").text


def test_only_our_own_technicians_have_one(board: Board) -> None:
    """An id that is nobody's is a 404, and nothing is made."""
    path = f"/board/technicians/{uuid4()}/day-link"
    assert board.get(path).status_code == 404
    assert board.part(path).status_code == 404
    assert board.part(f"{path}/close").status_code == 404
    assert _links(board) == 0
