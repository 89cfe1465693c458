"""An offer on the board: calm while it is open, somebody's work once it does not suit."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier.board_reading.job import read_card
from notifier.board_reading.risk import Risk
from notifier.domain.facts import FactSource, FactType
from notifier.domain.windows import Window
from notifier.intake import NewFact, record
from notifier.services import Services
from tests.fakes.clock import FakeClock
from tests.web.board.world import Board, given_visit, say
from tests.web.pages import deliver, sandbox_services


@pytest.fixture
def services(sessions: sessionmaker[Session], clock: FakeClock) -> Services:
    """Return services whose texts arrive, so that `told` moves."""
    return sandbox_services(sessions, clock)


def _offered(board: Board) -> UUID:
    """Have a visit be late and told, then back on time: the first time is an offer now."""
    job_id = given_visit(board.services, board.brand)
    say(board, job_id, minutes=45)
    deliver(board.services)
    say(board, job_id, minutes=0)
    waiting = read_card(board.services, board.brand.id, job_id)
    assert (waiting.asked, waiting.risk) == (False, Risk.NOT_HEARD)
    deliver(board.services)
    return job_id


def test_an_open_offer_is_calm(board: Board) -> None:
    """She was asked and her time stays: nobody is told that she has not heard."""
    job_id = _offered(board)
    card = read_card(board.services, board.brand.id, job_id)
    assert card.told != card.expected
    assert card.asked
    assert card.risk is None
    for path in ("/board", f"/board/jobs/{job_id}"):
        page = board.get(path).text
        assert "told time stays until they answer" in page
        assert "Has not heard" not in page


def test_an_answer_that_it_does_not_suit_needs_somebody(board: Board) -> None:
    """She said no: what we expect and what she holds to differ until somebody acts."""
    job_id = _offered(board)
    card = read_card(board.services, board.brand.id, job_id)
    assert card.customer is not None
    assert isinstance(card.expected, Window)
    declined = NewFact(
        type=FactType.DECLINED,
        source=FactSource.CUSTOMER,
        actor="person:tests",
        window=card.expected,
        person=card.customer.id,
    )
    record(board.services, board.brand.id, job_id, declined)

    after = read_card(board.services, board.brand.id, job_id)

    assert not after.asked
    assert after.risk is Risk.SAID_NO
    assert "It does not suit them" in board.get("/board").text


def test_an_accepted_offer_is_no_longer_asked(board: Board) -> None:
    """She said yes: told is what is expected, and the card says nothing of asking."""
    job_id = _offered(board)
    card = read_card(board.services, board.brand.id, job_id)
    assert card.customer is not None
    assert isinstance(card.expected, Window)
    accepted = NewFact(
        type=FactType.ACCEPTED,
        source=FactSource.CUSTOMER,
        actor="person:tests",
        window=card.expected,
        person=card.customer.id,
    )
    record(board.services, board.brand.id, job_id, accepted)

    after = read_card(board.services, board.brand.id, job_id)

    assert (after.told, after.asked, after.risk) == (card.expected, False, None)
