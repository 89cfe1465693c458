"""The board of today, and the search."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from notifier.services import Services
from notifier.store.tables import Brand
from tests.fakes.clock import FakeClock
from tests.services import given_brand
from tests.web.board.world import (
    Board,
    a_customer,
    given_visit,
    say,
)


def test_the_day_shows_who_goes_where_and_what_they_know(board: Board) -> None:
    """One look: the visit, its technician, its window in the place's zone, what Ada knows."""
    given_visit(board.services, board.brand)

    page = board.get("/board").text

    for words in ("Ada Park", "Boiler repair", "Sam", "11:00 AM–1:00 PM", "knows"):
        assert words in page
    assert "All is well" in page


def test_another_brands_jobs_are_not_there(board: Board) -> None:
    """The board, the job page and the search keep to the brand of who looks."""
    other = given_brand(board.services, slug="other", name="Other")
    theirs = given_visit(board.services, other, people=(a_customer(name="Zelda Quist"),))

    assert "Zelda" not in board.get("/board").text
    assert board.get(f"/board/jobs/{theirs}").status_code == 404
    assert "Zelda" not in board.part("/board/search", q="Zelda").text
    assert board.press(f"/board/jobs/{theirs}/hold").status_code == 404


def test_a_visit_that_nobody_reported_on_needs_somebody(board: Board, clock: FakeClock) -> None:
    """Silence is a risk, not a success."""
    given_visit(board.services, board.brand)
    clock.advance(hours=2, minutes=20)

    page = board.get("/board").text

    assert "No word from anyone" in page
    assert "risk-no_word" in page


def test_who_still_expects_the_old_time_comes_first(board: Board) -> None:
    """Late, and nobody could tell her: the card says so, with the number to ring."""
    job_id = given_visit(board.services, board.brand, people=(a_customer(phone=None),))
    say(board, job_id, minutes=60)

    page = board.get("/board").text

    assert "Has not heard yet" in page
    assert "no number or address" in page


def test_the_poll_answers_only_when_something_changed(board: Board) -> None:
    """Every three seconds from every open board: nearly always 304 and no body."""
    job_id = given_visit(board.services, board.brand)
    etag = board.get("/board/day").headers["ETag"]

    same = board.client.get("/board/day", headers={"If-None-Match": etag})
    say(board, job_id, minutes=45)
    changed = board.client.get("/board/day", headers={"If-None-Match": etag})

    assert (same.status_code, same.text) == (304, "")
    assert changed.status_code == 200
    assert "45 min late" in changed.text


def test_shadow_is_said_on_every_page(
    browser: FlaskClient, services: Services, brand: Brand, board: Board
) -> None:
    """Nobody must think that a customer was told while nothing is sent."""
    assert "Shadow: nothing is sent" not in board.get("/board").text
    with services.sessions.begin() as session:
        session.execute(update(Brand).where(Brand.id == brand.id).values(live_at=None))

    assert "Shadow: nothing is sent" in board.get("/board").text
    assert "Shadow: nothing is sent" in board.get("/board/tasks").text


def test_pages_with_names_stay_out_of_caches(board: Board) -> None:
    """The shared tablet's back button after signing out shows nothing."""
    assert board.get("/board").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("query", ["park", "Ada", "0100", "(206) 555-0100", "pine st", "JOB-1001"])
def test_where_is_he(board: Board, query: str) -> None:
    """By name, phone, address or reference: status, expected, technician, last told."""
    given_visit(board.services, board.brand)

    found = board.part("/board/search", q=query).text

    for words in ("Ada Park", "Scheduled", "Expected", "11:00 AM–1:00 PM", "Sam", "Last told"):
        assert words in found


def test_a_search_never_puts_a_name_in_an_address(board: Board) -> None:
    """A GET would end up in logs."""
    assert board.get("/board/search?q=park").status_code == 405
