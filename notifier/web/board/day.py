"""The board itself, its poll, and the search."""

from __future__ import annotations

from uuid import UUID

from flask import request, session
from flask.typing import ResponseReturnValue

from notifier.board_reading.day import read_day
from notifier.board_reading.search import search_jobs
from notifier.web.board.access import current_staff
from notifier.web.board.blueprint import board
from notifier.web.board.pages import Live, draw_live, draw_page, is_part, page_now, unless_unchanged
from notifier.web.current import services

_DOCKED = "docked"
_LONGEST_QUERY = 100


@board.get("/board")
def show_day() -> ResponseReturnValue:
    """Show today."""
    return draw_page("day.html", live=_draw_day())


@board.get("/board/day")
def poll_day() -> ResponseReturnValue:
    """Answer the board's own poll."""
    return unless_unchanged(_draw_day())


@board.post("/board/search")
def search() -> ResponseReturnValue:
    """Answer "where is he?". Posted, so that no name ends up in a URL or a log."""
    query = request.form.get("q", "").strip()[:_LONGEST_QUERY]
    cards = search_jobs(services(), current_staff().brand_id, query) if query else []
    template = "_found.html" if is_part() else "found.html"
    return draw_page(template, query=query, cards=cards)


def dock(job_id: UUID) -> None:
    """Keep this job's phone docked: somebody is working on it."""
    session[_DOCKED] = str(job_id)


def _draw_day() -> Live:
    docked = session.get(_DOCKED)
    day = read_day(services(), current_staff().brand_id, docked=UUID(docked) if docked else None)
    return draw_live("_day.html", page=page_now(), day=day)
