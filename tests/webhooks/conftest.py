"""A live brand with two sources, and services that send nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from notifier.services import Services
from notifier.store.tables import Brand
from notifier.store.vault import Vault
from notifier.web.problems import answer_with_problems
from notifier.web.webhooks_in import webhooks_in
from notifier.webhooks.receiving import (
    MAX_BODY_BYTES,
)
from notifier.webhooks.set_up import add_source, give_key
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.fakes.vendor_server import FakeVendor
from tests.services import RecordingEmail, RecordingSms, shipped_rulebook, shipped_words
from tests.sources import generic_events, shipstation_events
from tests.webhooks.deliveries import (
    SECRET,
)
from tests.webhooks.fetching import KEY


@pytest.fixture
def services(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> Services:
    """The services without any provider: nothing is sent here."""
    return Services(
        sessions=sessions,
        now=clock,
        ids=ids,
        vault=Vault("a secret for tests only, long enough"),
        rulebook=shipped_rulebook(),
        words=shipped_words(),
        sms={},
        email={},
        wake=lambda: None,
        public_url="https://notify.example.com",
    )


@pytest.fixture
def brand(services: Services) -> UUID:
    """A live brand with an EasyPost source and one of our own kind."""
    brand_id = services.ids()
    with services.sessions.begin() as session:
        session.add(
            Brand(
                id=brand_id,
                slug="northside",
                name="Northside",
                zone="America/Los_Angeles",
                locale="en",
                phone="+12065550199",
                country="US",
                quiet_from="21:00",
                quiet_until="08:00",
                amends={},
                demo=False,
                live_at=services.now() - timedelta(days=30),
                created_at=services.now() - timedelta(days=30),
            )
        )
    add_source(services, brand_id, "easypost", "easypost", SECRET, live=True)
    add_source(services, brand_id, "shop", "generic", generic_events.SECRET, live=True)
    return brand_id


@pytest.fixture
def texts(services: Services) -> RecordingSms:
    """Return what takes every text."""
    return RecordingSms(now=services.now)


@pytest.fixture
def sending(services: Services, texts: RecordingSms) -> Services:
    """Return services that take every text and email."""
    email = RecordingEmail(now=services.now)
    return replace(services, sms={texts.name: texts}, email={email.name: email})


@pytest.fixture
def client(services: Services, brand: UUID) -> Iterator[FlaskClient]:
    """The blueprint as the app carries it: problems answered, the services at hand."""
    app = APIFlask("webhooks", enable_openapi=False)
    app.extensions["notifier"] = services
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    answer_with_problems(app)
    app.register_blueprint(webhooks_in)
    with app.test_client() as made:
        yield made


@pytest.fixture
def vendor() -> Iterator[FakeVendor]:
    """Every vendor there is, on this machine."""
    with FakeVendor() as made:
        yield made


@pytest.fixture
def asking(services: Services, brand: UUID, vendor: FakeVendor) -> Services:
    """Services with a ShipStation source that has a key, and the way to the fake vendor."""
    add_source(services, brand, "shipstation", "shipstation", shipstation_events.SECRET, live=True)
    give_key(services, "shipstation", KEY)
    return replace(services, vendors=vendor.vendors())
