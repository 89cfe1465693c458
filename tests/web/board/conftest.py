"""Somebody who has signed in to the board."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from notifier.services import Services
from notifier.staff import add_staff
from notifier.store.tables import Brand
from notifier.web.app_factory import create_app
from notifier.webhooks.set_up import add_source
from tests.sources import generic_events
from tests.web.board.world import (
    HOLD_SECONDS,
    Board,
    sign_in_path,
    token_in,
)
from tests.web.conftest import WebSettingsOfTests


@pytest.fixture
def browser(services: Services) -> Iterator[FlaskClient]:
    """Return a browser that has not signed in, at a board that waits ten seconds."""
    app = create_app(services, WebSettingsOfTests(undo_seconds=HOLD_SECONDS))
    with app.test_client() as made:
        yield made


@pytest.fixture
def dispatcher(services: Services, brand: Brand) -> UUID:
    """Return somebody who may sign in."""
    return add_staff(services, brand.id, "Dana", "dana@example.com")


@pytest.fixture
def board(browser: FlaskClient, services: Services, brand: Brand, dispatcher: UUID) -> Board:
    """Return a browser that has signed in."""
    path = sign_in_path(services, dispatcher)
    browser.post(path, data={"csrf_token": token_in(browser.get(path).text)})
    return Board(browser, services, brand)


@pytest.fixture
def shop(board: Board) -> Board:
    """Return a board of a brand that has one source, `shop`."""
    add_source(board.services, board.brand.id, "shop", "generic", generic_events.SECRET, live=True)
    return board
