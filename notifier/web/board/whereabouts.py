"""What dispatch heard of a visit that nobody had reported on: one tap where nobody is told."""

from __future__ import annotations

from uuid import UUID

from flask import abort
from flask.typing import ResponseReturnValue

from notifier import intake
from notifier.domain.facts import FactSource, FactType
from notifier.errors import Conflict, Invalid, NotFound
from notifier.intake import NewFact
from notifier.web.board.access import current_actor, current_staff
from notifier.web.board.blueprint import board
from notifier.web.board.sheet_parts import close_sheet
from notifier.web.board.undoing import remember_undo
from notifier.web.current import services, settings

_NOT_NOW = "That no longer fits this visit."


@board.post("/board/jobs/<uuid:job_id>/there")
def say_there(job_id: UUID) -> ResponseReturnValue:
    """They are there: what was to go out about their silence does not."""
    new = NewFact(type=FactType.ARRIVED, source=FactSource.STAFF, actor=current_actor())
    try:
        recorded = intake.record(services(), current_staff().brand_id, job_id, new)
    except NotFound:
        abort(404)
    except (Conflict, Invalid):
        return close_sheet(job_id, note=_NOT_NOW)
    if not recorded.applied:
        return close_sheet(job_id, note=_NOT_NOW)
    remember_undo(
        job_id=job_id,
        fact_id=recorded.fact_id,
        what="Arrived",
        sends=False,
        now=services().now(),
        seconds=round(settings().undo_seconds),
    )
    return close_sheet(job_id)
