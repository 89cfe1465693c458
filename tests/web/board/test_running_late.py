"""Running late: what is read before it goes, undone, or found changed."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from notifier.booking import NewOrder, book
from notifier.delivery import deliver_due
from notifier.domain.facts import FactSource
from notifier.domain.windows import Window
from notifier.parcels import NewParcel
from notifier.store.engine import reading
from notifier.store.tables import Action, Brand, Message
from tests.fakes.clock import FakeClock
from tests.web.board.world import (
    HOLD_SECONDS,
    Board,
    a_customer,
    confirm_late,
    facts_of,
    given_visit,
    hidden_fields,
    late_texts,
    say,
)


def test_the_buttons_show_the_window_that_results(board: Board) -> None:
    """Nobody adds minutes to hours in their head at seven in the morning."""
    job_id = given_visit(board.services, board.brand)

    sheet = board.get(f"/board/jobs/{job_id}/say/late").text

    for window in ("11:15 AM–1:15 PM", "11:30 AM–1:30 PM", "11:45 AM–1:45 PM", "12:00–2:00 PM"):
        assert window in sheet


def choices(sheet: str) -> list[str]:
    """Return the buttons of *How late?*, each with what it comes to."""
    shown = sheet.split("How late?</legend>")[1].split("</fieldset>")[0]
    words = re.sub(r"<[^>]+>", " ", shown)
    return [" ".join(line.split()) for line in words.splitlines() if line.strip()]


@pytest.mark.parametrize(
    ("at", "offered"),
    [
        ({"hours": 2, "minutes": 20}, ["15 min by 1:15 PM", "30 min 11:30 AM–1:30 PM"]),
        ({"hours": 4, "minutes": 20}, ["30 min by 1:30 PM", "45 min by 1:45 PM"]),
        ({"hours": 5}, ["Don&#39;t know yet update promised", "Not today asked for a new day"]),
    ],
)
def test_no_button_offers_a_time_that_has_passed(
    board: Board, clock: FakeClock, at: dict[str, int], offered: list[str]
) -> None:
    """Past a start it is only the end that can be kept, as the customer reads it; past an end,
    nothing."""
    job_id = given_visit(board.services, board.brand)
    clock.advance(**at)

    assert choices(board.get(f"/board/jobs/{job_id}/say/late").text)[:2] == offered


def test_what_is_expected_says_only_what_is_still_ahead(board: Board, clock: FakeClock) -> None:
    """On the list, in the search and on the job's page, until somebody is there."""
    job_id = given_visit(board.services, board.brand)
    confirm_late(board, job_id, late="45")
    clock.advance(hours=2, minutes=50)
    deliver_due(board.services)
    pages = ("/board", f"/board/jobs/{job_id}", "/board?q=park")

    for path in pages:
        assert "by 1:45 PM</" in board.get(path).text, path
    board.part(f"/board/jobs/{job_id}/there")
    for path in pages[1:]:
        assert "by 1:45 PM</" not in board.get(path).text, path


def test_the_exact_text_is_read_before_it_goes(board: Board) -> None:
    """The preview is the text that is sent, to the letter but for its link, and writes nothing."""
    job_id = given_visit(board.services, board.brand)

    part = board.part(f"/board/jobs/{job_id}/say/late/preview", late="45", reason="traffic").text
    assert len(facts_of(board.services, job_id)) == 1
    shown = re.search(r"<blockquote>(.*?)</blockquote>", part, re.S)
    board.part(f"/board/jobs/{job_id}/say/late", **hidden_fields(part))

    assert shown is not None
    assert "11:45 AM-1:45 PM" in shown[1]
    assert "segment" in part
    assert "in 10 s" in part
    assert len(late_texts(board.services, job_id)) == 1


def test_confirming_waits_ten_seconds_and_remembers_who(
    board: Board, clock: FakeClock, dispatcher: UUID
) -> None:
    """The fact is recorded at once, its text waits, and the action names who confirmed it."""
    job_id = given_visit(board.services, board.brand)

    bar = confirm_late(board, job_id, late="45").text

    assert "Sending in" in bar
    assert "Undo" in bar
    with reading(board.services.sessions) as session:
        action = session.scalars(select(Action)).one()
    assert (action.staff_id, action.kind, action.job_id) == (dispatcher, "delayed", job_id)
    deliver_due(board.services)
    assert late_texts(board.services, job_id)[0].status in ("planned", "ready")
    clock.advance(seconds=HOLD_SECONDS + 1)
    deliver_due(board.services)
    assert late_texts(board.services, job_id)[0].status == "accepted"


def test_undo_within_ten_seconds_and_nobody_ever_hears_of_it(
    board: Board, clock: FakeClock
) -> None:
    """Pressed on the wrong job: taken back, and no text goes, not even to be ignored."""
    job_id = given_visit(board.services, board.brand)
    confirm_late(board, job_id, late="45")
    fact = facts_of(board.services, job_id)[-1]

    answer = board.part(f"/board/jobs/{job_id}/undo/{fact.id}")
    clock.advance(minutes=1)
    deliver_due(board.services)

    assert "Nothing went out" in answer.text
    assert [text.status for text in late_texts(board.services, job_id)] == ["superseded"]
    with reading(board.services.sessions) as session:
        assert session.scalars(select(Action)).one().undone_at is not None
        rules = set(session.scalars(select(Message.rule).where(Message.job_id == job_id)))
    assert "please_ignore" not in rules


def test_the_bar_follows_to_the_next_page_until_it_is_over(board: Board, clock: FakeClock) -> None:
    """Opening a job does not take the chance to undo away."""
    job_id = given_visit(board.services, board.brand)
    confirm_late(board, job_id, late="30")

    assert "Sending in" in board.get(f"/board/jobs/{job_id}").text
    clock.advance(seconds=HOLD_SECONDS + 1)
    assert "Sending in" not in board.get("/board").text


def test_what_changed_meanwhile_is_shown_instead_of_acting(board: Board) -> None:
    """The technician reported while the dispatcher was reading: nothing is recorded blindly."""
    job_id = given_visit(board.services, board.brand)
    seen = board.part(f"/board/jobs/{job_id}/say/late/preview", late="45").text
    say(board, job_id, minutes=60, source=FactSource.TECHNICIAN)

    answer = board.part(f"/board/jobs/{job_id}/say/late", **hidden_fields(seen)).text

    assert "Nothing was recorded" in answer
    assert "Running late, 60 min" in answer
    assert [row.body.get("minutes") for row in facts_of(board.services, job_id)] == [None, 60]
    again = board.part(f"/board/jobs/{job_id}/say/late", **hidden_fields(answer)).text
    assert "Undo" in again


def test_whom_nothing_reaches_is_named_with_the_number_to_ring(board: Board) -> None:
    """A landline takes no text: the preview says so before anything is recorded."""
    on_landline = a_customer(phone="+442079460018")
    job_id = given_visit(board.services, board.brand, people=(on_landline,))

    part = board.part(f"/board/jobs/{job_id}/say/late/preview", late="45").text

    assert "gets nothing" in part
    assert 'href="tel:+442079460018"' in part


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"late": "unknown"}, ("expected", "unknown")),
        ({"late": "off"}, ("expected", "off")),
        ({"late": "other", "minutes": "25"}, ("minutes", 25)),
    ],
)
def test_the_other_ways_of_being_late(
    board: Board, answers: dict[str, str], said: tuple[str, object]
) -> None:
    """Any number of minutes, nobody knows, or not today."""
    job_id = given_visit(board.services, board.brand)

    confirm_late(board, job_id, **answers)

    name, value = said
    assert facts_of(board.services, job_id)[-1].body[name] == value


@pytest.mark.parametrize(
    "answers",
    [{}, {"late": "other"}, {"late": "other", "minutes": "soon"}, {"late": "99999999"}],
)
def test_an_answer_that_makes_no_sense_is_said_so(board: Board, answers: dict[str, str]) -> None:
    """A sentence beside the form, no fact, no error page."""
    job_id = given_visit(board.services, board.brand)

    part = board.part(f"/board/jobs/{job_id}/say/late/preview", **answers)

    assert part.status_code == 200
    assert 'class="problem"' in part.text
    assert len(facts_of(board.services, job_id)) == 1


def test_an_order_slips_by_days_and_keeps_its_hours(board: Board) -> None:
    """Parcels are late by days: the same local hours on another date."""
    now = board.services.now()
    window = Window(now + timedelta(hours=1), now + timedelta(hours=5))
    order = NewOrder(
        reference="ORD-1",
        service="Oak desk",
        parcels=(NewParcel(carrier="UPS", tracking_code="1Z1"),),
        window=window,
        people=(a_customer(),),
    )
    booked = book(board.services, board.brand.id, order, source=FactSource.SHOP, actor="key:t")

    confirm_late(board, booked.job_id, late="days-2")

    expected = facts_of(board.services, booked.job_id)[-1].body["expected"]
    assert expected["start"] == "2026-11-25T18:00:00Z"


def test_in_shadow_a_preview_never_says_that_it_sends(board: Board) -> None:
    """The words are shown, and the button records."""
    job_id = given_visit(board.services, board.brand)
    with board.services.sessions.begin() as session:
        session.execute(update(Brand).where(Brand.id == board.brand.id).values(live_at=None))

    part = board.part(f"/board/jobs/{job_id}/say/late/preview", late="45").text

    assert "Shadow: nothing is sent" in part
    assert "Record it" in part
    assert "in 10 s" not in part.split("<footer>")[0]
