"""Why, and why not: on the job's page, at an earlier moment, and of rules on trial."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from sqlalchemy import update

from notifier.delivery import deliver_due
from notifier.domain.messages import MessageStatus, WhyNot
from notifier.store.tables import Brand, Message
from tests.fakes.clock import FakeClock
from tests.web.board.world import Board, given_visit, late_texts, say


def test_the_job_page_says_in_sentences_which_rules_speak_and_which_do_not(board: Board) -> None:
    """No code of ours is shown; what stands in the way is."""
    job_id = given_visit(board.services, board.brand)
    board.press(f"/board/jobs/{job_id}/hold")
    say(board, job_id, minutes=45)

    page = board.get(f"/board/jobs/{job_id}").text

    assert "<b>Running late</b> <span>It is owed.</span>" in page
    assert "The job is on hold: somebody said that they would ring." in page
    assert "more: the condition does not hold." in page
    assert "condition_false" not in page
    assert f"/board/jobs/{job_id}/why" in page


def test_an_earlier_moment_is_chosen_and_shown_as_it_was(board: Board, clock: FakeClock) -> None:
    """In the brand's own zone, with the values and the condition; the page says which moment."""
    job_id = given_visit(board.services, board.brand)
    clock.advance(minutes=30)
    say(board, job_id, minutes=45)
    deliver_due(board.services)
    clock.advance(minutes=5)

    then = board.get(f"/board/jobs/{job_id}/why?at=2026-11-23T09:15")
    now = board.get(f"/board/jobs/{job_id}/why")

    assert then.status_code == now.status_code == 200
    assert "As it stood at 9:15 AM" in then.text
    assert "As it stands" in now.text
    assert (
        "<b>Running late</b> <span>They know the right time, or are being told it.</span>"
        in then.text
    )
    late_then, late_now = (
        text[text.index("<b>Running late</b>") :].split("</li>")[0]
        for text in (then.text, now.text)
    )
    assert "Text: accepted" in late_now
    assert "Text:" not in late_then
    assert "drift: later; bad_news: 0" in now.text
    assert "drift.minutes" in now.text
    assert 'value="2026-11-23T09:15"' in then.text


def test_what_is_owed_or_was_stopped_comes_first_and_the_silent_rules_are_folded(
    board: Board,
) -> None:
    """Forty rules that owe nothing hide nobody's one that does."""
    job_id = given_visit(board.services, board.brand)
    board.press(f"/board/jobs/{job_id}/hold")
    say(board, job_id, minutes=45)

    page = board.get(f"/board/jobs/{job_id}/why").text
    first, folded = page.split('<details id="silent-1">')

    assert "<b>Running late</b> <span>It is owed.</span>" in first
    assert "The job is on hold: somebody said that they would ring." in first
    assert "<b>Cancelled</b>" not in first
    assert "<b>Cancelled</b> <span>Its condition does not hold.</span>" in folded
    said = first[first.index("<b>Running late</b>") :].split("</li>")[0]
    assert said.index("<details") < said.index("drift: later; bad_news: 0")


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Pacific/Kiritimati", "America/St_Johns"])
def test_the_edges_of_time_are_answered_in_every_zone(board: Board, zone: str) -> None:
    """The first and the last moments there are, odd ways to write one, and what is none."""
    job_id = given_visit(board.services, board.brand)
    with board.services.sessions.begin() as session:
        session.execute(update(Brand).values(zone=zone))
    for at in (
        "0001-01-01T00:00",
        "0001-01-01T00:00+23:59",
        "9999-12-31T23:59:59.999999",
        "9999-12-31T23:59:59.999999-23:59",
        "2026-11-23T09:00+24:00",
        "1883-11-18T12:00",
        "2026-W47-1",
        "\x00",
        "9" * 5000,
    ):
        answer = board.get(f"/board/jobs/{job_id}/why?at={quote(at)}")
        assert answer.status_code == 422, at
        assert 'role="alert"' in answer.text


def test_when_it_came_on_record_is_said_in_local_time(board: Board) -> None:
    """Staff read the clock on the wall, never a timestamp."""
    job_id = given_visit(board.services, board.brand)

    page = board.get(f"/board/jobs/{job_id}/why?at=2026-11-20T09:15").text

    assert "The job was not on record yet: it came 9:00 AM; choose a moment after that." in page
    assert "2026-11-23T17:00" not in page


def test_a_moment_that_cannot_be_shown_is_answered_with_a_sentence(board: Board) -> None:
    """Before the booking, in the future, and no moment at all."""
    job_id = given_visit(board.services, board.brand)
    for at, sentence in (
        ("2026-11-20T09:15", "The job was not on record yet"),
        ("0001-01-01T00:00", "The job was not on record yet"),
        ("0001-01-01T00:00%2B14:00", "The job was not on record yet"),
        ("2027-11-20T09:15", "Nobody can explain the future"),
        ("soon", "That is no moment"),
    ):
        answer = board.get(f"/board/jobs/{job_id}/why?at={at}")
        assert answer.status_code == 422
        assert sentence in answer.text
    assert board.get(f"/board/jobs/{board.brand.id}/why").status_code == 404


def test_what_a_rule_on_trial_would_have_said_is_marked_as_never_sent(board: Board) -> None:
    """On the job's page with its words, and as a small count on the day."""
    job_id = given_visit(board.services, board.brand)
    say(board, job_id, minutes=45)
    text = late_texts(board.services, job_id)[0]
    with board.services.sessions.begin() as session:
        session.execute(
            update(Message)
            .where(Message.id == text.id)
            .values(status=MessageStatus.SKIPPED, reason=WhyNot.TRIAL)
        )

    page = board.get(f"/board/jobs/{job_id}").text
    trial = page[page.index('id="trials-title"') : page.index('id="facts-title"')]

    assert "Not sent. This is what your rules on trial would say" in trial
    assert "On trial, not sent: would have gone 9:00 AM" in trial
    assert "11:45" in trial
    assert page.count("<b>Running late</b>") == 2  # there and among the rules, in no other list
    assert "1 message on trial about these jobs: planned, not sent." in board.get("/board").text
