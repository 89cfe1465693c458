"""Chromium and a served board with a sandbox phone, for tests that see what people see."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import Engine
from waitress.server import create_server

from notifier.delivery import deliver_due
from notifier.sandbox.journal import SandboxJournal, confirm_sandbox_deliveries
from notifier.services import Services
from notifier.staff import add_staff, make_sign_in_link
from notifier.store.engine import create_sessions
from notifier.store.tables import Brand
from notifier.store.vault import Vault
from notifier.web.app_factory import create_app
from tests.browser.chromium import MISSING, find_chromium
from tests.databases import Databases
from tests.fakes.clock import FakeClock
from tests.services import SECRET, given_brand, make_services
from tests.web.conftest import WebSettingsOfTests

_QUIET_FLAGS = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
_UNDO_SECONDS = 10


@dataclass(frozen=True)
class ServedBoard:
    """A board behind a real socket; `url` has no trailing slash."""

    url: str
    services: Services
    brand: Brand
    clock: FakeClock

    def deliver(self) -> None:
        """Do what the worker does: send what is due and let the sandbox confirm it."""
        deliver_due(self.services)
        confirm_sandbox_deliveries(self.services)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Return the system's Chromium, started once."""
    path = find_chromium()
    if path is None:
        pytest.skip(MISSING)
    flags = [*_QUIET_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def served(databases: Databases, clock: FakeClock) -> Iterator[ServedBoard]:
    """Return a served board of a live demo brand, at 9 in the morning in Los Angeles."""
    database_url = databases.create("sqlite")
    sessions = create_sessions(database_url)
    journal = SandboxJournal(sessions=sessions, now=clock, vault=Vault(SECRET))
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    services = make_services(
        sessions, now=clock, sms=journal.sms(), email=journal.email(), public_url=url
    )
    brand = given_brand(services, demo=True)
    app = create_app(services, WebSettingsOfTests(public_url=url, undo_seconds=_UNDO_SECONDS))
    server = create_server(app, sockets=[listening], threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield ServedBoard(url, services, brand, clock)
    server.close()
    thread.join(timeout=5)
    cast("Engine", sessions.kw["bind"]).dispose()
    databases.drop(database_url)


@pytest.fixture
def page(chromium: Browser, served: ServedBoard) -> Iterator[Page]:
    """Return a page of somebody who has signed in; nothing may complain on its console."""
    complaints: list[str] = []
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    opened.on(
        "console", lambda said: complaints.append(said.text) if said.type == "error" else None
    )
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    staff_id = add_staff(served.services, served.brand.id, "Dana", "dana@example.com")
    opened.goto(make_sign_in_link(served.services, staff_id))
    opened.get_by_role("button", name="Sign in to the board").click()
    yield opened
    context.close()
    assert complaints == []
