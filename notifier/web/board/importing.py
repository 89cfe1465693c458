"""The page that takes a CSV file: what each line would do, then one button that does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from notifier.booking import NewOrder
from notifier.domain.facts import FactSource
from notifier.errors import Conflict, Invalid
from notifier.importing.bookings import (
    Line,
    Outcome,
    Preview,
    Seen,
    import_lines,
    preview_import,
)
from notifier.importing.columns import COLUMNS
from notifier.importing.saying import OUTCOME, say_counts, say_reach, say_time
from notifier.importing.tables import MOST_BYTES
from notifier.shapes import fit_to_show
from notifier.web.api.bookings_csv import read_lines
from notifier.web.board.access import current_actor
from notifier.web.board.blueprint import board
from notifier.web.board.pages import Page, draw_page, page_now
from notifier.web.current import services

_VIEWS = frozenset({"board.preview_csv", "board.import_csv"})
#: The file and, beside it, the lines of the one that was looked at before, with some ends of
#: lines that a browser made longer. No other route takes as much.
MOST_SENT = 2 * MOST_BYTES + 200_000
_CHANGED = (
    "Something was booked meanwhile, or the lines were changed. This is what they would do now."
)


@dataclass(frozen=True, slots=True)
class LineSeen:
    """One line as the page shows it."""

    seen: Seen
    what: str  # who and what for
    when: str
    outcome: str

    @property
    def is_whole(self) -> bool:
        """Whether it can be booked, or was."""
        return not self.seen.faults


@board.url_value_preprocessor
def make_room(endpoint: str | None, _values: Mapping[str, Any] | None) -> None:
    """Let a form hold a file. The token's check reads the form, before any view could say so."""
    if endpoint in _VIEWS:
        request.max_content_length = MOST_SENT
        request.max_form_memory_size = MOST_SENT


@board.get("/board/import")
def show_import() -> ResponseReturnValue:
    """Show the empty form and the columns that a file may have."""
    return _draw(page_now())


@board.post("/board/import/preview")
def preview_csv() -> ResponseReturnValue:
    """Show what each line would do. Nothing is written."""
    page = page_now()
    data = _sent()
    try:
        lines = _read(data, page)
    except Invalid as invalid:
        return _draw(page, text=_text(data), problem=str(invalid)), 422
    return _draw(page, text=_text(data), preview=preview_import(services(), page.brand.id, lines))


@board.post("/board/import")
def import_csv() -> ResponseReturnValue:
    """Book what was looked at; where that would do something else by now, show it anew."""
    page = page_now()
    data = _sent()
    try:
        lines = _read(data, page)
        imported = import_lines(
            services(),
            page.brand.id,
            lines,
            expecting=request.form.get("version", ""),
            source=FactSource.STAFF,
            actor=current_actor(),
        )
    except Invalid as invalid:
        return _draw(page, text=_text(data), problem=str(invalid)), 422
    except Conflict:
        preview = preview_import(services(), page.brand.id, lines)
        return _draw(page, text=_text(data), preview=preview, problem=_CHANGED), 409
    if not imported.done:
        return _draw(page, text=_text(data), preview=imported.preview, problem=_CHANGED), 409
    return _draw(page, done=say_counts(imported.preview))


def _sent() -> bytes:
    """Return the file, or what was pasted; both ends of lines of a browser are one character."""
    file = request.files.get("file")
    if file is not None and file.filename:
        data: bytes = file.read()
        return data
    return request.form.get("text", "").replace("\r\n", "\n").encode()


def _text(data: bytes) -> str:
    """Return the lines as the form takes them again, with a mark for what no page can show.

    Such a line can't be booked anyway. Nothing is returned of what is no text.
    """
    if len(data) > MOST_BYTES or b"\0" in data:
        return ""
    try:
        return fit_to_show(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return ""


def _read(data: bytes, page: Page) -> tuple[Line, ...]:
    return read_lines(data, zone=page.brand.zone, country=page.brand.country)


def _draw(
    page: Page,
    *,
    text: str = "",
    preview: Preview | None = None,
    problem: str | None = None,
    done: str | None = None,
) -> str:
    lines = [_line(page, seen) for seen in preview.lines] if preview is not None else []
    return draw_page(
        "import.html",
        page=page,
        text=text,
        preview=preview,
        lines=sorted(lines, key=lambda line: line.is_whole),  # what is to be mended comes first
        counts=say_counts(preview) if preview is not None else "",
        new=preview.count(Outcome.NEW) if preview is not None else 0,
        problem=problem,
        done=done,
        columns=COLUMNS,
    )


def _line(page: Page, seen: Seen) -> LineSeen:
    new = seen.line.new
    if new is None:
        return LineSeen(seen, str(seen.line.kind), "", OUTCOME[seen.outcome])
    things = new.service or (", ".join(new.items) if isinstance(new, NewOrder) else None)
    what = ", ".join(part for part in (things, new.people[0].name) if part)
    time = say_time(new, zone=page.brand.zone, now=page.now, locale=page.locale)
    when = "; ".join(part for part in (time, say_reach(new)) if part)
    return LineSeen(seen, what or str(seen.line.kind), when, OUTCOME[seen.outcome])
