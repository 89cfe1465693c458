"""The page of quiet hours: the week drawn and in words, and what it does to a message."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from sqlalchemy import update

from notifier.brands import set_quiet_hours
from notifier.store.tables import Brand
from tests.web.board.world import Board

PAGE = "/board/quiet-hours"


def rows(page: str) -> dict[str, str]:
    """Return what the page says of each date, by the words in bold."""
    week = page[page.index('class="week"') : page.index("</ol>", page.index('class="week"'))]
    return {
        label: re.sub(r"<[^>]+>", "", words).strip()
        for label, words in re.findall(r"<li><p><b>(.*?)</b>(.*?)</p>", week)
    }


def test_each_weekday_is_drawn_and_said_with_its_holiday(board: Board) -> None:
    """Seven dates from today; the drawing has its words beside it."""
    set_quiet_hours(
        board.services,
        board.brand.id,
        actor="staff:1",
        usual="21:00-08:00",
        days={"sun": "all-day", "sat": "20:00-10:00", "tue": "none"},
    )

    page = board.get(PAGE).text
    said = rows(page)

    assert said["Today"] == "sends 8:00 AM–9:00 PM"
    assert said["Tomorrow"] == "sends all day"
    assert said["Thu, Nov 26"] == "sends 8:00 AM–9:00 PM Thanksgiving Day"
    assert said["Sat, Nov 28"] == "sends 10:00 AM–8:00 PM"
    assert said["Sun, Nov 29"] == "quiet all day"
    assert page.count('<rect class="strip expected"') == 6  # Sunday has none
    assert '<rect class="strip expected" x="480" y="3" width="780"' in page
    assert "<b>Fri, Dec 25</b> Christmas Day" in page


@pytest.mark.parametrize(
    ("at", "verdict"),
    [
        ("", "It goes at once."),
        ("2026-11-23T20:59", "It goes at once."),
        ("2026-11-23T21:00", "It waits until 8:00 AM tomorrow."),
        ("2026-11-23T03:00", "It waits until 8:00 AM."),
        ("2026-11-28T23:00", "It waits until 8:00 AM Sun, Nov 29."),
    ],
)
def test_it_says_what_becomes_of_a_message(board: Board, at: str, verdict: str) -> None:
    """At a moment of one's choice, in the brand's zone."""
    page = board.get(f"{PAGE}?at={at}").text
    assert verdict in page
    assert ('class="asked"' in page) is bool(at)
    assert ('class="now"' in page) is (not at or at.startswith("2026-11-23"))


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles"])
@pytest.mark.parametrize(
    "at", ["soon", "0001-01-01T00:00", "9999-12-31T23:59", "2028-01-01T00:00", "9" * 400]
)
def test_a_moment_too_far_away_is_answered_with_a_sentence(
    board: Board, zone: str, at: str
) -> None:
    """The week of now still stands below it."""
    with board.services.sessions.begin() as session:
        session.execute(update(Brand).values(zone=zone))

    answer = board.get(f"{PAGE}?at={quote(at)}")

    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert len(rows(answer.text)) == 7


def test_every_page_leads_there(board: Board) -> None:
    """From the foot of the board."""
    assert f'href="{PAGE}"' in board.get("/board").text
