"""The board in a real browser: the first five minutes, and what must never get in the way."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.a_day import (
    PHONE,
    choose_late,
    given_a_day,
    given_visit,
    open_sheet,
    say,
)
from tests.browser.conftest import ServedBoard

pytestmark = pytest.mark.browser

_POLL = 8_000  # milliseconds: a poll and a slow machine


def test_late_is_read_sent_undone_and_sent_after_all(page: Page, served: ServedBoard) -> None:
    """The first five minutes: read the text, undo it, send it, see it arrive, take it back."""
    given_a_day(served)
    page.goto(f"{served.url}/board")
    open_sheet(page, "Ada Park")
    choose_late(page, 45)
    text = page.locator(".confirm blockquote").inner_text()
    assert "9:15-11:15 AM" in text

    page.get_by_role("button", name="Send").click()
    expect(page.locator("#undo")).to_contain_text("Sending in")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#undo")).to_contain_text("Nothing went out")

    open_sheet(page, "Ada Park")
    choose_late(page, 45)
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".phone .pending")).to_contain_text("Running late", timeout=_POLL)
    served.clock.advance(seconds=11)
    served.deliver()

    expect(page.locator(".phone")).to_contain_text("9:15-11:15 AM", timeout=_POLL)
    expect(page.locator(".phone header")).to_contain_text("Ada Park")

    page.locator("#phone-back").click()
    expect(page.locator(".confirm blockquote")).to_contain_text("please ignore our last text")
    page.get_by_role("button", name="Take it back and send").click()
    expect(page.locator("#undo")).to_contain_text("goes out now")
    served.deliver()
    expect(page.locator(".phone")).to_contain_text("please ignore our last text", timeout=_POLL)


def test_a_day_link_is_made_and_handed_on(page: Page, served: ServedBoard) -> None:
    """Press Day link, make one, and it stands there to be copied; then close it."""
    given_a_day(served)
    page.goto(f"{served.url}/board")
    page.get_by_role("link", name=re.compile("Day link.*Sam")).click()
    page.get_by_role("button", name="Make a link").click()
    expect(page.locator("#day-url")).to_have_value(re.compile(r"/day/\S+$"))

    page.get_by_role("button", name="Copy").click()
    expect(page.locator("[data-copy]")).to_contain_text("Cop")
    page.get_by_role("button", name="Close all links of this day").click()

    expect(page.locator("#sheet")).to_contain_text("It is closed")


def test_a_poll_never_takes_what_somebody_is_doing(page: Page, served: ServedBoard) -> None:
    """Typing, an open sheet and the keyboard's place survive news from elsewhere."""
    given_a_day(served)
    zoe = given_visit(served, "Zoe Kerr", hours=1, phone="+12065550109")
    page.goto(f"{served.url}/board")
    page.locator("#q").press_sequentially("par")
    page.locator(".needs h3 a").first.focus()
    focused = page.evaluate("document.activeElement.id")
    page.locator("#q").focus()
    say(served, zoe, minutes=30)
    expect(page.locator(".columns")).to_contain_text("10:30 AM–12:30 PM", timeout=_POLL)
    expect(page.locator("#q")).to_have_value("par")
    expect(page.locator("#q")).to_be_focused()

    page.locator(f"#{focused}").focus()
    say(served, zoe, minutes=60)
    expect(page.locator(".columns")).to_contain_text("11:00 AM–1:00 PM", timeout=_POLL)
    assert page.evaluate("document.activeElement.id") == focused

    open_sheet(page, "Ada Park")
    choose_late(page, 30)
    say(served, zoe, minutes=90)
    expect(page.locator(".columns")).to_contain_text("11:30 AM–1:30 PM", timeout=_POLL)
    expect(page.locator("#sheet")).to_be_visible()
    assert page.locator('input[type="radio"][value="30"]').is_checked()


def test_the_keyboard_is_enough(page: Page, served: ServedBoard) -> None:
    """Enter opens the sheet, the arrows choose, Escape closes and leads back."""
    given_a_day(served)
    page.goto(f"{served.url}/board")
    button = page.locator(".needs article", has_text="Ada Park").get_by_role(
        "button", name="Running late"
    )
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#sheet")).to_be_visible()
    page.locator('input[name="late"]').first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".confirm blockquote")).to_contain_text("by 11 AM")

    page.keyboard.press("Escape")

    expect(page.locator("#sheet")).not_to_be_visible()
    expect(button).to_be_focused()


def test_who_when_and_the_likely_taps_are_on_the_first_screen(
    page: Page, served: ServedBoard
) -> None:
    """A phone shows name, times and the likely buttons without scrolling; More opens by key."""
    given_a_day(served)
    zoe = given_visit(served, "Zoe Kerr", hours=1, phone="+12065550109")
    page.set_viewport_size({"width": PHONE, "height": 740})
    page.goto(f"{served.url}/board/jobs/{zoe}")

    for seen in (page.locator("h1"), page.locator(".times"), page.locator("#more summary")):
        expect(seen).to_be_in_viewport(ratio=1)
    assert page.locator("footer [role=button]:visible, footer summary:visible").count() == 4

    page.get_by_role("link", name="Ring Zoe Kerr").or_(
        page.get_by_role("button", name="Ring Zoe Kerr")
    ).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    told = page.get_by_role("button", name="I told them by phone")
    expect(told).to_be_focused()

    say(served, zoe, minutes=30)
    expect(page.locator(".times")).to_contain_text("10:30 AM", timeout=_POLL)
    expect(told).to_be_focused()  # a poll closes nothing and takes nobody's place


def test_where_is_he_is_answered_while_typing(page: Page, served: ServedBoard) -> None:
    """A few letters, and the answer stands there with a way to the job."""
    given_a_day(served)
    page.goto(f"{served.url}/board")

    page.locator("#q").press_sequentially("orti")

    answer = page.locator("#found .result")
    expect(answer).to_contain_text("Ben Ortiz")
    expect(answer).to_contain_text("Last told")
    answer.click()
    expect(page.locator("h1")).to_have_text("Ben Ortiz")


def test_what_changed_while_reading_is_shown_in_the_sheet(page: Page, served: ServedBoard) -> None:
    """The technician was quicker: the sheet says so and shows the words as they would be now."""
    ada = given_a_day(served)
    page.goto(f"{served.url}/board")
    open_sheet(page, "Ada Park")
    choose_late(page, 45)
    say(served, ada, minutes=15)

    page.get_by_role("button", name="Send").click()

    expect(page.locator("#preview")).to_contain_text("Nothing was recorded")
    expect(page.locator("#preview")).to_contain_text("Running late, 15 min")
    expect(page.locator("#sheet")).to_be_visible()
