"""Taking a fact back: what goes out because of it is read first, as for everything else."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from notifier.delivery import deliver_due
from notifier.store.engine import reading
from notifier.store.tables import Action, Job, Message
from tests.fakes.clock import FakeClock
from tests.web.board.world import (
    HOLD_SECONDS,
    Board,
    confirm_late,
    facts_of,
    given_visit,
    hidden_fields,
    late_texts,
    say,
)


def _late_and_sent(board: Board, job_id: UUID) -> str:
    """Have a late text go out, and return the address of taking it back."""
    say(board, job_id, minutes=45)
    deliver_due(board.services)
    return f"/board/jobs/{job_id}/facts/{facts_of(board.services, job_id)[-1].id}/take-back"


def _texts(board: Board, job_id: UUID, rule: str) -> list[Message]:
    with reading(board.services.sessions) as session:
        query = select(Message).where(Message.job_id == job_id, Message.rule == rule)
        return list(session.scalars(query))


def test_the_please_ignore_text_is_read_before_it_goes(board: Board, dispatcher: UUID) -> None:
    """The sheet shows the exact words; confirming sends them at once, and says who did it."""
    job_id = given_visit(board.services, board.brand)
    path = _late_and_sent(board, job_id)
    assert path in board.get(f"/board/jobs/{job_id}").text

    sheet = board.get(path).text
    assert "Running late, 45 min" in sheet
    assert "please ignore our last text" in sheet
    assert "Take it back and send" in sheet
    assert not _texts(board, job_id, "please_ignore")

    answer = board.part(path, **hidden_fields(sheet))
    deliver_due(board.services)

    assert "goes out now" in answer.text
    assert [text.status for text in _texts(board, job_id, "please_ignore")] == ["accepted"]
    with reading(board.services.sessions) as session:
        action = session.scalars(select(Action).where(Action.kind == "withdrawn")).one()
        job = session.get_one(Job, job_id)
    assert action.staff_id == dispatcher
    assert job.expected == job.agreed


def test_what_has_not_gone_is_stopped_and_nobody_hears_of_it(
    board: Board, clock: FakeClock
) -> None:
    """Within the ten seconds the sheet says that one message is stopped, and none goes."""
    job_id = given_visit(board.services, board.brand)
    confirm_late(board, job_id, late="45")
    fact_id = facts_of(board.services, job_id)[-1].id
    path = f"/board/jobs/{job_id}/facts/{fact_id}/take-back"

    sheet = board.get(path).text
    assert "Nothing goes out" in sheet
    assert "1 waiting message will not go" in sheet
    answer = board.part(path, **hidden_fields(sheet))

    assert "Nothing goes out" in answer.text
    assert "undo-button" not in board.get("/board").text
    clock.advance(seconds=HOLD_SECONDS + 1)
    deliver_due(board.services)
    assert [text.status for text in late_texts(board.services, job_id)] == ["superseded"]
    assert not _texts(board, job_id, "please_ignore")


def test_what_changed_meanwhile_is_shown_instead_of_taking_it_back(board: Board) -> None:
    """The technician said more while the sheet was open: nothing is recorded."""
    job_id = given_visit(board.services, board.brand)
    path = _late_and_sent(board, job_id)
    sheet = board.get(path).text
    say(board, job_id, minutes=90)

    answer = board.part(path, **hidden_fields(sheet)).text

    assert "Nothing was recorded" in answer
    assert "Running late, 90 min" in answer
    assert len(facts_of(board.services, job_id)) == 3


def test_it_is_taken_back_once(board: Board) -> None:
    """Struck through on the page, without a link; an old sheet says so and does nothing."""
    job_id = given_visit(board.services, board.brand)
    path = _late_and_sent(board, job_id)
    form = hidden_fields(board.get(path).text)
    board.press(path, **form)

    page = board.get(f"/board/jobs/{job_id}").text
    again = board.part(path, **form).text

    assert path not in page
    assert "taken back" in page
    assert "taken back already" in again
    assert len(facts_of(board.services, job_id)) == 3


def test_the_board_itself_leads_there_while_a_visit_is_late(board: Board) -> None:
    """The card of a late visit offers it, until it is back on time."""
    job_id = given_visit(board.services, board.brand)
    path = _late_and_sent(board, job_id)
    assert path in board.get("/board").text

    board.press(path, **hidden_fields(board.get(path).text))

    assert path not in board.get("/board").text


def test_another_brands_facts_are_not_there(board: Board) -> None:
    """An address that is made up, or another job's fact, is a 404."""
    job_id = given_visit(board.services, board.brand)
    other = given_visit(board.services, board.brand, reference="JOB-1002")
    fact_id = facts_of(board.services, other)[0].id
    assert board.get(f"/board/jobs/{job_id}/facts/{fact_id}/take-back").status_code == 404
