"""Every place of the board, for whoever sees little, has a small phone, or a wide thumb."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy import update

from notifier.domain.messages import MessageStatus, WhyNot
from notifier.store.deliveries import source_named
from notifier.store.tables import Brand, Message
from notifier.webhooks.receiving import SignatureRefused, receive, write_refusals
from notifier.webhooks.set_up import add_source
from notifier.webhooks.translation import translate_received
from tests.browser.a_day import (
    DESK,
    NARROW,
    PHONE,
    choose_late,
    given_a_day,
    given_visit,
    open_sheet,
)
from tests.browser.conftest import ServedBoard
from tests.sources import generic_events

pytestmark = pytest.mark.browser

_LEAST_TARGET = 44  # CSS pixels, both ways


def _day(page: Page, served: ServedBoard, job_id: UUID) -> None:
    page.goto(f"{served.url}/board")
    expect(page.locator(".phone")).to_be_visible()


def _job(page: Page, served: ServedBoard, job_id: UUID) -> None:
    page.goto(f"{served.url}/board/jobs/{job_id}")
    page.locator("#more summary").click()
    page.locator("#explain summary").click()


def _trial(page: Page, served: ServedBoard, job_id: UUID) -> None:
    with served.services.sessions.begin() as session:
        not_sent = {"status": MessageStatus.SKIPPED, "reason": WhyNot.TRIAL}
        session.execute(update(Message).where(Message.job_id == job_id).values(not_sent))
    page.goto(f"{served.url}/board/jobs/{job_id}")
    page.locator(".message.trial blockquote", has_text="Boiler repair is booked").wait_for()


def _taking_back(page: Page, served: ServedBoard, job_id: UUID) -> None:
    page.goto(f"{served.url}/board")
    page.locator(".needs .take-back").first.click()
    expect(page.locator(".confirm")).to_be_visible()


def _day_link(page: Page, served: ServedBoard, job_id: UUID) -> None:
    page.goto(f"{served.url}/board")
    page.get_by_role("link", name=re.compile("Day link.*Sam")).click()
    expect(page.locator("#make-day-link")).to_be_visible()


def _why(page: Page, served: ServedBoard, job_id: UUID) -> None:
    page.goto(f"{served.url}/board/jobs/{job_id}/why")
    page.locator("details summary").first.click()


def _sheet(page: Page, served: ServedBoard, job_id: UUID) -> None:
    page.goto(f"{served.url}/board")
    open_sheet(page, "Ada Park")
    choose_late(page, 45)


def _tasks(page: Page, served: ServedBoard, job_id: UUID) -> None:
    page.goto(f"{served.url}/board/tasks")


def _quiet_hours(page: Page, served: ServedBoard, job_id: UUID) -> None:
    page.goto(f"{served.url}/board/quiet-hours?at=2026-11-24T22:30")


def _sources(page: Page, served: ServedBoard, job_id: UUID) -> None:
    long_name = "shop-of-the-northside-home-services-company-in-seattle-washington"[:63]
    with served.services.sessions.begin() as session:
        fresh = source_named(session, long_name) is None
    if fresh:
        add_source(
            served.services, served.brand.id, long_name, "generic", generic_events.SECRET, live=True
        )
        for number, reference in enumerate(("JOB-9", 9)):
            body = generic_events.event(
                "appointment.delayed", served.clock(), reference=reference, minutes=5
            )
            headers = generic_events.signed(body, at=served.clock(), webhook_id=f"msg_{number}")
            receive(served.services, long_name, headers, body)
        translate_received(served.services)
        with pytest.raises(SignatureRefused):
            receive(served.services, long_name, {}, b"{}")
        write_refusals(served.services)
    page.goto(f"{served.url}/board")
    page.get_by_role("contentinfo").get_by_role("link", name="source").click()
    expect(page.get_by_role("button", name="Read again")).to_be_visible()


def _import(page: Page, served: ServedBoard, job_id: UUID) -> None:
    page.goto(f"{served.url}/board/import")
    page.get_by_label("Or its lines, pasted").fill(
        "reference,service,date,from,to,name\n"
        "JOB-2044,Boiler repair at the northside,2026-11-24,9:00,11:00,Wilhelmina Featherstone\n"
        "JOB-A-REFERENCE-THAT-IS-AS-LONG-AS-A-REFERENCE-MAY-EVER-BE-HERE,,2026-11-31,,,\n"
    )
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("table")).to_contain_text("is not a day that exists")


def _promise(page: Page, served: ServedBoard, job_id: UUID) -> None:
    page.goto(f"{served.url}/board/jobs/{job_id}/say/promise")
    page.locator("#later summary").click()


def _moved(page: Page, served: ServedBoard, job_id: UUID) -> None:
    page.goto(f"{served.url}/board/jobs/{job_id}")
    page.locator("#more summary").click()
    page.get_by_role("button", name="Another time").click()
    expect(page.locator("#sheet")).to_be_visible()


def _search(page: Page, served: ServedBoard, job_id: UUID) -> None:
    page.goto(f"{served.url}/board")
    page.locator("#q").press_sequentially("ada")
    expect(page.locator("#found .result")).to_be_visible()


PLACES = [
    _day,
    _day_link,
    _job,
    _trial,
    _why,
    _sheet,
    _promise,
    _moved,
    _taking_back,
    _tasks,
    _quiet_hours,
    _import,
    _sources,
    _search,
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__.strip("_"))
def test_everybody_can_use_it(
    page: Page,
    served: ServedBoard,
    place: Callable[[Page, ServedBoard, UUID], None],
    scheme: str,
) -> None:
    """No violation that axe knows of, in both schemes, at a phone's and a desk's width."""
    ada = given_a_day(served)
    page.emulate_media(
        color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce"
    )
    for width in (PHONE, DESK):
        page.set_viewport_size({"width": width, "height": 850})
        place(page, served, ada)
        page.wait_for_load_state()
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__.strip("_"))
def test_it_fits_a_small_phone_and_a_thumb(
    page: Page, served: ServedBoard, place: Callable[[Page, ServedBoard, UUID], None]
) -> None:
    """Nothing scrolls sideways at 360 pixels, and nothing to press is too small for a thumb."""
    ada = given_a_day(served)
    page.set_viewport_size({"width": NARROW, "height": 740})

    place(page, served, ada)

    page.wait_for_load_state()  # words are there before their style sheet is
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
    sticking_out = page.evaluate(
        """(width) => [...document.querySelectorAll("dialog[open] *, main *")]
           .filter((found) => found.checkVisibility() && !found.closest("svg, .unseen"))
           .filter((found) => found.getBoundingClientRect().right > width + 1)
           .map((found) => found.outerHTML.slice(0, 80))""",
        NARROW,
    )
    assert sticking_out == []
    small = page.evaluate(
        """(least) => [...document.querySelectorAll(
             "button, [role=button], summary, select, input:not([type=hidden]):not([type=radio])" +
             ":not([type=checkbox]), .check," +
             " nav a, .choices label, .card h3 a, .card h4 a, .line a")]
           .filter((found) => found.checkVisibility() && !found.closest(".skip"))
           .map((found) => [found.outerHTML.slice(0, 80), found.getBoundingClientRect()])
           .filter(([, box]) => box.height > 1 && (box.height < least || box.width < least))
           .map(([html, box]) => `${html} ${box.width}x${box.height}`)""",
        _LEAST_TARGET,
    )
    assert small == []


@pytest.mark.parametrize("width", [NARROW, PHONE, DESK])
def test_the_whole_name_and_the_whole_hint_are_read(
    page: Page, served: ServedBoard, width: int
) -> None:
    """A longer name goes on in a second line; what can be searched for is never cut off."""
    with served.services.sessions.begin() as session:
        session.execute(update(Brand).values(name="Northside Home Services"))
    given_a_day(served)
    page.set_viewport_size({"width": width, "height": 740})

    page.goto(f"{served.url}/board")

    brand, field = page.locator(".top .brand"), page.locator("#q")
    assert brand.evaluate("(name) => name.scrollWidth <= name.clientWidth")
    assert brand.evaluate("(name) => name.scrollHeight <= name.clientHeight")
    room, hint = field.evaluate(
        """(field) => {
             const style = getComputedStyle(field);
             const pen = document.createElement("canvas").getContext("2d");
             pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
             const sides = parseFloat(style.paddingLeft) + parseFloat(style.paddingRight);
             return [field.clientWidth - sides, pen.measureText(field.placeholder).width];
           }"""
    )
    assert hint <= room


@pytest.mark.parametrize("width", [PHONE, 1024, DESK])
def test_what_may_be_pressed_is_read_in_a_narrow_column(
    page: Page, served: ServedBoard, width: int
) -> None:
    """With four technicians out, *Running late* stood a letter to a line."""
    for nth, technician in enumerate(("Sam", "Maria", "Tom", "Lou")):
        given_visit(
            served, f"Ada{nth} Park", hours=3, phone=f"+1206555011{nth}", technician=technician
        )
    page.set_viewport_size({"width": width, "height": 740})

    page.goto(f"{served.url}/board")

    buttons = page.get_by_role("button", name="Running late").all()
    assert len(buttons) == 4
    for button in buttons:
        box = button.bounding_box()
        assert box is not None
        assert box["width"] > 2 * box["height"]
