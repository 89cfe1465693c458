"""The pages behind links, as phones show them: nothing sticks out, everything can be pressed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from notifier.domain.facts import FactType
from notifier.domain.reasons import Reason
from notifier.domain.windows import OFF, UNKNOWN
from notifier.store.engine import reading
from notifier.store.tables import Job
from notifier.technicians.day_links import make_day_link
from tests.browser.conftest import ServedBoard
from tests.web.pages import WINDOW, deliver, facts_of, given_order, given_visit, link_of, say

pytestmark = pytest.mark.browser

#: CSS pixels: the narrow phone, the usual one, a desk.
WIDTHS = (360, 390, 1280)
#: A thumb needs this much, in CSS pixels. Source: WCAG 2.2, 2.5.5 (enhanced).
THUMB = 44


@pytest.fixture
def phone(chromium: Browser) -> Iterator[Page]:
    """Return a customer's browser: no script, no sign-in, nothing complaining."""
    complaints: list[str] = []
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    opened.on("console", lambda said: complaints.append(said.text))
    yield opened
    assert context.cookies() == []
    context.close()
    assert complaints == []


def _assert_good(page: Page) -> None:
    """At every width: nothing to scroll sideways, buttons for thumbs, no finding of axe."""
    page.wait_for_load_state()  # words are there before their style sheet is
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow == 0, f"{page.url} sticks out by {overflow} px at {width}"
        lines = "e => e.offsetHeight / parseFloat(getComputedStyle(e).fontSize)"
        for hours in page.locator(".whole").all():
            assert hours.evaluate(lines) < 2, f"{hours.inner_text()} is torn at {width}"
        for crossed_out in page.locator("s .whole").all():  # no line enters a block
            assert crossed_out.evaluate("e => getComputedStyle(e).display") == "inline"
        for button in page.get_by_role("button").all():
            box = button.bounding_box()
            assert box is None or (box["height"] >= THUMB and box["width"] >= THUMB)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_status_pages_are_good_on_every_phone(
    served: ServedBoard, phone: Page, scheme: str
) -> None:
    """On time, late, nobody knows, not today, another day, over, done, orders: by day, by night."""
    services, brand = served.services, served.brand
    on_time = given_visit(services, brand.id)
    late = given_visit(services, brand.id, reference="J-2")
    say(services, brand.id, late, FactType.DELAYED, minutes=45, reason=Reason.EARLIER_JOB)
    unknown = given_visit(services, brand.id, reference="J-3")
    say(services, brand.id, unknown, FactType.DELAYED, expected=UNKNOWN)
    off = given_visit(services, brand.id, reference="J-4")
    say(services, brand.id, off, FactType.DELAYED, expected=OFF)
    asked = given_visit(services, brand.id, reference="J-6")
    tomorrow = WINDOW.shifted(24 * 60)
    say(services, brand.id, asked, FactType.RESCHEDULED, window=tomorrow, agreed=False)
    over = given_visit(services, brand.id, reference="J-7", window=WINDOW.shifted(-5 * 60))
    done = given_visit(services, brand.id, reference="J-5")
    say(services, brand.id, done, FactType.COMPLETED)
    order = given_order(services, brand.id)
    overdue = given_order(
        services, brand.id, reference="ORD-2", window=WINDOW.shifted(-5 * 60), parcels=()
    )
    phone.emulate_media(color_scheme="dark" if scheme == "dark" else "light")

    for job in (on_time, late, unknown, off, asked, over, done, order, overdue):
        phone.goto(served.url + link_of(services, job))
        _assert_good(phone)
    phone.goto(f"{served.url}{link_of(services, late)}/stop")
    _assert_good(phone)


def test_a_customer_answers_with_a_thumb(served: ServedBoard, phone: Page) -> None:
    """Late: *that suits*, then *call me*; each press leaves the page saying so."""
    job = given_visit(served.services, served.brand.id)
    say(served.services, served.brand.id, job, FactType.DELAYED, minutes=45)
    phone.goto(served.url + link_of(served.services, job))

    phone.get_by_role("button", name="That suits").click()
    expect(phone.get_by_text("this time suits you")).to_be_visible()
    phone.get_by_role("button", name="Call me").click()
    expect(phone.get_by_text("by 10:00 AM")).to_be_visible()

    said = [("accepted", "customer"), ("promised", "customer")]
    assert facts_of(served.services, job)[1:] == said
    phone.go_back()
    phone.reload()  # whatever they do with the browser's buttons, it was said once
    assert facts_of(served.services, job)[1:] == said


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_technicians_day_is_good_on_every_phone(
    served: ServedBoard, phone: Page, scheme: str
) -> None:
    """The list, *Late* opened, and what was recorded with its undo."""
    job = given_visit(served.services, served.brand.id)
    given_visit(served.services, served.brand.id, reference="J-2", service="Drain cleaning")
    with reading(served.services.sessions) as session:
        technician = session.get_one(Job, job).technician_id
    assert technician is not None
    phone.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    phone.goto(make_day_link(served.services, served.brand.id, technician, date(2026, 11, 23)))
    _assert_good(phone)

    phone.locator("article.next summary", has_text="Late").click()
    _assert_good(phone)
    phone.get_by_role("button", name="30 min").click()
    expect(phone.get_by_text("30 minutes late")).to_be_visible()
    _assert_good(phone)
    phone.get_by_role("button", name="Undo").click()
    expect(phone.get_by_text("30 minutes late")).to_have_count(0)

    deliver(served.services)
    assert facts_of(served.services, job) == [
        ("delayed", "technician"),
        ("withdrawn", "technician"),
    ]


def test_the_sandbox_shows_a_text_as_it_comes_and_takes_an_answer(
    served: ServedBoard, page: Page
) -> None:
    """Signed in: the phone is there after the first text, the second appears by itself."""
    services, brand = served.services, served.brand
    job = given_visit(services, brand.id)
    say(services, brand.id, job, FactType.DELAYED, minutes=45)
    page.goto(f"{served.url}/sandbox")
    expect(page.get_by_text("11:45").first).to_be_visible()
    _assert_good(page)

    say(services, brand.id, job, FactType.DELAYED, minutes=90)
    expect(page.get_by_text("12:30").first).to_be_visible(timeout=15_000)
