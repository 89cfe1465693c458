"""A day at the board: who was booked, who is late, and what is pressed about them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from playwright.sync_api import Page, expect

from notifier.booking import NewAppointment, NewPerson, book
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import Role
from notifier.domain.windows import UNKNOWN, Window
from notifier.intake import NewFact, record
from tests.browser.conftest import ServedBoard

PHONE, NARROW, DESK = 390, 360, 1280  # CSS pixels


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
