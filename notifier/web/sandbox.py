"""`/sandbox`: the phones and mailboxes that demo messages arrive on, for signed-in staff.

They see their own brand's only. `/sandbox/phone/<contact point>` is one phone alone, which
the board docks beside the job most at risk.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from notifier.domain.messages import Channel
from notifier.page_times import say_moment
from notifier.replies import IncomingReply, take_reply
from notifier.sandbox.view import (
    Inbox,
    count_inboxes,
    find_sender,
    read_email_html,
    read_inbox,
    read_inboxes,
)
from notifier.store.engine import reading
from notifier.store.tables import Brand
from notifier.web.board.access import current_staff, require_staff
from notifier.web.current import services

blueprint = Blueprint("sandbox", __name__, url_prefix="/sandbox")
blueprint.before_request(require_staff)

_LONGEST_REPLY = 1600
#: How often a phone asks on the page that shows all of them; one alone asks every 2 s.
_POLL_SECONDS = 5

#: An email brings its own styles, so it is shown by itself: no script, no form, no cookie.
_EMAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:; base-uri 'self'; frame-ancestors 'self'"
)


@blueprint.get("")
def show() -> ResponseReturnValue:
    """Show every phone and mailbox of the brand that got something."""
    with reading(services().sessions) as session:
        inboxes = read_inboxes(session, services(), current_staff().brand_id)
    return render_template(
        "sandbox/page.html",
        known=len(inboxes),
        poll_seconds=_POLL_SECONDS,
        phones=[inbox for inbox in inboxes if inbox.channel is Channel.SMS],
        mailboxes=[inbox for inbox in inboxes if inbox.channel is Channel.EMAIL],
        clock=_clock(),
    )


@blueprint.get("/arrivals")
def arrivals() -> ResponseReturnValue:
    """Have the page loaded anew once there is a phone or mailbox that it does not show."""
    with reading(services().sessions) as session:
        there = count_inboxes(session, current_staff().brand_id)
    fresh = {} if str(there) == request.args.get("known") else {"HX-Refresh": "true"}
    return Response(status=200 if fresh else 204, headers=fresh)


@blueprint.get("/phone/<uuid:contact_point_id>")
def phone(contact_point_id: UUID) -> ResponseReturnValue:
    """Show one phone or mailbox alone, as a fragment."""
    return _phone(_inbox(contact_point_id))


@blueprint.get("/phone/<uuid:contact_point_id>/bubbles")
def bubbles(contact_point_id: UUID) -> ResponseReturnValue:
    """Answer a poll: nothing if the page already shows all there is."""
    inbox = _inbox(contact_point_id)
    if request.args.get("seen") == inbox.seen:
        return Response(status=204)
    return _part("_bubbles.html", inbox)


@blueprint.post("/phone/<uuid:contact_point_id>/reply")
def reply(contact_point_id: UUID) -> ResponseReturnValue:
    """Write back as the customer would, through the same door as a real reply."""
    body = request.form.get("body", "").strip()[:_LONGEST_REPLY]
    inbox = _inbox(contact_point_id)
    answer = None
    if body:
        with reading(services().sessions) as session:
            sender = find_sender(session, current_staff().brand_id, inbox.channel)
        answer = take_reply(
            services(),
            IncomingReply(
                channel=inbox.channel,
                provider_id=f"sandbox-reply-{services().ids()}",
                from_address=inbox.address,
                to_address=sender,
                body=body,
                received_at=services().now(),
            ),
        )
    if request.headers.get("HX-Request"):
        return _phone(_inbox(contact_point_id), answer)
    return redirect(url_for("sandbox.show"), 303)


@blueprint.get("/email/<uuid:message_id>")
def email(message_id: UUID) -> ResponseReturnValue:
    """Return an email's own HTML, walled off; its links open outside the frame."""
    with reading(services().sessions) as session:
        html = read_email_html(session, services(), current_staff().brand_id, message_id)
    response = Response(html.replace("<head>", '<head><base target="_blank">', 1))
    response.headers["Content-Security-Policy"] = _EMAIL_POLICY
    return response


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """Numbers and names stay out of caches."""
    response.headers["Cache-Control"] = "no-store"
    return response


def _inbox(contact_point_id: UUID) -> Inbox:
    with reading(services().sessions) as session:
        return read_inbox(session, services(), current_staff().brand_id, contact_point_id)


def _phone(inbox: Inbox, answer: str | None = None) -> str:
    return _part("_phone.html", inbox, answer)


def _part(template: str, inbox: Inbox, answer: str | None = None) -> str:
    return render_template(
        f"sandbox/{template}",
        inbox=inbox,
        answer=answer,
        clock=_clock(),
        poll_seconds=_POLL_SECONDS if request.args.get("every") else None,
    )


def _clock() -> Callable[[datetime], str]:
    """Return what writes a moment in the brand's zone."""
    with reading(services().sessions) as session:
        brand = session.get_one(Brand, current_staff().brand_id)
    return partial(say_moment, zone=ZoneInfo(brand.zone), now=services().now(), locale=brand.locale)
