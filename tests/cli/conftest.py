"""The product's commands, on a database of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from pydantic import SecretStr
from sqlalchemy.orm import Session, sessionmaker

from config.settings import Settings
from notifier.cli import register_commands
from notifier.services import Services
from notifier.web.app_factory import create_app
from tests.fakes.clock import FakeClock
from tests.kept_databases import KeptDatabases
from tests.services import SECRET, make_services


@pytest.fixture
def database_url(kept_databases: KeptDatabases) -> Iterator[str]:
    """Return the URL of an empty SQLite database: commands read no differently elsewhere."""
    url = kept_databases.lend("sqlite")
    yield url
    kept_databases.take_back(url)


@pytest.fixture
def services(sessions: sessionmaker[Session], clock: FakeClock) -> Services:
    """Return services at an address where nobody listens."""
    return replace(make_services(sessions, now=clock), public_url="http://127.0.0.1:9")


@pytest.fixture
def app(services: Services) -> Flask:
    """Return the app with its commands, as the composition root puts them together."""
    made = create_app(services, Settings(secret_key=SecretStr(SECRET)))
    register_commands(made)
    return made


@pytest.fixture
def run(app: Flask) -> FlaskCliRunner:
    """Return what runs the commands."""
    return app.test_cli_runner()
