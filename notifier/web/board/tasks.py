"""What people must do, and ticking it off."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import abort, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from notifier.board_reading.tasks import read_open_tasks
from notifier.errors import NotFound
from notifier.guards.lifting import lift
from notifier.guards.releasing import drop, let_go
from notifier.task_list import mark_done
from notifier.web.board.access import current_actor, current_staff
from notifier.web.board.blueprint import board
from notifier.web.board.pages import Live, draw_live, draw_page, is_part, page_now, unless_unchanged
from notifier.web.current import services


@board.get("/board/tasks")
def show_tasks() -> ResponseReturnValue:
    """Show every open task, the soonest due first."""
    return draw_page("tasks.html", live=_draw_tasks())


@board.get("/board/tasks/live")
def poll_tasks() -> ResponseReturnValue:
    """Answer the page's own poll."""
    return unless_unchanged(_draw_tasks())


@board.post("/board/tasks/<uuid:task_id>/done")
def finish_task(task_id: UUID) -> ResponseReturnValue:
    """Tick one off, and with a call whatever else it was to say."""
    return _answer(mark_done, task_id, *request.form.getlist("also", UUID))


@board.post("/board/tasks/<uuid:task_id>/lift")
def lift_limit(task_id: UUID) -> ResponseReturnValue:
    """Let as much again go as the limit that the task tells of."""
    return _answer(lift, task_id)


@board.post("/board/tasks/<uuid:task_id>/let-go")
def let_messages_go(task_id: UUID) -> ResponseReturnValue:
    """Let all go that the brake holds of a rule."""
    return _answer(let_go, task_id)


@board.post("/board/tasks/<uuid:task_id>/drop")
def drop_messages(task_id: UUID) -> ResponseReturnValue:
    """Drop all that the brake holds of a rule."""
    return _answer(drop, task_id)


def _answer(do: Callable[..., object], *task_ids: UUID) -> ResponseReturnValue:
    """Do what a press on tasks asks for, and show the tasks anew."""
    try:
        for task_id in task_ids:
            do(services(), current_staff().brand_id, task_id, actor=current_actor())
    except NotFound:
        abort(404)
    if not is_part():
        return redirect(url_for("board.show_tasks"), 303)
    response = make_response("", 204)
    response.headers["HX-Trigger"] = "board-changed"
    return response


def _draw_tasks() -> Live:
    tasks = read_open_tasks(services(), current_staff().brand_id)
    return draw_live("_tasks.html", page=page_now(), tasks=tasks)
