"""The board in a real browser: the first five minutes, and what must never get in the way."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy import update

from notifier.booking import NewAppointment, NewPerson, book
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import MessageStatus, Role, WhyNot
from notifier.domain.windows import UNKNOWN, Window
from notifier.intake import NewFact, record
from notifier.store.tables import Brand, Message
from tests.browser.conftest import ServedBoard

pytestmark = pytest.mark.browser

PHONE, NARROW, DESK = 390, 360, 1280
_LEAST_TARGET = 44  # CSS pixels, both ways
_POLL = 8_000  # milliseconds: a poll and a slow machine


def given_visit(
    served: ServedBoard, name: str, *, hours: float, phone: str | None, technician: str = "Sam"
) -> UUID:
    """Book a visit of two hours that starts so many hours from now."""
    start = served.clock() + timedelta(hours=hours)
    new = NewAppointment(
        reference=f"JOB-{name.split()[0]}",
        service="Boiler repair",
        technician=technician,
        window=Window(start, start + timedelta(hours=2)),
        address="1200 Pine St, Seattle",
        people=(
            NewPerson(
                role=Role.CUSTOMER, name=name, phone=phone, email=None, zone=None, locale=None
            ),
        ),
    )
    before = served.clock() - timedelta(hours=20)
    return book(
        served.services,
        served.brand.id,
        new,
        source=FactSource.API,
        actor="key:tests",
        occurred_at=before,
    ).job_id


def given_a_day(served: ServedBoard) -> UUID:
    """Book Ada, of whom nobody has heard; Ben, late and told; Carla, whom nothing reaches."""
    ada = given_visit(served, "Ada Park", hours=-0.5, phone="+12065550100")
    ben = given_visit(served, "Ben Ortiz", hours=2, phone="+12065550101", technician="Maria")
    carla = given_visit(served, "Carla Stein", hours=3, phone=None, technician="Maria")
    dev = given_visit(served, "Dev Shah", hours=4, phone="+12065550103", technician="Tom")
    served.deliver()
    say(served, ben, minutes=45)
    say(served, carla, minutes=60)
    say(served, dev, unknown=True)
    served.deliver()
    return ada


def say(
    served: ServedBoard, job_id: UUID, *, minutes: int | None = None, unknown: bool = False
) -> None:
    """Record lateness from somewhere else than the board."""
    new = NewFact(
        type=FactType.DELAYED,
        source=FactSource.TECHNICIAN,
        actor="day_link:tests",
        minutes=minutes,
        expected=UNKNOWN if unknown else None,
    )
    record(served.services, served.brand.id, job_id, new)


def open_sheet(page: Page, name: str) -> None:
    """Press *Running late* on a customer's card."""
    card = page.locator(".needs article", has_text=name)
    card.get_by_role("button", name="Running late").click()
    expect(page.locator("#sheet")).to_be_visible()


def choose_late(page: Page, minutes: int) -> None:
    """Choose how late, and wait for the words that would go out."""
    page.check(f'input[type="radio"][name="late"][value="{minutes}"]')
    expect(page.locator(".confirm")).to_be_visible()


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
