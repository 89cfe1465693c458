"""Who opens the page learns what is theirs to know, and looking leaves no trace."""

from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy import func, select

from notifier.booking import NewPerson
from notifier.domain.facts import FactType
from notifier.domain.messages import Role
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Brand, Person, Suppression, Task
from tests.web.pages import (
    ADA,
    facts_of,
    given_visit,
    link_of,
    open_calls,
    plain,
    press,
    say,
    show,
)


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
    assert open_calls(services, ada) == 0


def test_only_the_customer_is_asked(client: FlaskClient, services: Services, brand: Brand) -> None:
    """A second contact reads the same time and can call, but does not answer for the customer."""
    partner = NewPerson(role=Role.SECOND_CONTACT, name="Kim", phone="+12065550103", zone=ADA.zone)
    job = given_visit(services, brand.id, people=(ADA, partner))
    say(services, brand.id, job, FactType.DELAYED, minutes=45)

    page = show(client, link_of(services, job, Role.SECOND_CONTACT))

    assert "11:45 AM–1:45 PM" in page
    assert "That suits" not in page
    assert "Call me" in page
