"""The technician's day: a link without a login, a thumb's taps as facts, and taking them back."""

from __future__ import annotations

import re
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from notifier.domain.facts import FactType
from notifier.domain.windows import to_json
from notifier.errors import NotFound
from notifier.planner import look_again
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Brand, DayLink, Job, Message
from notifier.technicians.day_links import make_day_link, revoke_day_links
from tests.fakes.clock import FakeClock
from tests.services import PUBLIC_URL, given_brand
from tests.web.pages import (
    WINDOW,
    deliver,
    facts_of,
    given_visit,
    plain,
    sandbox_services,
    say,
)

DAY = date(2026, 11, 23)


@pytest.fixture
def services(sessions: sessionmaker[Session], clock: FakeClock) -> Services:
    """Return services whose messages arrive."""
    return sandbox_services(sessions, clock)


@pytest.fixture
def job(services: Services, brand: Brand) -> UUID:
    """Return Sam's one visit of the day."""
    return given_visit(services, brand.id)


@pytest.fixture
def link(services: Services, brand: Brand, job: UUID) -> str:
    """Return the path of Sam's day."""
    return make_day_link(services, brand.id, _sam(services, job), DAY).removeprefix(PUBLIC_URL)


def _sam(services: Services, job: UUID) -> UUID:
    with reading(services.sessions) as session:
        found = session.get_one(Job, job).technician_id
    assert found is not None
    return found


def _tap(client: FlaskClient, link: str, job: UUID, act: str, **form: str) -> int:
    return client.post(f"{link}/visits/{job}/{act}", data=form).status_code


def _undo(client: FlaskClient, link: str, job: UUID) -> int:
    found = re.search(r'name="fact" value="([^"]+)"', client.get(link).text)
    assert found, "no undo is offered"
    return _tap(client, link, job, "undo", fact=found[1])


def _late_texts(services: Services) -> list[str]:
    """Return what became of the texts about running late."""
    with reading(services.sessions) as session:
        return list(session.scalars(select(Message.status).where(Message.rule == "running_late")))


def test_the_day_shows_what_is_needed_at_the_door(client: FlaskClient, link: str) -> None:
    """Hours, service, address, a first name and a number to ring; no surname."""
    response = client.get(link)
    page = plain(response.text)

    for words in ("Sam Rivera", "Monday 23 November", "11:00 AM–1:00 PM", "1200 Pine Street"):
        assert words in page
    assert 'href="tel:+12065550100"' in response.text
    assert "206-555-0199" in page  # the office, as people there dial it
    assert "Park" not in page
    assert "Set-Cookie" not in response.headers
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"


def test_only_this_technicians_visits_of_this_day_are_there_in_order(
    client: FlaskClient, services: Services, brand: Brand, link: str
) -> None:
    """Another technician's and tomorrow's visits are not; an earlier one comes first."""
    given_visit(
        services, brand.id, reference="J-2", service="First job", window=WINDOW.shifted(-120)
    )
    given_visit(services, brand.id, reference="J-3", service="Not mine", technician="Priya")
    given_visit(
        services, brand.id, reference="J-4", service="Tomorrow", window=WINDOW.shifted(24 * 60)
    )

    page = plain(client.get(link).text)

    assert page.index("First job") < page.index("Boiler repair")
    assert "Not mine" not in page
    assert "Tomorrow" not in page


def test_a_visit_goes_on_my_way_here_done(
    client: FlaskClient, services: Services, link: str, job: UUID
) -> None:
    """Three taps are three facts of the technician; a second tap on one changes nothing."""
    for act in ("on_my_way", "on_my_way", "here", "done", "done"):
        assert _tap(client, link, job, act) == 303

    assert facts_of(services, job) == [
        ("en_route", "technician"),
        ("arrived", "technician"),
        ("completed", "technician"),
    ]
    assert "1 of 1 done" in plain(client.get(link).text)


def test_late_waits_a_moment_and_can_be_undone(
    client: FlaskClient, services: Services, clock: FakeClock, link: str, job: UUID
) -> None:
    """30 minutes by a slip of the thumb: shown, taken back, and nobody ever hears of it."""
    assert _tap(client, link, job, "late", minutes="30", reason="traffic") == 303
    deliver(services)
    page = plain(client.get(link).text)
    assert "30 minutes late, now 11:30 AM–1:30 PM" in page
    assert _late_texts(services) == ["planned"]

    assert _undo(client, link, job) == 303
    clock.advance(minutes=1)
    deliver(services)

    with reading(services.sessions) as session:
        assert session.get_one(Job, job).expected == to_json(WINDOW)
    assert _late_texts(services) == ["superseded"]


def test_late_goes_out_after_the_moment(
    client: FlaskClient, services: Services, clock: FakeClock, link: str, job: UUID
) -> None:
    """Left alone, the customer hears the new time."""
    _tap(client, link, job, "late", minutes="45")
    clock.advance(seconds=20)
    deliver(services)

    assert _late_texts(services) == ["delivered"]


def test_fifteen_more_is_after_what_is_known_by_now(
    client: FlaskClient, services: Services, brand: Brand, link: str, job: UUID
) -> None:
    """40 late of the office was told: 15 is 55 in all, once, however often it is tapped."""
    say(services, brand.id, job, FactType.DELAYED, minutes=40)
    page = plain(client.get(link).text)
    assert "15 min 11:55 AM–1:55 PM" in page

    for _ in range(2):
        assert _tap(client, link, job, "late", minutes="15") == 303
        with reading(services.sessions) as session:
            assert session.get_one(Job, job).expected == to_json(WINDOW.shifted(55))
    assert "55 minutes late, now 11:55 AM–1:55 PM" in plain(client.get(link).text)


def test_a_start_that_has_passed_is_on_no_button_and_in_no_answer(
    client: FlaskClient, clock: FakeClock, link: str, job: UUID
) -> None:
    """15 late at 11:20 for 11 to 1 is by 1:15: nobody can still be there from 11:15."""
    clock.set(WINDOW.start + timedelta(minutes=20))
    page = plain(client.get(link).text)
    assert "15 min by 1:15 PM 30 min 11:30 AM–1:30 PM" in page

    _tap(client, link, job, "late", minutes="15")

    page = plain(client.get(link).text)
    assert "15 minutes late, now by 1:15 PM" in page
    assert "11:15" not in page


def test_another_tap_replaces_the_first(
    client: FlaskClient, services: Services, link: str, job: UUID
) -> None:
    """15, and a moment later 30: half an hour late, not three quarters."""
    _tap(client, link, job, "late", minutes="15")
    _tap(client, link, job, "late", minutes="30")

    with reading(services.sessions) as session:
        assert session.get_one(Job, job).expected == to_json(WINDOW.shifted(30))


def test_dont_know_and_cant_invent_nothing(
    client: FlaskClient, services: Services, link: str, job: UUID
) -> None:
    """*Don't know* is unknown, *can't come* is off, and a made-up number of minutes is neither."""
    assert _tap(client, link, job, "late", minutes="7") == 409
    assert _tap(client, link, job, "late") == 409
    assert facts_of(services, job) == []

    assert _tap(client, link, job, "late", minutes="unknown") == 303
    with reading(services.sessions) as session:
        assert session.get_one(Job, job).expected == "unknown"

    assert _tap(client, link, job, "cannot", reason="vehicle") == 303
    with reading(services.sessions) as session:
        assert session.get_one(Job, job).expected == "off"
    assert "you can’t come today" in plain(client.get(link).text)
    assert _undo(client, link, job) == 303


def test_a_link_is_for_its_own_visits_only(
    client: FlaskClient, services: Services, brand: Brand, link: str
) -> None:
    """Somebody else's visit can't be moved through it, nor one of another brand."""
    other = given_visit(services, brand.id, reference="J-9", technician="Priya")
    elsewhere = given_visit(services, given_brand(services, slug="south").id, reference="J-10")

    assert _tap(client, link, other, "done") == 404
    assert _tap(client, link, elsewhere, "done") == 404
    assert facts_of(services, other) == []


def test_undo_takes_back_only_what_this_link_said_last(
    client: FlaskClient, services: Services, link: str, job: UUID
) -> None:
    """An id from elsewhere, or nonsense, undoes nothing."""
    _tap(client, link, job, "on_my_way")

    assert _tap(client, link, job, "undo", fact=str(UUID(int=7))) == 409
    assert _tap(client, link, job, "undo", fact="x") == 409
    assert facts_of(services, job) == [("en_route", "technician")]


def test_a_link_taken_back_says_so(
    client: FlaskClient, services: Services, brand: Brand, link: str, job: UUID
) -> None:
    """Revoked on every path, for reading and for tapping."""
    assert revoke_day_links(services, brand.id, _sam(services, job), DAY) == 1

    response = client.get(link)
    assert response.status_code == 410
    assert "taken back" in response.text
    assert _tap(client, link, job, "done") == 410
    assert facts_of(services, job) == []


def test_a_day_that_is_over_says_so(client: FlaskClient, clock: FakeClock, link: str) -> None:
    """It still works after midnight for a late visit, and not the next morning."""
    clock.advance(hours=17)
    assert client.get(link).status_code == 200
    clock.advance(hours=3)
    response = client.get(link)
    assert response.status_code == 410
    assert "This day is over" in response.text


def test_unknown_links_and_foreign_technicians_are_refused(
    client: FlaskClient, services: Services, brand: Brand, job: UUID, link: str
) -> None:
    """No token, no page; and nobody makes a link for another brand's technician."""
    assert client.get("/day/nothing").status_code == 404
    assert _tap(client, link, job, "explode") == 404
    south = given_brand(services, slug="south")
    with pytest.raises(NotFound):
        make_day_link(services, south.id, _sam(services, job), DAY + timedelta(days=1))


def test_the_token_is_not_stored(services: Services, link: str) -> None:
    """Who reads the database opens nobody's day."""
    token = link.rpartition("/")[2].encode()
    with reading(services.sessions) as session:
        stored = session.scalars(select(DayLink.token_hash)).one()
    assert token not in stored


def test_a_visit_that_was_asked_about_stands_on_top(
    client: FlaskClient, services: Services, brand: Brand, clock: FakeClock
) -> None:
    """They are still at the first; the second was asked about: it is first, with its taps."""
    first = given_visit(services, brand.id, reference="JOB-1", technician_phone="+12065550177")
    later = given_visit(
        services, brand.id, reference="JOB-2", window=WINDOW.shifted(60), service="Gas check"
    )
    say(services, brand.id, first, FactType.ARRIVED)
    path = make_day_link(services, brand.id, _sam(services, later), DAY).removeprefix(PUBLIC_URL)
    assert "No clear word" not in plain(client.get(path).text)
    clock.set(WINDOW.shifted(60).end - timedelta(minutes=45))
    look_again(services)
    deliver(services)

    page = plain(client.get(path).text)

    assert page.index("No clear word") < page.index("11:00 AM–1:00 PM")
    for words in ("Where are you?", "15 min late", "30 min late", "Can’t come"):
        assert words in page
    assert _tap(client, path, later, "late", minutes="15") == 303
    assert "No clear word" not in plain(client.get(path).text)
