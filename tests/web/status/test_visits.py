"""The page behind a message's link: what it shows of a visit, whatever the link's message said."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from notifier.domain.facts import FactSource, FactType
from notifier.domain.reasons import Reason
from notifier.domain.windows import OFF, UNKNOWN, Window
from notifier.intake import withdraw
from notifier.services import Services
from notifier.store.tables import Brand
from tests.fakes.clock import FakeClock
from tests.web.pages import (
    WINDOW,
    facts_of,
    given_visit,
    link_of,
    message_links,
    press,
    say,
    show,
)


def test_a_visit_on_time_shows_its_window_and_nothing_to_agree_to(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """Two hours before: the promise, as promised, *call me*, and no talk of other times."""
    link = link_of(services, given_visit(services, brand.id))

    page = show(client, link)

    assert "Your visit is planned for today, 11:00 AM–1:00 PM" in page
    assert "We now expect as promised" in page
    assert "Call me" in page
    assert "That suits" not in page


def test_a_late_visit_shows_old_and_new_time_and_why(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """45 minutes late for traffic: all three are on the page, and the customer can answer."""
    job = given_visit(services, brand.id)
    say(services, brand.id, job, FactType.DELAYED, minutes=45, reason=Reason.TRAFFIC)

    page = show(client, link_of(services, job))

    assert "we are running late: today, 11:45 AM–1:45 PM" in page
    assert "We promised today, 11:00 AM–1:00 PM" in page
    assert "45 minutes later than promised. The reason: heavy traffic" in page
    assert "That suits" in page


def test_he_is_here_is_offered_around_the_visit_and_harmless_twice(
    client: FlaskClient, services: Services, brand: Brand, clock: FakeClock
) -> None:
    """Not the evening before; at the door it is one fact, however often it is pressed."""
    job = given_visit(services, brand.id, window=Window(WINDOW.start, WINDOW.end).shifted(10 * 60))
    link = link_of(services, job)
    assert "technician is here" not in show(client, link)
    assert press(client, link, "here") == 409

    clock.advance(hours=12)
    assert "technician is here" in show(client, link)
    assert [press(client, link, "here") for _ in range(2)] == [303, 303]

    assert facts_of(services, job) == [("arrived", "customer")]
    assert "We are with you now" in show(client, link)


def test_an_old_link_shows_what_holds_now(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """The link of the first late text, opened after the second, shows the second time."""
    job = given_visit(services, brand.id)
    say(services, brand.id, job, FactType.DELAYED, minutes=45)
    say(services, brand.id, job, FactType.DELAYED, minutes=90)

    for link in message_links(services, job):
        assert "12:30–2:30 PM" in show(client, link)


def test_nobody_knows_and_when_they_hear_next(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """Unknown is said as unknown, with the moment that the text promised."""
    job = given_visit(services, brand.id)
    say(services, brand.id, job, FactType.DELAYED, expected=UNKNOWN)

    page = show(client, link_of(services, job))

    assert "We have no new time yet" in page
    assert "You hear from us next by 10:00 AM" in page
    assert "That suits" not in page


def test_not_today_is_said_plainly(client: FlaskClient, services: Services, brand: Brand) -> None:
    """Off: the page apologises and offers a call."""
    job = given_visit(services, brand.id)
    say(services, brand.id, job, FactType.DELAYED, expected=OFF)

    page = show(client, link_of(services, job))

    assert "We are not coming today" in page
    assert "Call me" in page


def test_another_day_is_a_question(client: FlaskClient, services: Services, brand: Brand) -> None:
    """Moved to tomorrow without asking: the page asks, and the answer is for that window."""
    job = given_visit(services, brand.id)
    tomorrow = WINDOW.shifted(24 * 60)
    say(services, brand.id, job, FactType.RESCHEDULED, window=tomorrow, agreed=False)
    link = link_of(services, job)

    assert "Can we come at another time? tomorrow, 11:00 AM–1:00 PM" in show(client, link)
    assert press(client, link, "suits", tomorrow) == 303
    assert "planned for tomorrow, 11:00 AM–1:00 PM" in show(client, link)


def test_a_mistake_taken_back_is_no_offer(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """Late by mistake, then withdrawn: the page simply shows the right time again."""
    job = given_visit(services, brand.id)
    fact = say(services, brand.id, job, FactType.DELAYED, minutes=45)
    withdraw(services, brand.id, job, fact, source=FactSource.STAFF, actor="staff:test")

    page = show(client, link_of(services, job))

    assert "planned for today, 11:00 AM–1:00 PM" in page
    assert "We could come" not in page


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        (FactType.COMPLETED, "This visit is done"),
        (FactType.CANCELLED, "This visit was cancelled"),
        (FactType.MISSED, "This visit did not take place"),
    ],
)
def test_a_finished_visit_shows_its_end(
    client: FlaskClient,
    services: Services,
    brand: Brand,
    clock: FakeClock,
    fact: FactType,
    said: str,
) -> None:
    """The end is said without blame; days later nothing can be pressed any more."""
    job = given_visit(services, brand.id)
    clock.set(WINDOW.end)
    say(services, brand.id, job, fact)
    link = link_of(services, job)

    assert said in show(client, link)
    clock.advance(days=5)
    assert "Call me" not in show(client, link)
    assert press(client, link, "call") == 409
    assert press(client, link, "here") in (303, 409)
    assert len(facts_of(services, job)) == 1


def test_the_page_may_be_ahead_of_the_text(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """Whoever looks now gets what we believe now, though the text still waits for its undo."""
    job = given_visit(services, brand.id)
    say(services, brand.id, job, FactType.DELAYED, minutes=45, hold_seconds=600)

    assert "11:45 AM–1:45 PM" in show(client, link_of(services, job))
