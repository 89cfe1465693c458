"""What dispatch does about a visit that nobody reports on, and where a technician is asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from notifier.delivery import deliver_due
from notifier.domain.facts import FactType
from notifier.domain.messages import Channel
from notifier.planner import look_again
from notifier.replies import IncomingReply, take_reply
from notifier.store.engine import reading
from notifier.store.facts import fact_of
from notifier.store.tables import Job
from notifier.technicians.register import phone_of
from tests.fakes.clock import FakeClock
from tests.web.board.world import Board, facts_of, given_visit, hidden_fields

SAM = "+12065550177"


@pytest.fixture
def job_id(board: Board, clock: FakeClock) -> UUID:
    """Return a visit half an hour before its end, of which nobody has said anything."""
    job = given_visit(board.services, board.brand, technician_phone=SAM)
    clock.advance(hours=3, minutes=30)
    look_again(board.services)
    deliver_due(board.services)
    return job


def _technician(board: Board) -> UUID:
    with reading(board.services.sessions) as session:
        found = session.scalars(select(Job.technician_id)).one()
    assert found is not None
    return found


def test_the_task_names_whom_to_ring_and_what_they_may_say(board: Board, job_id: UUID) -> None:
    """On the list and on the card: the number, and a tap for each answer."""
    for path in ("/board/tasks", "/board", f"/board/jobs/{job_id}"):
        page = board.get(path).text
        assert f'href="tel:{SAM}"' in page
        for words in ("They are there", "15 late", "30 late", "Can’t come"):
            assert words in page


@pytest.mark.parametrize(("passed", "offered"), [(29, "15 late"), (50, "30 late"), (61, None)])
def test_no_tap_says_a_time_that_has_passed(
    board: Board, job_id: UUID, clock: FakeClock, passed: int, offered: str | None
) -> None:
    """Half an hour before the end, 15 late lies ahead for 45 minutes more."""
    clock.advance(minutes=passed)

    for path in ("/board/tasks", f"/board/jobs/{job_id}"):
        page = board.get(path).text
        late = [words for words in ("15 late", "30 late") if words in page]
        assert late[:1] == ([offered] if offered else [])
        assert "They are there" in page
        assert "Can’t come" in page


def test_they_are_there_is_one_tap(board: Board, job_id: UUID) -> None:
    """The fact is recorded, the task goes, and it can be undone for a while."""
    answer = board.part(f"/board/jobs/{job_id}/there")

    assert "Undo" in answer.text
    assert facts_of(board.services, job_id)[-1].type == FactType.ARRIVED
    assert "They are there" not in board.get("/board/tasks").text
    again = board.part(f"/board/jobs/{job_id}/there")
    assert "no longer fits" in again.text or "Undo" in again.text


def test_late_opens_with_its_words_already_shown(board: Board, job_id: UUID) -> None:
    """What the customer would read is seen before it is confirmed, as always."""
    sheet = board.get(f"/board/jobs/{job_id}/say/late?late=15").text

    assert 'value="15" checked' in sheet
    board.part(f"/board/jobs/{job_id}/say/late", **hidden_fields(sheet))
    fact = fact_of(facts_of(board.services, job_id)[-1])
    assert (fact.type, fact.minutes) == (FactType.DELAYED, 15)


@pytest.mark.parametrize(("since", "minutes_ago"), [("12:10", 20), ("", 0)])
def test_an_arrival_that_was_merely_not_recorded_keeps_its_time(
    board: Board, job_id: UUID, clock: FakeClock, since: str, minutes_ago: int
) -> None:
    """There since 12:10 and said at 12:30; without a time it counts from now."""
    page = board.get(f"/board/jobs/{job_id}/say/arrived").text
    assert "Since when?" in page
    shown = board.part(f"/board/jobs/{job_id}/say/arrived/preview", since=since).text
    board.part(f"/board/jobs/{job_id}/say/arrived", **(hidden_fields(shown) | {"since": since}))

    fact = fact_of(facts_of(board.services, job_id)[-1])
    assert fact.type is FactType.ARRIVED
    expected: datetime = clock() - timedelta(minutes=minutes_ago)
    assert abs(fact.effective_at - expected) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("here", "noted: Arrived"),
        ("15 late", "noted: Running late: 11:15 AM–1:15 PM"),
        ("can't make it", "noted: Running late: not today"),
        ("which house number?", "other"),
    ],
)
def test_a_reply_says_what_was_understood_of_it(
    board: Board, job_id: UUID, clock: FakeClock, text: str, label: str
) -> None:
    """Beside a technician's own words, the fact that they became; else a person reads them."""
    take_reply(
        board.services,
        IncomingReply(
            channel=Channel.SMS,
            provider_id="SM1",
            from_address=SAM,
            to_address=board.brand.phone,
            body=text,
            received_at=clock(),
        ),
    )

    page = board.get(f"/board/jobs/{job_id}").text

    replies = page.split('aria-labelledby="replies-title"')[1].split("</section>")[0]
    assert label in replies


def test_the_number_at_which_they_are_asked_is_kept(board: Board) -> None:
    """On the sheet of their day: written as people write it, shown, and taken away again."""
    given_visit(board.services, board.brand)
    sam = _technician(board)

    kept = board.part(f"/board/technicians/{sam}/phone", phone="(206) 555-0177").text
    assert "Kept." in kept
    assert phone_of(board.services, board.brand.id, sam) == SAM
    wrong = board.part(f"/board/technicians/{sam}/phone", phone="12").text
    assert 'role="alert"' in wrong
    assert phone_of(board.services, board.brand.id, sam) == SAM
    board.part(f"/board/technicians/{sam}/phone", phone="")
    assert phone_of(board.services, board.brand.id, sam) is None


def test_messages_to_a_technician_can_be_read(board: Board, job_id: UUID) -> None:
    """The job's page shows the question with its words and whom it went to."""
    page = board.get(f"/board/jobs/{job_id}").text

    assert "Where are you?" in page
    assert "text to Sam" in page
