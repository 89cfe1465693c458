"""A technician's link to today: made, shown once, and closed again."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from flask import abort, request
from flask.typing import ResponseReturnValue

from notifier.board_reading.day_links import TechnicianToday, read_technician_today
from notifier.errors import Invalid, NotFound
from notifier.technicians.day_links import make_day_link, revoke_day_links
from notifier.technicians.register import set_phone
from notifier.web.board.access import current_staff
from notifier.web.board.blueprint import board
from notifier.web.board.pages import draw_page, is_part
from notifier.web.current import services


@board.get("/board/technicians/<uuid:technician_id>/day-link")
def show_day_link(technician_id: UUID) -> ResponseReturnValue:
    """Show what a day link is, and how many are open. Looking makes none."""
    return _draw(_today(technician_id))


@board.post("/board/technicians/<uuid:technician_id>/day-link")
def make_link(technician_id: UUID) -> ResponseReturnValue:
    """Make a link to today and show it: this once, for it is kept only as a hash."""
    day = _today(technician_id).day
    url = make_day_link(services(), current_staff().brand_id, technician_id, day)
    return _draw(_today(technician_id), url=url, sms_url=f"sms:?&body={quote(url, safe='')}")


@board.post("/board/technicians/<uuid:technician_id>/day-link/close")
def close_links(technician_id: UUID) -> ResponseReturnValue:
    """Close every link to today."""
    day = _today(technician_id).day
    closed = revoke_day_links(services(), current_staff().brand_id, technician_id, day)
    return _draw(_today(technician_id), closed=closed)


@board.post("/board/technicians/<uuid:technician_id>/phone")
def keep_phone(technician_id: UUID) -> ResponseReturnValue:
    """Keep the number at which they are asked; an empty one takes it away."""
    number = request.form.get("phone", "").strip()
    _today(technician_id)
    try:
        set_phone(services(), current_staff().brand_id, technician_id, number or None)
    except Invalid as error:
        return _draw(_today(technician_id), wrong=str(error), number=number)
    return _draw(_today(technician_id), kept=True)


def _today(technician_id: UUID) -> TechnicianToday:
    try:
        return read_technician_today(services(), current_staff().brand_id, technician_id)
    except NotFound:
        abort(404)


def _draw(today: TechnicianToday, **values: object) -> str:
    values |= {"today": today, "title": "Day link"}
    if is_part():
        return draw_page("_day_link.html", **values)
    return draw_page("sheet.html", inside="board/_day_link.html", **values)
