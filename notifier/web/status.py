"""The customer's page behind the link of a message: `/s/<token>`. No cookie, no login, no script.

A GET changes nothing, so link previews do no harm. The token is the key to one person's
view of one job; an unknown one says nothing about what exists.
"""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from notifier.customers import status_actions
from notifier.customers.status_actions import Refused
from notifier.customers.status_page import read_status_page
from notifier.customers.stopping import read_stopping
from notifier.customers.stopping import stop as stop_messages
from notifier.domain.messages import Channel
from notifier.domain.phones import for_reading
from notifier.domain.windows import Window
from notifier.domain.words.locales import locale_of
from notifier.errors import NotFound
from notifier.store.engine import reading
from notifier.web.current import services
from notifier.web.status_view import REFUSED, view_of
from notifier.web.stop_view import stop_view_of

blueprint = Blueprint("status", __name__, url_prefix="/s")

_POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


@blueprint.get("/<token>")
def show(token: str) -> ResponseReturnValue:
    """Show how it stands now."""
    return _page(token)


@blueprint.post("/<token>/here")
def here(token: str) -> ResponseReturnValue:
    """The technician, or the order, is there."""
    return _after(token, status_actions.say_here(services(), token))


@blueprint.post("/<token>/not-received")
def not_received(token: str) -> ResponseReturnValue:
    """The carrier says delivered; they say it is not there."""
    return _after(token, status_actions.say_not_received(services(), token))


@blueprint.post("/<token>/suits")
def suits(token: str) -> ResponseReturnValue:
    """The window on the page suits."""
    return _answer(token, suits=True)


@blueprint.post("/<token>/does-not-suit")
def does_not_suit(token: str) -> ResponseReturnValue:
    """The window on the page does not suit."""
    return _answer(token, suits=False)


@blueprint.post("/<token>/call")
def call_me(token: str) -> ResponseReturnValue:
    """They want to be called."""
    return _after(token, status_actions.ask_for_call(services(), token))


@blueprint.get("/<token>/stop")
def stop(token: str) -> ResponseReturnValue:
    """Ask once whether messages shall stop: a link preview must not opt anybody out."""
    return render_template(
        "status/stop.html", stop=stop_view_of(read_stopping(services(), token)), token=token
    )


@blueprint.post("/<token>/stop")
def stop_now(token: str) -> ResponseReturnValue:
    """Stop messages: the button of the page, or a mail program's one click (RFC 8058)."""
    named = request.form.get("channel")
    channel = Channel(named) if named in set(Channel) else None
    stop_messages(services(), token, channel=channel)
    return redirect(url_for("status.stop", token=token), 303)


@blueprint.errorhandler(NotFound)
def unknown(_error: NotFound) -> ResponseReturnValue:
    """Say kindly that there is no such page, and nothing more."""
    return render_template("status/unknown.html"), 404


@blueprint.after_request
def keep_secret(response: Response) -> Response:
    """The address is the key: no referrer, no index, no cache, nothing loaded from elsewhere."""
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(token: str, refused: Refused | None = None) -> ResponseReturnValue:
    with reading(services().sessions) as session:
        page = read_status_page(session, services(), token)
    if page.ended:
        ended = {
            "brand": page.brand,
            "brand_phone": for_reading(page.brand_phone, page.country),
            "brand_phone_dial": page.brand_phone,
        }
        return render_template("status/ended.html", page=ended)
    view = view_of(page, now=services().now())
    words = REFUSED[refused] if refused else None
    body = render_template(
        "status/page.html",
        page=view,
        token=token,
        refused=words,
        lang=locale_of(page.locale).language,
    )
    return body, 409 if refused else 200


def _answer(token: str, *, suits: bool) -> ResponseReturnValue:
    window = _window_shown()
    if window is None:
        return _page(token, Refused.OFFER_GONE)
    return _after(token, status_actions.answer(services(), token, suits=suits, window=window))


def _after(token: str, refused: Refused | None) -> ResponseReturnValue:
    if refused is not None:
        return _page(token, refused)
    return redirect(url_for("status.show", token=token), 303)


def _window_shown() -> Window | None:
    """Return the window that the pressed button carried: what they answer is what they saw."""
    try:
        return Window(
            datetime.fromisoformat(request.form["start"]),
            datetime.fromisoformat(request.form["end"]),
        )
    except (KeyError, ValueError):
        return None
