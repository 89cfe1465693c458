"""The product served as `make run` serves it: pages, API and webhooks, worker or not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import waitress
from flask import Flask
from pydantic import SecretStr

from bench.stage import Stage
from notifier.scheduler import Worker
from notifier.web.app_factory import create_app
from tests.services import PUBLIC_URL, SECRET

_THREADS = 8


@dataclass(frozen=True)
class _WebSettings:
    public_url: str = PUBLIC_URL
    secret_key: SecretStr = field(default_factory=lambda: SecretStr(SECRET))
    undo_seconds: float = 0
    twilio_auth_token: SecretStr | None = None
    twilio_second_auth_token: SecretStr | None = None
    sendgrid_webhook_public_key: str | None = None


@contextmanager
def serving(built: Stage, *, with_worker: bool) -> Iterator[str]:
    """Serve the product on a free port and return its address."""
    worker = Worker(built.services, built.waker, tick_seconds=1) if with_worker else None
    if worker is not None:
        worker.start()
    try:
        with serving_app(create_app(built.services, _WebSettings())) as url:
            yield url
    finally:
        if worker is not None:
            worker.stop()


@contextmanager
def serving_app(app: Flask) -> Iterator[str]:
    """Serve any app with the server and the threads that the product has."""
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=_THREADS, ident=None)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()
        thread.join(timeout=5)
