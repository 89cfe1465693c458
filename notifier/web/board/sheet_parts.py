"""What the requests of all sheets carry, and how they are answered once confirmed."""

from __future__ import annotations

from uuid import UUID

from flask import abort, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from notifier.board_reading.cards import Card
from notifier.board_reading.job import read_card
from notifier.errors import NotFound
from notifier.web.board.access import current_staff
from notifier.web.board.pages import draw_page, is_part
from notifier.web.current import services

_CHANGED = "board-changed"
_SHEET_DONE = "sheet-done"


def find_card(job_id: UUID) -> Card:
    """Return the job's card, or answer 404."""
    try:
        return read_card(services(), current_staff().brand_id, job_id)
    except NotFound:
        abort(404)


def number_sent(name: str) -> int:
    """Return a number that a preview's own form carries along, 0 without one."""
    text = request.form.get(name, "")
    return int(text) if text.isdecimal() else 0


def close_sheet(job_id: UUID, *, note: str | None = None) -> ResponseReturnValue:
    """Answer a confirmation: the sheet closes, the bar or `note` shows, the page looks again."""
    if not is_part():
        return redirect(url_for("board.show_job", job_id=job_id), 303)
    response = make_response(draw_page("_undo.html", note=note))
    response.headers["HX-Trigger"] = f"{_CHANGED}, {_SHEET_DONE}"
    return response
