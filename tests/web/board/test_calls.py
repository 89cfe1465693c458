"""Calls in place of texts: what somebody was not told, and one call for all of it."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from notifier.domain.facts import FactSource, FactType, PromiseKind
from notifier.domain.messages import Channel
from notifier.domain.windows import Window
from notifier.intake import NewFact, record
from notifier.replies import IncomingReply, take_reply
from notifier.store.engine import reading
from notifier.store.tables import Task
from tests.fakes.clock import FakeClock
from tests.web.board.world import Board, a_customer, facts_of, given_visit, say

ADA = "+12065550100"


@pytest.fixture
def job_id(board: Board, clock: FakeClock) -> UUID:
    """Return tomorrow's visit of somebody who wants no more texts."""
    start = clock() + timedelta(hours=26)
    job = given_visit(board.services, board.brand, window=Window(start, start + timedelta(hours=2)))
    take_reply(
        board.services,
        IncomingReply(
            channel=Channel.SMS,
            provider_id="SM1",
            from_address=ADA,
            to_address=board.brand.phone,
            body="STOP",
            received_at=clock(),
        ),
    )
    return job


def promise(board: Board, job: UUID, what: PromiseKind, *, hours: int) -> None:
    """Staff promise it, and leave it to us to say so."""
    new = NewFact(
        type=FactType.PROMISED,
        source=FactSource.STAFF,
        actor="staff:1",
        what=what,
        moment=board.services.now() + timedelta(hours=hours),
    )
    record(board.services, board.brand.id, job, new)


def calls(board: Board) -> list[str]:
    """Return the words of each card that asks to ring somebody."""
    cards = re.findall(r'<li class="card.*?</li>\s*(?=<li class="c|</ul>)', tasks(board), re.S)
    said = [" ".join(re.sub(r"<[^>]+>", " ", card).split()) for card in cards]
    return [words for words in said if words.startswith("Ring")]


def tasks(board: Board) -> str:
    """Return the list of tasks."""
    return board.get("/board/tasks").text


def open_calls(board: Board) -> int:
    """Return how many calls are still asked for."""
    with reading(board.services.sessions) as session:
        query = select(Task).where(Task.kind == "call", Task.done_at.is_(None))
        return len(session.scalars(query).all())


def test_one_call_says_all_that_no_text_told(board: Board, job_id: UUID) -> None:
    """What was promised and by when, beside what else she is not told: rung once, done once."""
    promise(board, job_id, PromiseKind.UPDATE, hours=6)
    promise(board, job_id, PromiseKind.CALL_BACK, hours=8)

    (card,) = calls(board)
    assert "Not told yet that they hear from us by 3:00 PM" in card
    assert "Not told yet that we ring by 5:00 PM" in card
    assert "Not told yet: reminder" in card
    assert "not told yet that we ring by 5:00 PM" in board.get(f"/board/jobs/{job_id}").text

    form = re.search(
        r'action="([^"]+/done)".*?</form>', tasks(board)[tasks(board).index("Ring ") :], re.S
    )
    assert form is not None
    also = re.findall(r'name="also" value="([^"]+)"', form[0])
    assert len(also) == 2
    board.client.post(form[1], data={"also": also, "csrf_token": board._token()})

    assert calls(board) == []
    assert open_calls(board) == 0
    said = [fact.type for fact in facts_of(board.services, job_id)]
    assert said.count(FactType.TOLD) == 1


def test_the_number_of_tasks_is_that_of_the_cards(board: Board, job_id: UUID) -> None:
    """Three calls to one person are one thing to do, beside her reply."""
    promise(board, job_id, PromiseKind.UPDATE, hours=6)
    page = tasks(board)
    badge = re.search(r'class="count">(\d+)', page)
    assert badge is not None, page
    assert int(badge[1]) == page.count('<li class="card')


def test_who_is_to_be_rung_and_left_no_number_is_not_a_riddle(board: Board) -> None:
    """It says that there is none, in the list and on the job."""
    job = given_visit(board.services, board.brand, people=(a_customer(phone=None),))
    say(board, job, minutes=45)

    assert "There is no number on record" in tasks(board)
    assert "there is no number on record" in board.get(f"/board/jobs/{job}").text
