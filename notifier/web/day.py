"""The technician's day behind a revocable link: `/day/<token>`. No login, no cookie, no script."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from notifier.domain.reasons import Reason
from notifier.domain.technician_answers import LATE_MINUTES, Act
from notifier.errors import NotFound
from notifier.technicians.day import read_day, say, take_back
from notifier.technicians.day_links import LinkClosed, resolve_day_link
from notifier.web.current import services
from notifier.web.day_view import view_of

blueprint = Blueprint("day", __name__, url_prefix="/day")

_POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_TOO_LATE = "That no longer fits this visit. This is how it stands now."
_REASONS = {reason.value: reason for reason in Reason}
_LATE = {"unknown": None} | {str(minutes): minutes for minutes in LATE_MINUTES}
_ACTS = {act.value: act for act in Act}


@blueprint.get("/<token>")
def show(token: str) -> ResponseReturnValue:
    """Show the day's visits in order."""
    return _page(token)


@blueprint.post("/<token>/visits/<uuid:job_id>/<act>")
def act(token: str, job_id: UUID, act: str) -> ResponseReturnValue:
    """Record one tap."""
    link = resolve_day_link(services(), token)
    if act not in _ACTS:
        raise NotFound("There is no such button.")
    minutes = request.form.get("minutes", "")
    if _ACTS[act] is Act.LATE and minutes not in _LATE:
        return _page(token, refused=_TOO_LATE)
    said = say(
        services(),
        link,
        job_id,
        _ACTS[act],
        minutes=_LATE.get(minutes),
        reason=_REASONS.get(request.form.get("reason", "")),
    )
    return _after(token, job_id, said)


@blueprint.post("/<token>/visits/<uuid:job_id>/undo")
def undo(token: str, job_id: UUID) -> ResponseReturnValue:
    """Take the last tap back."""
    link = resolve_day_link(services(), token)
    try:
        fact_id = UUID(request.form.get("fact", ""))
    except ValueError:
        return _page(token, refused=_TOO_LATE)
    return _after(token, job_id, take_back(services(), link, job_id, fact_id))


@blueprint.errorhandler(LinkClosed)
def closed(error: LinkClosed) -> ResponseReturnValue:
    """Say why the link works no more."""
    return render_template("day/closed.html", title="This link is closed", sentence=error), 410


@blueprint.errorhandler(NotFound)
def unknown(_error: NotFound) -> ResponseReturnValue:
    """Say that there is no such page, and nothing more."""
    sentence = "Please check that the whole link was copied, or ask the office for a new one."
    return render_template("day/closed.html", title="Page not found", sentence=sentence), 404


@blueprint.after_request
def keep_secret(response: Response) -> Response:
    """The address is the key: no referrer, no index, no cache, nothing loaded from elsewhere."""
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(token: str, *, refused: str | None = None) -> ResponseReturnValue:
    link = resolve_day_link(services(), token)
    day = view_of(read_day(services(), link), link.day, now=services().now())
    body = render_template("day/page.html", day=day, token=token, refused=refused)
    return body, 409 if refused else 200


def _after(token: str, job_id: UUID, done: bool) -> ResponseReturnValue:
    if not done:
        return _page(token, refused=_TOO_LATE)
    return redirect(url_for("day.show", token=token, _anchor=f"visit-{job_id}"), 303)
