"""The status page stands on a sandbox that delivers."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier.services import Services
from tests.fakes.clock import FakeClock
from tests.web.pages import sandbox_services


@pytest.fixture
def services(sessions: sessionmaker[Session], clock: FakeClock) -> Services:
    """Return services whose messages arrive."""
    return sandbox_services(sessions, clock)
