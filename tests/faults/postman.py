"""The providers' callbacks: each message taken is reported as delivered, signed, to the web app."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from notifier.web.app_factory import create_app
from tests.fakes.provider_server import PUBLIC_URL
from tests.faults.world import World
from tests.web.conftest import WebSettingsOfTests

_PAUSE_S = 0.2


@contextmanager
def reporting(world: World) -> Iterator[None]:
    """Report whatever was taken soon after, also where its answer never came."""
    settings = WebSettingsOfTests(
        public_url=PUBLIC_URL,
        sendgrid_webhook_public_key=world.providers.sendgrid_public_key,
    )
    world.providers.callbacks.app = create_app(world.services, settings).test_client()
    stopping = threading.Event()
    postman = threading.Thread(target=_report, args=(world, stopping))
    postman.start()
    try:
        yield
    finally:
        stopping.set()
        postman.join()


def _report(world: World, stopping: threading.Event) -> None:
    """Do as SendGrid does: what is not answered with a success is reported again."""
    reported: set[str] = set()
    while not stopping.wait(_PAUSE_S):
        for email in world.providers.emails:
            if email["id"] not in reported and world.providers.email_event(email["id"]) < 300:
                reported.add(email["id"])
