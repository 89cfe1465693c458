"""The pages of sources: how each is doing, and what it sent that is not on record."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from flask import abort, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from notifier.errors import NotFound
from notifier.sources.registry import adapters
from notifier.web.board.access import current_actor, current_staff
from notifier.web.board.blueprint import board
from notifier.web.board.pages import Live, draw_live, draw_page, is_part, page_now, unless_unchanged
from notifier.web.board.words import sources as words
from notifier.web.current import services
from notifier.web.problems import problem
from notifier.webhooks.health import read_sources
from notifier.webhooks.unread import put_aside, read_said, read_unread, replay


@board.get("/board/sources")
def show_sources() -> ResponseReturnValue:
    """Show every source of the brand, by name."""
    return draw_page("sources.html", live=_draw_sources(), kinds=sorted(adapters()))


@board.get("/board/sources/live")
def poll_sources() -> ResponseReturnValue:
    """Answer the page's own poll."""
    return unless_unchanged(_draw_sources())


@board.get("/board/sources/<name>/unread")
def show_unread(name: str) -> ResponseReturnValue:
    """Show what the source sent and is not on record, the latest first."""
    return draw_page("unread.html", name=name, live=_draw_unread(name))


@board.get("/board/sources/<name>/unread/live")
def poll_unread(name: str) -> ResponseReturnValue:
    """Answer that page's own poll."""
    return unless_unchanged(_draw_unread(name))


@board.get("/board/sources/<name>/deliveries/<uuid:delivery_id>")
def show_delivery(name: str, delivery_id: UUID) -> ResponseReturnValue:
    """Show what one delivery said."""
    try:
        said = read_said(services(), name, delivery_id, brand_id=current_staff().brand_id)
    except NotFound:
        abort(404)
    return draw_page("delivery.html", said=said)


@board.post("/board/sources/<name>/read-again")
def read_source_again(name: str) -> ResponseReturnValue:
    """Let what the source sent, and could not be read, be read again: all, or one delivery."""
    only = request.form.get("delivery", type=UUID)
    try:
        again = replay(
            services(), name, actor=current_actor(), brand_id=current_staff().brand_id, only=only
        )
    except NotFound:
        abort(404)
    here = url_for("board.show_unread", name=name) if only else url_for("board.show_sources")
    return _changed(here, note=words.being_read(again))


@board.post("/board/sources/<name>/put-aside")
def put_unread_aside(name: str) -> ResponseReturnValue:
    """Let what failed, as far as the page showed it, or one delivery count as nothing for us."""
    only = request.form.get("delivery", type=UUID)
    until = request.form.get("until", type=_moment)
    if only is None and until is None:
        return problem(400, "It must be said up to when: a time with its offset, that exists.")
    try:
        aside = put_aside(
            services(),
            name,
            actor=current_actor(),
            brand_id=current_staff().brand_id,
            until=until,
            only=only,
        )
    except NotFound:
        abort(404)
    return _changed(url_for("board.show_unread", name=name), note=words.put_aside(aside))


def _moment(text: str) -> datetime:
    """Return a time in UTC.

    :raises ValueError: if it has no offset, or lies before the first year or after the last.
    """
    said = datetime.fromisoformat(text)
    if said.tzinfo is None:
        raise ValueError("no offset")
    try:
        return said.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("no such time") from error


def _changed(page: str, *, note: str) -> ResponseReturnValue:
    """Let htmx show `note` and draw its page anew, or lead whoever has no script to `page`."""
    if not is_part():
        return redirect(page, 303)
    response = make_response(draw_page("_undo.html", note=note))
    response.headers["HX-Trigger"] = "board-changed"
    return response


def _draw_sources() -> Live:
    found = read_sources(services(), current_staff().brand_id)
    return draw_live("_sources.html", page=page_now(), sources=found)


def _draw_unread(name: str) -> Live:
    try:
        unread = read_unread(services(), name, brand_id=current_staff().brand_id)
    except NotFound:
        abort(404)
    return draw_live("_unread.html", page=page_now(), unread=unread)
