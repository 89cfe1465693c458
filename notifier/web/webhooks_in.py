"""`POST /webhooks/in/<source>`: where integrations push their events.

Authenticated by the source's own signature: no session, no key, no CSRF token.
"""

from __future__ import annotations

from math import ceil

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from notifier.errors import NotifierError
from notifier.services import Services
from notifier.web.problems import problem
from notifier.webhooks.receiving import (
    BodyTooLarge,
    OnlyTried,
    SignatureRefused,
    TooMany,
    WrongContentType,
    greeting_of,
    receive,
    refuse_unread,
    write_refusals,
)

webhooks_in = Blueprint("webhooks_in", __name__)

_STATUSES: dict[type[NotifierError], int] = {
    SignatureRefused: 401,
    BodyTooLarge: 413,
    WrongContentType: 415,
}


@webhooks_in.post("/webhooks/in/<source>")
def take(source: str) -> ResponseReturnValue:
    """Answer once the delivery is journalled: 200 with its id.

    A 202 would be as true, but some vendors take it for a failure.
    """
    services, headers, query = _asked()
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        refuse_unread(services, source)
    try:
        received = receive(services, source, headers, body, query=query)
    except OnlyTried as tried:
        return Response(tried.greeting, mimetype="text/plain")
    return {"delivery": str(received.delivery_id)}


@webhooks_in.get("/webhooks/in/<source>")
def greet(source: str) -> ResponseReturnValue:
    """Answer a vendor that tries the address before it sends anything there."""
    services, headers, query = _asked()
    greeting = greeting_of(services, source, headers, b"", query=query)
    if greeting is None:
        return problem(405, "Events are posted here.", headers={"Allow": "POST"})
    return Response(greeting, mimetype="text/plain")


def _asked() -> tuple[Services, dict[str, str], str]:
    services: Services = current_app.extensions["notifier"]
    query = request.query_string.decode(errors="replace")
    return services, dict(request.headers), query


@webhooks_in.errorhandler(SignatureRefused)
@webhooks_in.errorhandler(BodyTooLarge)
@webhooks_in.errorhandler(WrongContentType)
def refuse(error: NotifierError) -> Response:
    """Answer with a problem; nothing was stored."""
    return problem(_STATUSES[type(error)], str(error))


@webhooks_in.errorhandler(TooMany)
def slow_down(error: TooMany) -> Response:
    """Answer when to come again; nothing was stored."""
    return problem(429, str(error), headers={"Retry-After": str(ceil(error.wait))})


@webhooks_in.after_app_request
def put_refusals_on_record(response: Response) -> Response:
    """Write what was refused here, a few rows every few seconds.

    Any request of this process may do it, so that the last of a flood is not left in memory;
    only an answer to a delivery that was taken waits for nothing.
    """
    if request.endpoint != "webhooks_in.take" or response.status_code >= 400:
        services: Services = current_app.extensions["notifier"]
        write_refusals(services)
    return response
