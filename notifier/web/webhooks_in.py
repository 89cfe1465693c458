"""`POST /webhooks/in/<source>`: where integrations push their events.

Authenticated by the source's own signature: no session, no key, no CSRF token.
"""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue

from notifier.errors import NotifierError
from notifier.services import Services
from notifier.web.problems import problem
from notifier.webhooks_in import BodyTooLarge, SignatureRefused, WrongContentType, receive

webhooks_in = Blueprint("webhooks_in", __name__)

_STATUSES: dict[type[NotifierError], int] = {
    SignatureRefused: 401,
    BodyTooLarge: 413,
    WrongContentType: 415,
}


@webhooks_in.post("/webhooks/in/<source>")
def take(source: str) -> ResponseReturnValue:
    """Answer once the delivery is journalled: 202 with its id."""
    services: Services = current_app.extensions["notifier"]
    received = receive(
        services,
        source,
        dict(request.headers),
        request.get_data(cache=False),
        query=request.query_string.decode(errors="replace"),
    )
    return {"delivery": str(received.delivery_id)}, 202


@webhooks_in.errorhandler(SignatureRefused)
@webhooks_in.errorhandler(BodyTooLarge)
@webhooks_in.errorhandler(WrongContentType)
def refuse(error: NotifierError) -> Response:
    """Answer with a problem; nothing was stored."""
    return problem(_STATUSES[type(error)], str(error))
