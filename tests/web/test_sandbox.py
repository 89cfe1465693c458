"""The sandbox: what went out, on phones and in mailboxes, for the brand's own staff."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from notifier.booking import NewPerson
from notifier.domain.facts import FactType
from notifier.links import message_token
from notifier.services import Services
from notifier.staff import add_staff, make_sign_in_link
from notifier.store.engine import reading
from notifier.store.tables import (
    Brand,
    ContactPoint,
    Message,
    Person,
    Reply,
    SandboxItem,
    Sender,
    Suppression,
)
from tests.fakes.clock import FakeClock
from tests.services import PUBLIC_URL, given_brand
from tests.web.pages import ADA, WINDOW, deliver, given_visit, plain, sandbox_services, say


@pytest.fixture
def services(sessions: sessionmaker[Session], clock: FakeClock) -> Services:
    """Return services whose messages arrive."""
    return sandbox_services(sessions, clock)


@pytest.fixture
def brand(services: Services) -> Brand:
    """Return a live brand with a number and an address of its own."""
    made = given_brand(services)
    with services.sessions.begin() as session:
        for channel, address in (("sms", made.phone), ("email", "hello@example.com")):
            session.add(
                Sender(
                    id=services.ids(),
                    brand_id=made.id,
                    channel=channel,
                    provider="sandbox",
                    address=address,
                )
            )
    return made


def _sign_in(client: FlaskClient, services: Services, brand_id: UUID) -> None:
    client.application.config["WTF_CSRF_ENABLED"] = False
    link = make_sign_in_link(services, add_staff(services, brand_id, "Robin", "r@example.com"))
    assert client.post(link.removeprefix(PUBLIC_URL)).status_code == 303


def _phone_of(services: Services, job: UUID) -> UUID:
    with reading(services.sessions) as session:
        return session.scalars(
            select(Message.contact_point_id).where(
                Message.job_id == job, Message.contact_point_id.is_not(None)
            )
        ).first() or UUID(int=0)


def test_a_text_arrives_on_its_phone_with_its_link(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """Late by 45 minutes: the words as sent, and the link leads to the customer's page."""
    job = given_visit(services, brand.id)
    say(services, brand.id, job, FactType.DELAYED, minutes=45)
    _sign_in(client, services, brand.id)

    response = client.get("/sandbox")

    page = plain(response.text)
    assert "Ada Park" in page
    assert "will be late" in page
    link = re.search(rf'href="{PUBLIC_URL}(/s/[\w-]+)"', response.text)
    assert link is not None
    assert client.get(link[1]).status_code == 200
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]


def test_a_technicians_question_arrives_with_the_link_to_their_day(
    client: FlaskClient, services: Services, clock: FakeClock, brand: Brand
) -> None:
    """Their link is as real as a customer's, in what we text back as well."""
    sam = "+12065550177"
    for reference in ("JOB-1", "JOB-2"):
        given_visit(services, brand.id, reference=reference, technician_phone=sam)
    clock.set(WINDOW.end - timedelta(minutes=30))
    deliver(services)
    _sign_in(client, services, brand.id)
    with reading(services.sessions) as session:
        asked = select(Message.contact_point_id).where(Message.rule == "ask_technician")
        phone = session.scalars(asked).first()

    shown = client.get(f"/sandbox/phone/{phone}").text
    answered = client.post(
        f"/sandbox/phone/{phone}/reply", data={"body": "here"}, headers={"HX-Request": "true"}
    ).text

    links = re.findall(rf'href="{PUBLIC_URL}(/day/[\w-]+)"', shown)
    assert len(links) == 2
    assert client.get(links[0]).status_code == 200
    back = answered[answered.index("which one") :]
    assert re.search(rf'href="{PUBLIC_URL}/day/[\w-]+"', back)


def test_what_the_sandbox_took_counts_as_delivered(services: Services, brand: Brand) -> None:
    """The journal's receipt moves the message, as a provider's callback would; once."""
    job = given_visit(services, brand.id)
    say(services, brand.id, job, FactType.DELAYED, minutes=45)

    with reading(services.sessions) as session:
        late = select(Message.status).where(Message.rule == "running_late")
        assert session.scalars(late).all() == ["delivered"]
        assert session.scalar(select(func.count()).select_from(SandboxItem)) == 1


def test_the_sandbox_finds_a_text_by_its_link(services: Services, brand: Brand) -> None:
    """After a crash between sending and settling, the look-up knows that it arrived."""
    job = given_visit(services, brand.id)
    say(services, brand.id, job, FactType.DELAYED, minutes=45)
    with reading(services.sessions) as session:
        late = select(Message.id).where(Message.rule == "running_late")
        message_id = session.scalars(late).one()
    sandbox = services.sms["sandbox"]

    found = sandbox.look_up(
        to="+12065550100",
        link_token=message_token(services.vault, message_id),
        since=services.now(),
    )
    absent = sandbox.look_up(to="+12065550100", link_token="A" * 16, since=services.now())

    assert type(found).__name__ == "LookUpFound"
    assert type(absent).__name__ == "LookUpAbsent"


def test_an_email_is_shown_walled_off(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """Its HTML comes in a frame of its own that runs no script and loads nothing."""
    by_mail = NewPerson(name="Ada Park", email="ada@example.com", zone=ADA.zone)
    job = given_visit(services, brand.id, people=(by_mail,))
    say(services, brand.id, job, FactType.DELAYED, minutes=45)
    _sign_in(client, services, brand.id)

    page = client.get("/sandbox").text
    frame = re.search(r'<iframe[^>]+sandbox="([^"]*)"[^>]+src="([^"]+)"', page)
    assert frame is not None
    assert "allow-scripts" not in frame[1]
    assert "allow-same-origin" not in frame[1]

    email = client.get(frame[2])
    assert "Hello Ada" in plain(email.text)
    assert email.headers["Content-Security-Policy"].startswith("sandbox ")
    assert "script-src" not in email.headers["Content-Security-Policy"]


def test_staff_answer_as_the_customer(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """STOP written on the phone opts out as it would from a real one; HELP is answered."""
    job = given_visit(services, brand.id)
    say(services, brand.id, job, FactType.DELAYED, minutes=45)
    _sign_in(client, services, brand.id)
    path = f"/sandbox/phone/{_phone_of(services, job)}/reply"

    answered = client.post(path, data={"body": "HELP"}, headers={"HX-Request": "true"})
    assert "Reply STOP" in plain(answered.text)
    assert client.post(path, data={"body": "STOP"}).status_code == 303
    assert client.post(path, data={"body": "   "}).status_code == 303

    with reading(services.sessions) as session:
        assert session.scalars(select(Suppression.source)).all() == ["reply"]
        assert session.scalar(select(func.count()).select_from(Reply)) == 2
    assert "STOP" in plain(client.get("/sandbox").text)


def test_a_poll_answers_only_when_something_came(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """204 while the page shows all there is; a new text is sent whole."""
    job = given_visit(services, brand.id)
    say(services, brand.id, job, FactType.DELAYED, minutes=45)
    _sign_in(client, services, brand.id)
    phone = f"/sandbox/phone/{_phone_of(services, job)}"
    seen = re.search(r"seen=(\w+)", client.get(phone).text)
    assert seen is not None
    poll = f"{phone}/bubbles?seen={seen[1]}"
    assert client.get(poll).status_code == 204
    assert client.get("/sandbox/arrivals?known=1").status_code == 204

    say(services, brand.id, job, FactType.DELAYED, minutes=90)

    assert client.get(poll).status_code == 200
    assert client.get("/sandbox/arrivals?known=0").headers["HX-Refresh"] == "true"


def test_the_docked_phone_is_a_fragment_even_before_any_text(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """The board docks a phone beside the job at risk before anything has come."""
    given_visit(services, brand.id)
    _sign_in(client, services, brand.id)
    with reading(services.sessions) as session:
        point = session.scalars(select(ContactPoint.id)).first()

    page = client.get(f"/sandbox/phone/{point}").text

    assert "Nothing has come yet" in page
    assert "<html" not in page


def test_nobody_else_sees_a_brands_phones(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """Not signed in: nothing. Staff of another brand: nothing of this one."""
    job = given_visit(services, brand.id)
    say(services, brand.id, job, FactType.DELAYED, minutes=45)
    phone = _phone_of(services, job)
    for path in ("/sandbox", f"/sandbox/phone/{phone}", f"/sandbox/phone/{phone}/bubbles"):
        assert client.get(path).status_code == 401

    _sign_in(client, services, given_brand(services, slug="south").id)

    assert "Ada" not in client.get("/sandbox").text
    assert client.get(f"/sandbox/phone/{phone}").status_code == 404
    assert client.post(f"/sandbox/phone/{phone}/reply", data={"body": "STOP"}).status_code == 404


def test_an_erased_person_leaves_an_empty_phone(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """Without their key nothing of theirs can be shown."""
    job = given_visit(services, brand.id)
    say(services, brand.id, job, FactType.DELAYED, minutes=45)
    with services.sessions.begin() as session:
        for person in session.scalars(select(Person)):
            person.key = None
    _sign_in(client, services, brand.id)

    page = plain(client.get("/sandbox").text)

    assert "(erased)" in page
    assert "Ada" not in page
