"""The page of sources: how each is doing, and reading again what could not be read."""

from __future__ import annotations

from flask import abort, make_response, redirect, url_for
from flask.typing import ResponseReturnValue

from notifier.errors import NotFound
from notifier.source_health import read_sources
from notifier.sources_admin import replay
from notifier.web.board.access import current_actor, current_staff
from notifier.web.board.blueprint import board
from notifier.web.board.pages import Live, draw_live, draw_page, is_part, page_now, unless_unchanged
from notifier.web.current import services


@board.get("/board/sources")
def show_sources() -> ResponseReturnValue:
    """Show every source of the brand, by name."""
    return draw_page("sources.html", live=_draw_sources())


@board.get("/board/sources/live")
def poll_sources() -> ResponseReturnValue:
    """Answer the page's own poll."""
    return unless_unchanged(_draw_sources())


@board.post("/board/sources/<name>/read-again")
def read_source_again(name: str) -> ResponseReturnValue:
    """Let what the source sent, and could not be read, be read again."""
    try:
        replay(services(), name, actor=current_actor(), brand_id=current_staff().brand_id)
    except NotFound:
        abort(404)
    if not is_part():
        return redirect(url_for("board.show_sources"), 303)
    response = make_response("", 204)
    response.headers["HX-Trigger"] = "board-changed"
    return response


def _draw_sources() -> Live:
    found = read_sources(services(), current_staff().brand_id)
    return draw_live("_sources.html", page=page_now(), sources=found)
