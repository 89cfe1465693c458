"""One job's page, its poll, and what is pressed on it without a sheet."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import abort, make_response, redirect, url_for
from flask.typing import ResponseReturnValue

from notifier import intake
from notifier.board_reading.job import JobPage, read_job
from notifier.board_reading.trials import read_trials
from notifier.errors import Conflict, NotFound
from notifier.explain import explanation_of
from notifier.web.board.access import current_actor, current_staff
from notifier.web.board.blueprint import board
from notifier.web.board.forms import actions_of
from notifier.web.board.pages import (
    Live,
    Page,
    draw_live,
    draw_page,
    is_part,
    page_now,
    unless_unchanged,
)
from notifier.web.board.why import why_of
from notifier.web.current import services


@board.get("/board/jobs/<uuid:job_id>")
def show_job(job_id: UUID) -> ResponseReturnValue:
    """Show everything about one job."""
    page = page_now()
    job = _read(job_id, page)
    return draw_page("job.html", page=page, job=job, live=_draw_job(job, page))


@board.get("/board/jobs/<uuid:job_id>/live")
def poll_job(job_id: UUID) -> ResponseReturnValue:
    """Answer the page's own poll."""
    page = page_now()
    return unless_unchanged(_draw_job(_read(job_id, page), page))


@board.post("/board/jobs/<uuid:job_id>/hold")
def hold(job_id: UUID) -> ResponseReturnValue:
    """Hold every message of this job: somebody calls instead."""
    return _do(
        job_id,
        lambda: intake.hold(services(), current_staff().brand_id, job_id, actor=current_actor()),
    )


@board.post("/board/jobs/<uuid:job_id>/release")
def release(job_id: UUID) -> ResponseReturnValue:
    """Let messages of this job go again."""
    return _do(
        job_id,
        lambda: intake.release(services(), current_staff().brand_id, job_id, actor=current_actor()),
    )


def _read(job_id: UUID, page: Page) -> JobPage:
    try:
        return read_job(services(), page.brand.id, job_id, with_phone=page.brand.demo)
    except NotFound:
        abort(404)


def _draw_job(job: JobPage, page: Page) -> Live:
    explanation = explanation_of(services(), page.brand.id, job.card.id)
    return draw_live(
        "_job.html",
        page=page,
        job=job,
        actions=actions_of(job.card, page.now),
        why=why_of(explanation, {person.id: person for person in job.card.everybody}),
        trials=read_trials(services(), page.brand.id, job.card.id),
    )


def _do(job_id: UUID, act: Callable[[], object]) -> ResponseReturnValue:
    try:
        act()
    except NotFound:
        abort(404)
    except Conflict:
        pass  # somebody else has just done it: the page shows how it stands
    if not is_part():
        return redirect(url_for("board.show_job", job_id=job_id), 303)
    response = make_response("", 204)
    response.headers["HX-Trigger"] = "board-changed"
    return response
