"""`/webhooks/twilio/…`, `/webhooks/sendgrid/…`: what providers and customers answer.

Authenticated by the providers' own signatures: no session, no key, no CSRF token. What was
signed is the public URL; behind a proxy that is not the one we see.
"""

from __future__ import annotations

from html import escape

import structlog
from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from notifier.domain.messages import Channel
from notifier.providers.sendgrid_receipts import parse_event_batch
from notifier.providers.signatures import verify_sendgrid, verify_twilio
from notifier.providers.twilio_callbacks import TRY_AGAIN
from notifier.providers.twilio_receipts import parse_status_callback
from notifier.receipts import apply_receipt
from notifier.replies import IncomingReply, take_reply
from notifier.store.engine import DATABASE_TROUBLE
from notifier.web.current import services, settings
from notifier.web.problems import problem

callbacks = Blueprint("callbacks", __name__)

_log = structlog.get_logger()

#: Seconds that a SendGrid batch stays valid: its retries are signed anew each time.
_SENDGRID_TOLERANCE_S = 600
_REFUSED = "This is not signed as the provider signs its callbacks."


@callbacks.post("/webhooks/twilio/status")
def twilio_status() -> ResponseReturnValue:
    """Take one status of one text. 204, known or not: asking again would change nothing."""
    if not _from_twilio():
        return problem(403, _REFUSED)
    parsed = parse_status_callback(request.form, query=request.args)
    for receipt in parsed.receipts:
        apply_receipt(services(), receipt, origin="callback")
    return "", 204


@callbacks.post("/webhooks/sendgrid/events")
def sendgrid_events() -> ResponseReturnValue:
    """Take one batch of events, each in a transaction of its own: a repeat is harmless.

    One that breaks keeps none of the others from being recorded. The answer is an error then,
    and SendGrid brings them all again.
    """
    if not _from_sendgrid():
        return problem(403, _REFUSED)
    parsed = parse_event_batch(request.get_data(cache=True))
    if parsed.skipped:
        _log.warning("sendgrid_events_skipped", count=parsed.skipped)
    broke: Exception | None = None
    for receipt in parsed.receipts:
        try:
            apply_receipt(services(), receipt, origin="callback")
        except DATABASE_TROUBLE:
            raise  # each of the others would wait for it as long
        except Exception as error:
            broke = error
    if broke is not None:
        raise broke
    return "", 204


@callbacks.post("/webhooks/twilio/inbound")
def twilio_inbound() -> ResponseReturnValue:
    """Take one text from a customer; the answer, if any, goes back as TwiML."""
    if not _from_twilio():
        return problem(403, _REFUSED)
    form = request.form
    sid, sender = form.get("MessageSid") or form.get("SmsSid"), form.get("From")
    if not sid or not sender:
        return _twiml(None)
    answer = take_reply(
        services(),
        IncomingReply(
            channel=Channel.SMS,
            provider_id=sid,
            from_address=_number(sender),
            to_address=_number(form.get("To", "")),
            body=form.get("Body", ""),
            received_at=services().now(),
        ),
    )
    return _twiml(answer)


def _number(address: str) -> str:
    """Return the number alone: of what comes by WhatsApp or RCS, Twilio names the way before it.

    It is the number that the texts go to, so whoever writes STOP there has it closed.
    """
    way, colon, number = address.partition(":")
    return number if colon and way in ("whatsapp", "rcs") else address


def _from_twilio() -> bool:
    """Return whether one of our accounts signed it.

    Twilio leaves the fragment of a URL out of what it signs. Were it to sign it one day, no
    receipt and no STOP should be lost for that.
    """
    signature = request.headers.get("X-Twilio-Signature", "")
    params = {name: request.form.getlist(name) for name in request.form}
    return any(
        verify_twilio(
            auth_token=token.get_secret_value(), url=url, signature=signature, params=params
        )
        for token in (settings().twilio_auth_token, settings().twilio_second_auth_token)
        if token is not None
        for url in (_public_url(), _public_url() + TRY_AGAIN)
    )


def _from_sendgrid() -> bool:
    key = settings().sendgrid_webhook_public_key
    if not key:
        return False
    return verify_sendgrid(
        public_key=key,
        timestamp=request.headers.get("X-Twilio-Email-Event-Webhook-Timestamp", ""),
        signature=request.headers.get("X-Twilio-Email-Event-Webhook-Signature", ""),
        body=request.get_data(cache=True),
        now=services().now(),
        tolerance_s=_SENDGRID_TOLERANCE_S,
    )


def _public_url() -> str:
    """Return the URL that the provider called and signed: ours in public, and its query."""
    query = request.query_string.decode()
    url = settings().public_url.rstrip("/") + request.path
    return f"{url}?{query}" if query else url


def _twiml(answer: str | None) -> Response:
    said = f"<Message>{escape(answer)}</Message>" if answer else ""
    body = f'<?xml version="1.0" encoding="UTF-8"?><Response>{said}</Response>'
    return Response(body, 200, mimetype="text/xml")
