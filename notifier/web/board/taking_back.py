"""Taking any fact back as a mistake, after reading what goes out because of it."""

from __future__ import annotations

from uuid import UUID

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue

from notifier import actions
from notifier.board_reading.cards import Card
from notifier.board_reading.job import FactLine, facts_since, last_seq, read_fact
from notifier.errors import Conflict, Invalid, NotFound
from notifier.preview import Preview, preview_withdrawal
from notifier.web.board.access import current_actor, current_staff
from notifier.web.board.blueprint import board
from notifier.web.board.day import dock
from notifier.web.board.pages import draw_page, is_part
from notifier.web.board.sheet_parts import close_sheet, find_card, number_sent
from notifier.web.board.undoing import forget_undo, pending_undo
from notifier.web.current import services

_ALREADY = "It has been taken back already."
_GOES_NOW = "Taken back. What you have just read goes out now."
_NOTHING_GOES = "Taken back. Nothing goes out."


@board.get("/board/jobs/<uuid:job_id>/facts/<uuid:fact_id>/take-back")
def show_taking_back(job_id: UUID, fact_id: UUID) -> ResponseReturnValue:
    """Show what follows from taking it back: what goes out, and what is stopped."""
    card, line = _find(job_id, fact_id)
    dock(job_id)
    return _draw(card, line)


@board.post("/board/jobs/<uuid:job_id>/facts/<uuid:fact_id>/take-back")
def take_back(job_id: UUID, fact_id: UUID) -> ResponseReturnValue:
    """Take it back, unless the job has changed since the preview: then show how."""
    _, line = _find(job_id, fact_id)
    try:
        actions.take_back(
            services(),
            current_staff().brand_id,
            job_id,
            fact_id,
            staff_id=current_staff().id,
            actor=current_actor(),
            expecting_version=number_sent("version"),
        )
    except Conflict:
        card, line = _find(job_id, fact_id)
        return _draw(card, line, changed=True)
    except Invalid:
        return _draw(find_card(job_id), line)
    bar = pending_undo(services().now())
    if bar is not None and bar.fact_id == fact_id:
        forget_undo()
    return close_sheet(
        job_id, note=_GOES_NOW if request.form.get("sends") == "yes" else _NOTHING_GOES
    )


def _draw(card: Card, line: FactLine, *, changed: bool = False) -> ResponseReturnValue:
    shown: Preview | None = None
    problem = _ALREADY if line.withdrawn else None
    brand_id, fact_id = current_staff().brand_id, line.fact.id
    if problem is None:
        try:
            shown = preview_withdrawal(
                services(), brand_id, card.id, fact_id, actor=current_actor()
            )
        except Invalid as invalid:
            problem = str(invalid)
    seq = number_sent("seq")
    values = {
        "card": card,
        "line": line,
        "title": "Take it back",
        "confirm_url": url_for("board.take_back", job_id=card.id, fact_id=fact_id),
        "preview": shown,
        "problem": problem,
        "answers": {},
        "seq": last_seq(services(), card.id),
        "changed": facts_since(services(), brand_id, card.id, seq) if changed else None,
        "hold_seconds": 0,
    }
    if not is_part():
        return draw_page("sheet.html", inside="board/_take_back.html", **values)
    return draw_page("_preview.html" if request.method == "POST" else "_take_back.html", **values)


def _find(job_id: UUID, fact_id: UUID) -> tuple[Card, FactLine]:
    card = find_card(job_id)
    try:
        return card, read_fact(services(), card, current_staff().brand_id, fact_id)
    except NotFound:
        abort(404)
