"""The page behind a message's link: what it shows, what can be pressed, and what it keeps quiet."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from threading import Barrier, BrokenBarrierError
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from notifier.booking import NewPerson
from notifier.customers.status_actions import ask_for_call
from notifier.domain.facts import FactSource, FactType, PromiseKind
from notifier.domain.ledger.endings import Ending
from notifier.domain.messages import Role
from notifier.domain.reasons import Reason
from notifier.domain.windows import OFF, UNKNOWN, Window, to_json
from notifier.intake import withdraw
from notifier.ledgers import GivenBy, read_ledgers
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Brand, Job, JobPerson, Person, Suppression, Task
from tests.fakes.clock import FakeClock
from tests.web.pages import (
    ADA,
    WINDOW,
    facts_of,
    given_visit,
    link_of,
    message_links,
    plain,
    press,
    sandbox_services,
    say,
    show,
)


@pytest.fixture
def services(sessions: sessionmaker[Session], clock: FakeClock) -> Services:
    """Return services whose messages arrive."""
    return sandbox_services(sessions, clock)


def _told(services: Services, job_id: UUID) -> object:
    with reading(services.sessions) as session:
        return session.scalar(select(JobPerson.told).where(JobPerson.job_id == job_id))


def _open_calls(services: Services, job_id: UUID) -> int:
    with reading(services.sessions) as session:
        return (
            session.scalar(
                select(func.count())
                .select_from(Task)
                .where(Task.job_id == job_id, Task.kind == "call", Task.done_at.is_(None))
            )
            or 0
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


def test_looking_changes_nothing_and_leaves_no_cookie(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """A link preview may fetch every page there is; nobody is told, agreed or stopped by it."""
    job = given_visit(services, brand.id)
    link = link_of(services, job)

    for path in (link, f"{link}/stop", link):
        response = client.get(path)
        assert "Set-Cookie" not in response.headers
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in response.headers["X-Robots-Tag"]
        assert "script-src" not in response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]

    assert facts_of(services, job) == []
    with reading(services.sessions) as session:
        assert session.scalar(select(func.count()).select_from(Suppression)) == 0
        assert session.scalar(select(func.count()).select_from(Task)) == 0


def test_no_address_number_or_surname_is_on_the_page(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """A forwarded link gives away no more than a first name."""
    job = given_visit(services, brand.id)
    say(services, brand.id, job, FactType.EN_ROUTE)

    html = client.get(link_of(services, job)).text

    for secret in ("Park", "Rivera", "Pine Street", "5550100", "ada@example.com", "JOB-1"):
        assert secret not in html
    assert "Sam is on the way" in plain(html)
    assert ">206-555-0199</a>" in html  # as in the texts, and as people there dial it


def test_the_technician_is_named_only_on_the_way(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """Before they set out, who comes may still change."""
    assert "Sam" not in show(client, link_of(services, given_visit(services, brand.id)))


def test_a_link_that_nobody_has_says_nothing(client: FlaskClient, brand: Brand) -> None:
    """An unknown token is a kind page with nothing to learn from, on every path."""
    for path in ("/s/AAAAAAAAAAAAAAAA", "/s/x/stop", "/s/" + "a" * 300):
        response = client.get(path)
        assert response.status_code == 404
        assert "can’t find that page" in response.text
        assert brand.name not in response.text
    assert client.post("/s/AAAAAAAAAAAAAAAA/here").status_code == 404


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


def test_a_late_time_that_suits_is_given_and_the_promise_stays(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """*That suits* on a late time tells us they know; what was agreed is not rewritten."""
    job = given_visit(services, brand.id)
    say(services, brand.id, job, FactType.DELAYED, minutes=45)
    link, late = link_of(services, job), WINDOW.shifted(45)

    assert [press(client, link, "suits", late) for _ in range(2)] == [303, 303]

    page = show(client, link)
    assert "this time suits you" in page
    assert "That suits" not in page
    assert facts_of(services, job)[1:] == [("accepted", "customer")]
    with reading(services.sessions) as session:
        assert session.get_one(Job, job).agreed == to_json(WINDOW)


def test_an_offer_is_asked_accepted_and_then_agreed(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """Late and told, then on time after all: the page keeps the told time until they accept."""
    job = given_visit(services, brand.id)
    say(services, brand.id, job, FactType.DELAYED, minutes=60)
    say(services, brand.id, job, FactType.DELAYED, minutes=0)
    link = link_of(services, job)

    page = show(client, link)
    assert "running late: today, 12:00–2:00 PM" in page
    assert "We could come today, 11:00 AM–1:00 PM" in page
    assert press(client, link, "suits", WINDOW) == 303

    assert _told(services, job) == to_json(WINDOW)
    assert "planned for today, 11:00 AM–1:00 PM" in show(client, link)
    assert press(client, link, "suits", WINDOW) == 303
    assert len(facts_of(services, job)) == 3


def test_a_lapsed_offer_cannot_be_accepted(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """They press what an old page still showed: nothing happens, and a sentence says so."""
    job = given_visit(services, brand.id)
    say(services, brand.id, job, FactType.DELAYED, minutes=60)
    say(services, brand.id, job, FactType.DELAYED, minutes=0)
    say(services, brand.id, job, FactType.DELAYED, minutes=60)
    link = link_of(services, job)

    response = client.post(
        f"{link}/suits",
        data={"start": WINDOW.start.isoformat(), "end": WINDOW.end.isoformat()},
    )

    assert response.status_code == 409
    assert "that time is no longer open" in response.text
    assert facts_of(services, job)[3:] == []
    assert press(client, link, "suits") == 409  # a button without its window is no answer


def test_an_offer_that_does_not_suit_leaves_what_was_told(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """Declined: the told time stands, and they are not asked again."""
    job = given_visit(services, brand.id)
    say(services, brand.id, job, FactType.DELAYED, minutes=60)
    say(services, brand.id, job, FactType.DELAYED, minutes=0)
    link = link_of(services, job)

    assert press(client, link, "does-not-suit", WINDOW) == 303

    page = show(client, link)
    assert "doesn’t suit you" in page
    assert "That suits" not in page
    assert _told(services, job) == to_json(WINDOW.shifted(60))


def test_call_me_is_one_promise_that_the_engine_watches(
    client: FlaskClient, services: Services, brand: Brand, clock: FakeClock
) -> None:
    """Pressed three times it is one call within the hour, in the ledger and on the board."""
    job = given_visit(services, brand.id)
    link = link_of(services, job)

    assert {press(client, link, "call") for _ in range(3)} == {303}

    assert facts_of(services, job) == [("promised", "customer")]
    assert _open_calls(services, job) == 1
    page = show(client, link)
    assert "We ring you by 10:00 AM" in page
    assert "Call me" not in page
    with reading(services.sessions) as session:
        (ledger,) = read_ledgers(session, [job], now=clock())
    (call,) = [view for view in ledger.people[0].promises if view.entry.moment is not None]
    assert (call.entry.what, call.ending) == (PromiseKind.CALL_BACK, Ending.OPEN)
    assert ledger.given_by(call) is GivenBy.ASKED


def test_two_presses_at_once_are_one_call(
    services: Services, brand: Brand, clock: FakeClock
) -> None:
    """Both have read the page before either was recorded; the second waits for the first."""
    job = given_visit(services, brand.id)
    token = link_of(services, job).removeprefix("/s/")
    together = Barrier(2)

    def now_together() -> datetime:
        with suppress(BrokenBarrierError):  # the one that has the lock goes on alone
            together.wait(timeout=0.5)
        return clock()

    at_once = replace(services, now=now_together)
    with ThreadPoolExecutor(2) as taps:
        assert list(taps.map(lambda _: ask_for_call(at_once, token), range(2))) == [None, None]
    assert facts_of(services, job) == [("promised", "customer")]


def test_a_call_that_nobody_made_is_owed_until_somebody_speaks_to_them(
    client: FlaskClient, services: Services, brand: Brand, clock: FakeClock
) -> None:
    """Asking again puts nothing off; *I spoke to them* ends it, and they can ask anew."""
    job = given_visit(services, brand.id)
    link = link_of(services, job)
    press(client, link, "call")
    clock.advance(hours=1, minutes=1)
    assert "We promised to ring you by 10:00 AM" in show(client, link)
    assert press(client, link, "call") == 303
    assert len(facts_of(services, job)) == 1

    say(services, brand.id, job, FactType.SPOKEN_TO)
    assert _open_calls(services, job) == 0
    clock.advance(minutes=1)
    assert press(client, link, "call") == 303
    assert "We ring you by 11:15 AM" in show(client, link)


def test_asking_for_a_call_keeps_no_promise_of_news(
    client: FlaskClient, services: Services, brand: Brand, clock: FakeClock
) -> None:
    """They were promised news by ten, and want to talk: nobody has spoken to them yet."""
    job = given_visit(services, brand.id)
    say(services, brand.id, job, FactType.DELAYED, expected=UNKNOWN)
    clock.advance(minutes=1)
    link = link_of(services, job)
    assert press(client, link, "call") == 303
    page = show(client, link)
    assert "You hear from us next by 10:00 AM" in page
    assert "We ring you by 10:15 AM" in page


def test_at_night_a_call_is_promised_for_the_morning(
    client: FlaskClient, services: Services, brand: Brand, clock: FakeClock
) -> None:
    """Asked for at ten in the evening: within the first hour after eight."""
    tomorrow = WINDOW.shifted(24 * 60)
    link = link_of(services, given_visit(services, brand.id, window=tomorrow))
    clock.advance(hours=13)
    assert press(client, link, "call") == 303
    assert "We ring you by 9:00 AM tomorrow" in show(client, link)


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


def test_the_page_of_someone_erased_shows_only_that_it_ended(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """Their key is gone: the link still answers, with nothing of theirs."""
    job = given_visit(services, brand.id)
    link = link_of(services, job)
    with services.sessions.begin() as session:
        for person in session.scalars(select(Person)):
            person.key = None

    page = show(client, link)

    assert "nothing more to show" in page
    assert "Boiler" not in page


def test_people_who_share_a_phone_see_their_own_job_only(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """Two customers, one number: each link opens its own job, and pressing moves only that."""
    ada = given_visit(services, brand.id)
    ben = given_visit(
        services,
        brand.id,
        reference="JOB-2",
        service="Drain cleaning",
        people=(NewPerson(name="Ben Park", phone=ADA.phone, zone=ADA.zone),),
    )
    say(services, brand.id, ben, FactType.DELAYED, minutes=45)

    assert "Drain" not in show(client, link_of(services, ada))
    assert press(client, link_of(services, ben), "call") == 303
    assert _open_calls(services, ada) == 0


def test_only_the_customer_is_asked(client: FlaskClient, services: Services, brand: Brand) -> None:
    """A second contact reads the same time and can call, but does not answer for the customer."""
    partner = NewPerson(role=Role.SECOND_CONTACT, name="Kim", phone="+12065550103", zone=ADA.zone)
    job = given_visit(services, brand.id, people=(ADA, partner))
    say(services, brand.id, job, FactType.DELAYED, minutes=45)

    page = show(client, link_of(services, job, Role.SECOND_CONTACT))

    assert "11:45 AM–1:45 PM" in page
    assert "That suits" not in page
    assert "Call me" in page


def test_the_page_may_be_ahead_of_the_text(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """Whoever looks now gets what we believe now, though the text still waits for its undo."""
    job = given_visit(services, brand.id)
    say(services, brand.id, job, FactType.DELAYED, minutes=45, hold_seconds=600)

    assert "11:45 AM–1:45 PM" in show(client, link_of(services, job))
