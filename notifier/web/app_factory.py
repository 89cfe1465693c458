"""Builds the web app from services and settings. Who may ask is stated where a blueprint is added.

Authentication and CSRF, by blueprint: `api` wants an API key, webhooks and callbacks a
signature, the status page and the technician's day carry a secret in their address; none of
them reads a cookie, so none needs a CSRF token. The board wants a signed-in member of staff
and a token with every form.
"""

from __future__ import annotations

from pathlib import Path

from apiflask import APIFlask
from flask import redirect
from flask_wtf.csrf import CSRFProtect

from notifier.services import Services
from notifier.web import day, operations, sandbox, status
from notifier.web.api import api
from notifier.web.api.docs import blueprint as api_docs
from notifier.web.api.openapi import describe_api
from notifier.web.board import board
from notifier.web.callbacks import callbacks
from notifier.web.current import WebSettings
from notifier.web.headers import add_security_headers
from notifier.web.limits import limit_rates
from notifier.web.metrics import measure
from notifier.web.own_links import with_links
from notifier.web.problems import answer_with_problems
from notifier.web.strict_json import StrictJson
from notifier.web.webhooks_in import webhooks_in

_TEMPLATES = Path(__file__).parents[2] / "templates"
_MAX_BODY_BYTES = 1_000_000


def create_app(services: Services, settings: WebSettings) -> APIFlask:
    """Return the web app. It starts nothing: no thread, no tick, no connection."""
    app = APIFlask(
        "notifier.web",
        title="Delay notifications",
        version="1",
        spec_path="/api/openapi.json",
        docs_path=None,
        static_folder="static",
        template_folder=str(_TEMPLATES),
    )
    app.json = StrictJson(app)
    https = settings.public_url.startswith("https://")
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key.get_secret_value(),
        MAX_CONTENT_LENGTH=_MAX_BODY_BYTES,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=https,
        WTF_CSRF_TIME_LIMIT=None,  # a board stands open all day; the token ends with the session
    )
    app.extensions["notifier"] = services
    app.extensions["metrics"] = measure(app, services)
    answer_with_problems(app)
    add_security_headers(app, https=https)
    describe_api(app, settings.public_url)
    csrf = CSRFProtect(app)

    by_token = [status.blueprint, day.blueprint]
    with_session = [board, sandbox.blueprint]
    without = [api, api_docs, operations.blueprint, callbacks, webhooks_in, *by_token]
    for blueprint in (*with_session, *without):
        vars(blueprint).setdefault("enable_openapi", False)  # APIFlask asks it of every one
        app.register_blueprint(blueprint)
    for blueprint in without:
        csrf.exempt(blueprint)
    app.add_template_filter(with_links)
    app.add_url_rule("/", "root", lambda: redirect("/board"))
    limit_rates(app, api=[api], by_token=by_token, signing_in=[board])
    return app
