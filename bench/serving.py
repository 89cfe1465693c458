"""The product served as `make run` serves it: pages, API and webhooks, worker or not."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import waitress
from flask import Flask
from pydantic import SecretStr

from bench.stage import Stage
from notifier.scheduler import Worker
from notifier.web.app_factory import create_app
from tests.services import PUBLIC_URL, SECRET

_THREADS = 8
_START_S = 60


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


@contextmanager
def processes(app: str, count: int, settings: Mapping[str, str]) -> Iterator[list[str]]:
    """Serve `app` (`module:factory`) by so many processes, and return their addresses."""
    with ExitStack() as running:
        ports = [running.enter_context(_process(app, settings)) for _ in range(count)]
        for port in ports:
            _wait_for(port)
        yield [f"http://127.0.0.1:{port}" for port in ports]


@contextmanager
def _process(app: str, settings: Mapping[str, str]) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    listen = (f"--listen=127.0.0.1:{port}", f"--threads={_THREADS}", "--ident=")
    process = subprocess.Popen(
        [sys.executable, "-m", "waitress", *listen, "--call", app],
        env={**os.environ, **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    until = time.monotonic() + _START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
