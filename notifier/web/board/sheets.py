"""The sheet that slides up: say something, see exactly what goes out, confirm, undo."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue

from notifier import actions
from notifier.board_reading.cards import Card
from notifier.board_reading.job import facts_since, last_seq
from notifier.board_reading.technicians import read_technicians
from notifier.errors import Conflict, Invalid, NotFound
from notifier.intake import NewFact
from notifier.preview import Preview, preview
from notifier.store.engine import reading
from notifier.web.board.access import current_actor, current_staff
from notifier.web.board.blueprint import board
from notifier.web.board.day import dock
from notifier.web.board.forms import Asks, Sheet, fact_from, late_choices, sheet_of
from notifier.web.board.pages import draw_page, is_part
from notifier.web.board.promise_form import as_opened, moment_choices
from notifier.web.board.sheet_parts import close_sheet, find_card, number_sent
from notifier.web.board.undoing import forget_undo, remember_undo
from notifier.web.current import services, settings

#: What a preview's own form carries along; everything else on it is an answer.
_NOT_ANSWERS = frozenset({"csrf_token", "version", "seq"})
_NOTHING_WENT = "Taken back. Nothing went out."
_MAY_HAVE_GONE = (
    "Taken back. Something may have reached them: they get one “please ignore” message."
)


@board.get("/board/jobs/<uuid:job_id>/say/<name>")
def show_sheet(job_id: UUID, name: str) -> ResponseReturnValue:
    """Show the sheet, with a preview already where nothing needs to be asked."""
    card, sheet = _find(job_id, name)
    dock(job_id)
    return _draw(card, sheet, first=True)


@board.post("/board/jobs/<uuid:job_id>/say/<name>/preview")
def show_preview(job_id: UUID, name: str) -> ResponseReturnValue:
    """Show what would go out, to whom and when. Nothing is written."""
    card, sheet = _find(job_id, name)
    return _draw(card, sheet)


@board.post("/board/jobs/<uuid:job_id>/say/<name>")
def confirm(job_id: UUID, name: str) -> ResponseReturnValue:
    """Record what was previewed, unless the job has changed since: then show how."""
    card, sheet = _find(job_id, name)
    try:
        new = _fact(card, sheet)
        recorded = actions.confirm(
            services(),
            current_staff().brand_id,
            job_id,
            new,
            staff_id=current_staff().id,
            expecting_version=number_sent("version"),
        )
    except Conflict:
        return _draw(find_card(job_id), sheet, changed=True)
    except Invalid:
        return _draw(card, sheet)
    remember_undo(
        job_id=job_id,
        fact_id=recorded.fact_id,
        what=sheet.title,
        sends=request.form.get("sends") == "yes",
        now=services().now(),
        seconds=_hold_seconds(),
    )
    return close_sheet(job_id)


@board.post("/board/jobs/<uuid:job_id>/undo/<uuid:fact_id>")
def undo(job_id: UUID, fact_id: UUID) -> ResponseReturnValue:
    """Take back what was just confirmed."""
    try:
        undone = actions.undo(
            services(), current_staff().brand_id, job_id, fact_id, actor=current_actor()
        )
    except NotFound:
        abort(404)
    forget_undo()
    return close_sheet(job_id, note=_MAY_HAVE_GONE if undone.had_gone else _NOTHING_WENT)


def _draw(
    card: Card, sheet: Sheet, *, first: bool = False, changed: bool = False
) -> ResponseReturnValue:
    """Draw the whole sheet, or only its preview once the sheet is open."""
    shown: Preview | None = None
    problem: str | None = None
    try:
        shown = preview(services(), _brand_id(), card.id, _fact(card, sheet))
    except Invalid as invalid:
        unanswered = first and sheet.asks is not Asks.NOTHING
        problem = None if unanswered else str(invalid)
    except Conflict as conflict:
        problem = str(conflict)
    values = {
        "card": card,
        "sheet": sheet,
        "title": sheet.title,
        "confirm_url": url_for("board.confirm", job_id=card.id, name=sheet.name),
        "choices": late_choices(card, services().now()),
        "moments": moment_choices(_form(sheet), services().now()),
        "technicians": _technicians(),
        "preview": shown,
        "problem": problem,
        "answers": _answers(sheet),
        "seq": last_seq(services(), card.id),
        "changed": facts_since(services(), _brand_id(), card.id, number_sent("seq"))
        if changed
        else None,
        "hold_seconds": _hold_seconds(),
    }
    if not is_part():
        return draw_page("sheet.html", inside="board/_sheet.html", **values)
    return draw_page("_sheet.html" if first else "_preview.html", **values)


def _find(job_id: UUID, name: str) -> tuple[Card, Sheet]:
    card = find_card(job_id)
    sheet = sheet_of(card.kind, name)
    if sheet is None:
        abort(404)
    return card, sheet


def _brand_id() -> UUID:
    return current_staff().brand_id


def _fact(card: Card, sheet: Sheet) -> NewFact:
    return fact_from(sheet, card, _form(sheet), actor=current_actor(), hold_seconds=_hold_seconds())


def _form(sheet: Sheet) -> Mapping[str, str]:
    """Return what was answered, or what a sheet that is answered already opens with."""
    if request.method == "GET" and sheet.asks is Asks.HOW_LATE:
        return request.args  # a button that says how late
    if request.method == "GET" and sheet.asks is Asks.WHAT_IS_PROMISED:
        return as_opened(services().now())
    return request.form


def _answers(sheet: Sheet) -> dict[str, str]:
    return {name: text for name, text in _form(sheet).items() if name not in _NOT_ANSWERS}


def _technicians() -> list[str]:
    with reading(services().sessions) as session:
        return sorted(read_technicians(session, services(), _brand_id()).values())


def _hold_seconds() -> int:
    return round(settings().undo_seconds)
