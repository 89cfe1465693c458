"""In which order the board names who needs somebody."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from notifier.board_reading.risk import RiskFacts, act_by
from notifier.domain.facts import FactSource, FactType
from notifier.domain.jobs import JobKind, JobStatus
from notifier.domain.messages import Channel, MessageStatus
from notifier.domain.windows import OFF, UNKNOWN, Window
from notifier.intake import NewFact, record
from notifier.replies import IncomingReply, take_reply
from notifier.store.tables import Message
from tests.fakes.clock import FakeClock
from tests.outbox_world import OUR_NUMBER
from tests.web.board.world import Board, a_customer, given_visit, say
from tests.web.pages import given_order

NOW = FakeClock()()
WINDOW = Window(NOW - timedelta(minutes=24), NOW + timedelta(minutes=96))
SILENT = RiskFacts(
    kind=JobKind.APPOINTMENT,
    status=JobStatus.SCHEDULED,
    finished=False,
    zone="America/Los_Angeles",
    agreed=WINDOW,
    expected=WINDOW,
    told=(WINDOW,),
    asked=False,
    said_no=False,
    tell_by=WINDOW.start - timedelta(hours=1),
    stuck=False,
    task_due=None,
)
LATER = WINDOW.shifted(60)
OVER = WINDOW.shifted(-120)


def over() -> dict[str, Any]:
    """Return what everybody agrees on where the window has passed."""
    return {"agreed": OVER, "expected": OVER, "told": (OVER,)}


def test_whose_time_runs_out_soonest_stands_first(board: Board, clock: FakeClock) -> None:
    """Overdue; written back, to be answered in half an hour; silent until its window ends; and
    last the parcel for which nothing runs out, though it is the oldest."""
    now = clock()
    parcel = given_order(
        board.services,
        board.brand.id,
        reference="PARCEL",
        window=Window(now - timedelta(hours=4), now),
    )
    failed = NewFact(type=FactType.ATTEMPTED, source=FactSource.CARRIER, actor="carrier:tests")
    record(board.services, board.brand.id, parcel, failed)
    _visit(board, "SILENT", now + timedelta(hours=2))
    _visit(board, "WROTE", now + timedelta(hours=6), name="Ben Ortiz", phone="+12065550101")
    late = _visit(board, "LATE", now + timedelta(hours=2, minutes=40), name="Eve Low", phone=None)
    clock.advance(hours=2, minutes=24)
    _write_back(board, "+12065550101")
    say(board, late, minutes=60)

    assert _needs_you(board) == ["LATE", "WROTE", "SILENT", "PARCEL"]


@pytest.mark.parametrize(
    ("status", "needs_you"),
    [(MessageStatus.UNKNOWN, []), (MessageStatus.HELD, ["DOUBT"])],
)
def test_a_lost_answer_that_is_being_looked_up_needs_nobody(
    board: Board, status: MessageStatus, needs_you: list[str]
) -> None:
    """A provider's bad minute fills no list; what nobody could find out is for a person."""
    job = _visit(board, "DOUBT", board.services.now() + timedelta(hours=2))
    with board.services.sessions.begin() as session:
        session.execute(update(Message).where(Message.job_id == job).values(status=status))

    assert _needs_you(board) == needs_you
    if not needs_you:
        assert "not known yet if it went" in board.get("/board").text


@pytest.mark.parametrize(
    ("changes", "moment"),
    [
        ({}, WINDOW.end),  # nobody has said where they are, and somebody waits at home
        ({"status": JobStatus.EN_ROUTE}, None),  # on their way within the window
        ({"status": JobStatus.EN_ROUTE, **over()}, OVER.end),
        ({"status": JobStatus.ARRIVED, **over()}, None),  # nobody waits any more
        ({"kind": JobKind.ORDER, "status": JobStatus.SHIPPED, **over()}, None),
        ({"task_due": NOW + timedelta(minutes=25)}, NOW + timedelta(minutes=25)),
        ({"task_due": NOW + timedelta(hours=5)}, WINDOW.end),
        ({"expected": LATER}, SILENT.tell_by),
        ({"expected": UNKNOWN}, SILENT.tell_by),
        ({"expected": OFF, "told": (OFF,)}, None),
        ({"finished": True}, None),
        ({"finished": True, "task_due": NOW}, NOW),
        ({"stuck": True, "status": JobStatus.EN_ROUTE}, None),
    ],
)
def test_by_when_somebody_must_act(changes: dict[str, Any], moment: datetime | None) -> None:
    """The soonest of what runs out: a task, the moment to tell them by, the window itself."""
    assert act_by(replace(SILENT, **changes), now=NOW) == moment


def _visit(board: Board, reference: str, start: datetime, **who: Any) -> UUID:
    window = Window(start, start + timedelta(hours=2))
    return given_visit(
        board.services, board.brand, reference=reference, window=window, people=(a_customer(**who),)
    )


def _write_back(board: Board, phone: str) -> None:
    take_reply(
        board.services,
        IncomingReply(
            channel=Channel.SMS,
            provider_id="SM-in-1",
            from_address=phone,
            to_address=OUR_NUMBER,
            body="Is the dog a problem?",
            received_at=board.services.now(),
        ),
    )


def _needs_you(board: Board) -> list[str]:
    """Return the references of who needs somebody, from the top."""
    shown = board.get("/board").text.split("visits-title")[0]
    return re.findall(r'<p class="what">.* · (\S+)</p>', shown)
