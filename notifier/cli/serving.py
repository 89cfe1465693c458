"""Commands that run the product: everything in one process, or the worker on its own."""

from __future__ import annotations

import signal
import sys
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import click
import waitress
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from notifier.api_keys import create_api_key, revoke_api_keys
from notifier.brands import add_brand
from notifier.cli.context import services
from notifier.cli.own_address import leave_address
from notifier.cli.senders import keep_senders
from notifier.domain.windows import utc_text
from notifier.rule_tools.sets import record_rule_set
from notifier.sandbox.demo import load_demo_day
from notifier.scheduler import Worker
from notifier.services import Services
from notifier.staff import add_staff, list_staff, make_sign_in_link
from notifier.store.engine import reading
from notifier.store.tables import Brand
from notifier.waking import Waker
from notifier.web.board.importing import MOST_SENT

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

#: In bytes, slightly above what the largest form may have: that is refused in the app's own words.
LARGEST_BODY = MOST_SENT + 100_000

_THREADS = 8
_FIRST_KEY = "first-steps"
_DEFAULT = "default"  # the brand of the settings


@click.command()
@with_appcontext
def serve() -> None:
    """Run everything in one process: pages, API, webhooks and delivery."""
    app = cast(Any, current_app)._get_current_object()
    settings = app.config["SETTINGS"]
    leave_address(app.extensions["notifier"])
    current_app.extensions["notifier.upgrade"]()
    record_rule_set(services())
    first_start(app)
    worker = _worker(app)
    server = open_server(app, host=settings.host, port=settings.port)
    # As Ctrl-C does; by default it would end the process in the middle of a send.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    worker.start()
    _say_where(services(), settings)
    try:
        server.run()
    finally:
        server.close()
        worker.stop()


def open_server(app: WSGIApplication, *, host: str, port: int) -> Any:
    """Listen at `host` and `port`, without answering yet.

    A body is on disk before `app` sees anything of it, whoever sends it: one that no route takes
    is refused by its length.
    """
    return waitress.create_server(
        app,
        host=host,
        port=port,
        threads=_THREADS,
        ident=None,
        max_request_body_size=LARGEST_BODY,
    )


@click.command()
@with_appcontext
def worker() -> None:
    """Run delivery on its own, beside a WSGI server. Several may run."""
    app = cast(Any, current_app)._get_current_object()
    record_rule_set(services())
    keep_senders(app.config["SETTINGS"])  # a path may have been set since the last `migrate`
    running = _worker(app)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    running.start()
    click.echo("Delivery runs. Stop it with Ctrl-C.")
    stop.wait()
    running.stop()


@click.command()
@with_appcontext
def migrate() -> None:
    """Bring the database to the newest schema and make the first brand."""
    current_app.extensions["notifier.upgrade"]()
    first_start(cast(Any, current_app)._get_current_object())
    click.echo("The database is up to date.")


def first_start(app: Flask) -> None:
    """Fill an empty database: a demo day, or the brand `default` once a provider is set."""
    settings = app.config["SETTINGS"]
    with reading(services().sessions) as session:
        brands = set(session.scalars(select(Brand.slug)))
    if not brands and not settings.providers_configured:
        click.echo("The database is empty: loading a demo day…")
        load_demo_day(services(), zone=settings.brand_time_zone)
        return
    if _DEFAULT not in brands and settings.providers_configured:
        with services().sessions.begin() as session:
            add_brand(
                session,
                services(),
                slug=_DEFAULT,
                name=settings.brand_name,
                zone=settings.brand_time_zone,
                phone=settings.brand_phone or "",
            )
    keep_senders(settings)


def _worker(app: Flask) -> Worker:
    waker = app.extensions["notifier.waker"]
    assert isinstance(waker, Waker)
    return Worker(services(), waker, tick_seconds=app.config["SETTINGS"].tick_seconds)


def _say_where(services: Services, settings: Any) -> None:
    """Print where the board is, how to get in, and a call that makes a phone buzz."""
    with reading(services.sessions) as session:
        demo = session.scalar(select(Brand).where(Brand.demo))
        brand = demo or session.scalar(select(Brand).order_by(Brand.created_at))
        assert brand is not None
    if not list_staff(services, brand.id):
        add_staff(services, brand.id, "Dispatch", f"dispatch@{brand.slug}.invalid")
    first, *_ = list_staff(services, brand.id)
    click.echo(f"\nThe board:  {services.public_url}/board")
    click.echo(f"Sign in:    {make_sign_in_link(services, first.id)}   (once, within 15 minutes)")
    click.echo(f"Later:      .venv/bin/flask --app app staff sign-in-link {first.email}")
    if demo is None:
        click.echo("A key for the API:  .venv/bin/flask --app app create-api-key NAME\n")
        return
    click.echo(f"The phones: {services.public_url}/sandbox")
    click.echo(f"The API:    {services.public_url}/api/docs\n")
    click.echo("Book a visit, and a phone in the sandbox buzzes:\n")
    revoke_api_keys(services, demo.id, _FIRST_KEY)  # the one of the last start
    click.echo(_curl(services, create_api_key(services, demo.id, _FIRST_KEY)) + "\n")


def _curl(services: Services, key: str) -> str:
    start = services.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=3)
    end = start + timedelta(hours=2)
    body = (
        f'{{"reference": "CURL-{start:%d%H}", "service": "Boiler repair", '
        f'"window": {{"start": "{utc_text(start)}", "end": "{utc_text(end)}"}}, '
        '"customer": {"name": "Ada Park", "phone": "+12065550142"}}'
    )
    return (
        f"curl -s {services.public_url}/api/v1/appointments"
        f" -H 'Authorization: Bearer {key}'"
        f" -H 'Content-Type: application/json' -d '{body}'"
    )
