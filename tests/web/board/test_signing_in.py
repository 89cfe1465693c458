"""Who may look at the board."""

from __future__ import annotations

from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import update

from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Job, Staff
from tests.fakes.clock import FakeClock
from tests.web.board.world import (
    Board,
    given_visit,
    sign_in_path,
    token_in,
)


def test_nobody_sees_the_board_without_signing_in(browser: FlaskClient) -> None:
    """A stranger is told how staff get a link, and nothing else."""
    answer = browser.get("/board")

    assert answer.status_code == 401
    assert "flask --app app staff sign-in-link ADDRESS" in answer.text
    assert "flask --app app staff list" in answer.text


def test_a_preview_of_the_link_does_not_use_it_up(
    browser: FlaskClient, services: Services, dispatcher: UUID
) -> None:
    """A chat program fetches the link first; the press afterwards still signs in."""
    path = sign_in_path(services, dispatcher)
    browser.get(path)
    page = browser.get(path)

    answer = browser.post(path, data={"csrf_token": token_in(page.text)})

    assert answer.status_code == 303
    assert browser.get("/board").status_code == 200


def test_a_link_signs_in_once(browser: FlaskClient, services: Services, dispatcher: UUID) -> None:
    """Whoever finds the used link in a chat gets nothing."""
    path = sign_in_path(services, dispatcher)
    token = {"csrf_token": token_in(browser.get(path).text)}
    browser.post(path, data=token)
    browser.post("/sign-out", data={"csrf_token": token_in(browser.get("/board").text)})

    assert browser.get(path).status_code == 410
    assert browser.get("/board").status_code == 401


def test_a_link_is_worth_nothing_after_a_quarter_of_an_hour(
    browser: FlaskClient, services: Services, dispatcher: UUID, clock: FakeClock
) -> None:
    """A link forgotten in a mailbox signs nobody in."""
    path = sign_in_path(services, dispatcher)
    token = token_in(browser.get(path).text)
    clock.advance(minutes=15)

    assert browser.post(path, data={"csrf_token": token}).status_code == 410


def test_a_session_can_be_ended_from_our_side(board: Board, dispatcher: UUID) -> None:
    """A lost phone is signed out by growing its owner's epoch."""
    with board.services.sessions.begin() as session:
        session.execute(update(Staff).where(Staff.id == dispatcher).values(session_epoch=1))

    assert board.get("/board").status_code == 401


def test_a_form_without_its_token_is_refused(board: Board) -> None:
    """Another site can't press a button in a dispatcher's name."""
    job_id = given_visit(board.services, board.brand)

    answer = board.client.post(f"/board/jobs/{job_id}/hold")

    assert answer.status_code == 400
    with reading(board.services.sessions) as session:
        assert session.get_one(Job, job_id).held_at is None
