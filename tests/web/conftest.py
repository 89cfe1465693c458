"""An app on a real database, with recording providers, and a caller with a key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from notifier.api_keys import create_api_key
from notifier.services import Services
from notifier.store.tables import Brand
from notifier.web.app_factory import create_app
from tests.fakes.clock import FakeClock
from tests.services import PUBLIC_URL, SECRET, given_brand, make_services


@dataclass(frozen=True)
class WebSettingsOfTests:
    """The settings that the web reads."""

    public_url: str = PUBLIC_URL
    secret_key: SecretStr = field(default_factory=lambda: SecretStr(SECRET))
    undo_seconds: float = 0
    twilio_auth_token: SecretStr | None = None
    twilio_second_auth_token: SecretStr | None = None
    sendgrid_webhook_public_key: str | None = None


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status_code: int
    mimetype: str
    headers: Headers
    text: str
    json: Any

    @classmethod
    def of(cls, response: TestResponse) -> Reply:
        """Return `response`, read to the end."""
        return cls(
            response.status_code,
            response.mimetype or "",
            response.headers,
            response.get_data(as_text=True),
            response.json if response.is_json else None,
        )


@dataclass(frozen=True)
class Api:
    """A caller of the API: `client` with the key of `brand` in every request."""

    client: FlaskClient
    key: str

    def post(self, path: str, body: object = None, **headers: str) -> Reply:
        """POST `body` as JSON to `path` under /api/v1; headers like `idempotency_key=…`."""
        return self._ask("POST", path, body, headers)

    def patch(self, path: str, body: object) -> Reply:
        """PATCH `path` with `body`."""
        return self._ask("PATCH", path, body, {})

    def get(self, path: str, **query: str) -> Reply:
        """GET `path`."""
        response = self.client.get(f"/api/v1{path}", query_string=query, headers=self._headers({}))
        return Reply.of(response)

    def _ask(self, method: str, path: str, body: object, headers: dict[str, str]) -> Reply:
        extra: dict[str, Any] = {} if body is None else {"json": body}
        response = self.client.open(
            f"/api/v1{path}", method=method, headers=self._headers(headers), **extra
        )
        return Reply.of(response)

    def _headers(self, extra: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in extra.items()}
        return {"Authorization": f"Bearer {self.key}", **named}


@pytest.fixture
def services(sessions: sessionmaker[Session], clock: FakeClock) -> Services:
    """Return services that stand at the clock's time."""
    return make_services(sessions, now=clock)


@pytest.fixture
def brand(services: Services) -> Brand:
    """Return a live brand in Los Angeles."""
    return given_brand(services)


@pytest.fixture
def app(services: Services) -> Flask:
    """Return the whole web app."""
    return create_app(services, WebSettingsOfTests())


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    """Return a client that carries no key."""
    with app.test_client() as made:
        yield made


@pytest.fixture
def api(client: FlaskClient, services: Services, brand: Brand) -> Api:
    """Return a caller with a key of `brand`."""
    return Api(client, create_api_key(services, brand.id, "tests"))


def an_appointment(**changes: Any) -> dict[str, Any]:
    """Return the body of an ordinary booking, 19:00 to 21:00 UTC on the clock's day."""
    return {
        "reference": "JOB-1001",
        "service": "Boiler repair",
        "technician": "Sam",
        "window": {"start": "2026-11-23T19:00:00Z", "end": "2026-11-23T21:00:00Z"},
        "place": {"time_zone": "America/Los_Angeles", "address": "1200 Pine St, Seattle"},
        "customer": {
            "name": "Ada Park",
            "phone": "+12065550100",
            "email": "ada@example.com",
            "time_zone": "America/Los_Angeles",
            "locale": "en",
        },
    } | changes


def an_order(**changes: Any) -> dict[str, Any]:
    """Return the body of an ordinary order, promised for the day after the clock's."""
    return {
        "reference": "ORD-2001",
        "items": ["Radiator valve"],
        "parcels": [{"carrier": "UPS", "tracking_code": "1Z 999 aa1 0123 4567 84"}],
        "window": {"start": "2026-11-24T16:00:00Z", "end": "2026-11-25T02:00:00Z"},
        "place": {"time_zone": "America/Los_Angeles"},
        "customer": {"name": "Bo Lind", "phone": "206 555 0101"},
    } | changes


def booked(api: Api, **changes: Any) -> UUID:
    """Book an appointment and return its id."""
    answer = api.post("/appointments", an_appointment(**changes))
    assert answer.status_code == 201, answer.text
    return UUID(answer.json["id"])


def problem_fields(answer: Reply) -> list[str]:
    """Return the fields that a problem names."""
    assert answer.mimetype == "application/problem+json", answer.text
    assert answer.json["status"] == answer.status_code
    return [error["field"] for error in answer.json.get("errors", [])]
