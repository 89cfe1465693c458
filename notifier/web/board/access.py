"""Who is at the board: every view but signing in needs somebody who is still staff."""

from __future__ import annotations

from uuid import UUID

from flask import Response, g, make_response, render_template, request, session
from flask.typing import ResponseReturnValue

from notifier.staff import StaffMember, end_sessions, signed_in
from notifier.web.board.blueprint import board
from notifier.web.current import services

_OPEN_TO_ALL = frozenset({"board.sign_in_page", "board.sign_in_now", "board.sign_out"})
_SESSION_KEY = "staff"


def current_staff() -> StaffMember:
    """Return who is signed in; only called behind the check below."""
    member = g.staff
    assert isinstance(member, StaffMember)
    return member


def current_actor() -> str:
    """Return how facts name who is signed in: by id, never by name."""
    return f"staff:{current_staff().id}"


def start_session(member: StaffMember) -> None:
    """Begin a fresh session, so that one planted before signing in is worth nothing."""
    session.clear()
    session.permanent = True
    session[_SESSION_KEY] = [str(member.id), member.session_epoch]


def end_session() -> None:
    """End what was begun, wherever else its cookie lies."""
    member = _from_session()
    if member is not None:
        end_sessions(services(), member.id)
    session.clear()


@board.before_request
def require_staff() -> ResponseReturnValue | None:
    """Let nobody else in, and say how to get a link."""
    if request.endpoint in _OPEN_TO_ALL:
        return None
    member = _from_session()
    if member is None:
        return make_response(render_template("board/signed_out.html"), 401)
    g.staff = member
    return None


@board.after_request
def keep_private(response: Response) -> Response:
    """Keep names and numbers out of caches; the ETag is read by our own script."""
    response.headers["Cache-Control"] = "no-store"
    return response


def _from_session() -> StaffMember | None:
    stored = session.get(_SESSION_KEY)
    if not isinstance(stored, list) or len(stored) != 2:
        return None
    return signed_in(services(), UUID(stored[0]), int(stored[1]))
