"""A press on a page that keeps itself up to date: it counts, and what it did is seen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from notifier.store.tasks import owe_task
from tests.browser.conftest import ServedBoard

pytestmark = pytest.mark.browser

#: The page's own poll, and nothing else that waits, never comes round.
_NO_POLL = """
const wait = window.setTimeout;
window.setTimeout = (act, after, ...rest) => after === 3000 ? 0 : wait(act, after, ...rest);
"""


def given_a_task(served: ServedBoard) -> None:
    """Ask staff to look into a sender."""
    now = served.services.now()
    with served.services.sessions.begin() as session:
        owe_task(
            session,
            id=served.services.ids(),
            brand_id=served.brand.id,
            key="silent:twilio:2026-11-22",
            kind="sender_silent",
            path="twilio",
            why="nothing_reported",
            due_at=now,
            created_at=now,
        )


def test_a_press_during_a_poll_counts(page: Page, served: ServedBoard) -> None:
    """However slow the poll's answer is."""
    given_a_task(served)
    held: list[Route] = []
    page.route("**/board/tasks/live", lambda route: held.append(route))
    with page.expect_request("**/board/tasks/live"):
        page.goto(f"{served.url}/board/tasks")

    with page.expect_request("**/done", timeout=5_000):
        page.get_by_role("button", name="Done").click()

    for route in held:
        route.continue_()


def test_what_a_press_did_is_seen_at_once(page: Page, served: ServedBoard) -> None:
    """Nobody waits for the next poll, and presses again meanwhile."""
    given_a_task(served)
    page.add_init_script(_NO_POLL)
    page.goto(f"{served.url}/board/tasks")

    page.get_by_role("button", name="Done").click()

    expect(page.get_by_text("Nothing to do. Nobody waits for a call.")).to_be_visible()


def test_a_long_reason_breaks_no_button(page: Page, served: ServedBoard) -> None:
    """One line, however much stands beside it."""
    given_a_task(served)
    page.goto(f"{served.url}/board/tasks")

    done = page.get_by_role("button", name="Done")
    box = done.bounding_box()
    assert box is not None
    assert box["height"] < 48
