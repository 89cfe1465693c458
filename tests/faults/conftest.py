"""The product as a process that is killed, and the providers whose journal is the judge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from notifier.api_keys import create_api_key
from notifier.clock import system_now
from notifier.store.engine import create_sessions
from tests.databases import Databases
from tests.fakes.provider_server import PUBLIC_URL, FakeProviders
from tests.fakes.provider_state import Taken
from tests.faults.app import TRAP_FILE, Point
from tests.faults.ground import Ground
from tests.faults.nursery import Nursery
from tests.served import Served, eventually, free_port
from tests.services import SECRET, given_brand, make_services

ADA = "+12065550100"
SECONDS = {"LEASE_SECONDS": "2", "LOOKUP_AFTER_SECONDS": "2.5", "LOOKUP_AGAIN_SECONDS": "4"}


@pytest.fixture(scope="session")
def ground(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Return what cases of the suite stand on."""
    with Nursery(databases) as nursery:
        yield Ground(databases, nursery, tmp_path_factory.mktemp("cases"))


def _midday(now: datetime) -> str:
    """Return a zone where it is about noon: the visit is neither at night nor past midnight."""
    ahead = 12 - now.hour  # -11 to 12
    return "Etc/UTC" if ahead == 0 else f"Etc/GMT{-ahead:+d}"


@dataclass
class Mortal:
    """A running product that can be killed, and what its customers really got."""

    settings: dict[str, str]
    key: str
    providers: FakeProviders
    directory: Path
    process: Served = field(init=False)
    starts_at: datetime = field(init=False)

    def start(self) -> None:
        """Start it, without any trap, and wait until it listens."""
        self.trap_file.unlink(missing_ok=True)
        self.process = Served(
            app="tests.faults.app",
            settings=self.settings,
            cwd=self.directory,
            home=self.directory,
        )
        self.process.hears("Sign in:")

    @property
    def trap_file(self) -> Path:
        """Where the process looks for the point at which it ends."""
        return self.directory / "trap"

    def kill_at(self, point: Point) -> None:
        """Let the process end at `point`, the next time that it passes there."""
        waiting = self.trap_file.with_suffix(".new")
        waiting.write_text(point)
        waiting.rename(self.trap_file)

    def book(self) -> str:
        """Book a visit in two hours, let its confirmation arrive, and return its path."""
        now = datetime.now(UTC).replace(second=0, microsecond=0)
        self.starts_at = now + timedelta(hours=2)
        body = {
            "reference": "JOB-1",
            "service": "Boiler repair",
            "window": self.window(late=0),
            "place": {"time_zone": _midday(now)},
            "customer": {"name": "Ada Park", "phone": ADA, "time_zone": _midday(now)},
        }
        job = f"/appointments/{self.ask('POST', '/appointments', body)['id']}"
        (text,) = self.providers.wait_for_sms(1, timeout=60)
        eventually(lambda: self.fates(job) == [("booked", "accepted")])  # nothing under way
        assert self.providers.deliver(text["sid"]) == 204
        eventually(lambda: self.fates(job) == [("booked", "delivered")])
        return job

    def window(self, *, late: int) -> dict[str, str]:
        """Return the visit's window, `late` minutes later."""
        start = self.starts_at + timedelta(minutes=late)
        return {"start": _text(start), "end": _text(start + timedelta(hours=2))}

    def late(self, job: str) -> None:
        """Say that it will be 45 minutes late."""
        self.ask("POST", f"{job}/facts", {"type": "delayed", "minutes": 45})

    def told(self, job: str) -> Any:
        """Return the window that last reached the customer."""
        return self.ask("GET", job)["told"]

    def fates(self, job: str) -> list[tuple[str, str]]:
        """Return rule and status of each message of the job."""
        items = self.ask("GET", f"{job}/messages")["items"]
        return [(item["rule"], item["status"]) for item in items]

    def journal(self) -> list[Taken]:
        """Return the texts that tell of the delay, from the providers' journal on disk."""
        lines = (self.directory / "journal").read_text().splitlines()
        return [text for text in map(json.loads, lines) if "late" in text["body"]]

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Make a request of the API and return its JSON.

        :raises requests.RequestException: if nobody answers, or not with success.
        """
        answer = requests.request(
            method,
            f"{self.url}/api/v1{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.key}"},
            timeout=30,
        )
        answer.raise_for_status()
        return answer.json()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.settings['PORT']}"


@pytest.fixture
def mortal(database_url: str, tmp_path: Path) -> Iterator[Mortal]:
    """Return a running product with one live brand, on short timings, and Twilio configured."""
    with FakeProviders(journal=tmp_path / "journal") as providers:
        port = str(free_port())
        providers.callbacks.app = f"http://127.0.0.1:{port}"
        mortal = Mortal(
            settings={
                "PORT": port,
                "PUBLIC_URL": PUBLIC_URL,
                "SECRET_KEY": SECRET,
                "DATABASE_URL": database_url,
                "BRAND_NAME": "Northside Heating",
                "BRAND_PHONE": "206-555-0199",
                "TWILIO_ACCOUNT_SID": providers.account_sid,
                "TWILIO_AUTH_TOKEN": providers.auth_token,
                "TWILIO_FROM": "+15005550006",
                "TWILIO_API_URL": providers.url,
                TRAP_FILE: str(tmp_path / "trap"),
                **SECONDS,
            },
            key=_given_key(database_url),
            providers=providers,
            directory=tmp_path,
        )
        mortal.start()
        yield mortal
        mortal.process.kill()


def _given_key(database_url: str) -> str:
    """Return an API key of the brand that the process will find."""
    sessions = create_sessions(database_url)
    services = make_services(sessions, now=system_now)
    live_at = system_now() - timedelta(days=30)
    brand = given_brand(services, slug="default", live_at=live_at)
    key = create_api_key(services, brand.id, "tests")
    sessions.kw["bind"].dispose()
    return key


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
