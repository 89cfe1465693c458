"""Opting out behind a link: by the page's button, and by a mail program's one click."""

from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy import select

from notifier.booking import NewPerson
from notifier.domain.facts import FactType
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Brand, Message, Suppression
from tests.web.pages import (
    ADA,
    given_visit,
    link_of,
    message_links,
    press,
    say,
    show,
)


def test_stop_closes_the_address_that_the_link_was_sent_to(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """The button stops texts to that number at once; the email address stays open."""
    job = given_visit(services, brand.id)
    say(services, brand.id, job, FactType.DELAYED, minutes=45)
    link = message_links(services, job)[-1]

    assert "Stop texts to this number" in show(client, f"{link}/stop")
    assert {press(client, link, "stop") for _ in range(2)} == {303}

    with reading(services.sessions) as session:
        rows = session.scalars(select(Suppression)).all()
    assert [(row.channel, row.why, row.source) for row in rows] == [
        ("sms", "opted_out", "customer")
    ]
    page = show(client, f"{link}/stop")
    assert "We no longer send texts there" in page
    assert "Stop texts to this number" not in page


def test_one_click_unsubscribing_works_from_a_mail_program(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """RFC 8058: a POST with a fixed body, no page seen, no cookie, no token but the link."""
    by_mail = NewPerson(name="Ada Park", email="ada@example.com", zone=ADA.zone)
    job = given_visit(services, brand.id, people=(by_mail,))
    say(services, brand.id, job, FactType.DELAYED, minutes=45)

    response = client.post(
        f"{message_links(services, job)[-1]}/stop", data={"List-Unsubscribe": "One-Click"}
    )

    assert response.status_code == 303
    with reading(services.sessions) as session:
        assert session.scalars(select(Suppression.channel)).all() == ["email"]


def test_after_stop_nothing_more_goes_to_that_number(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """What was owed by text goes by email instead."""
    job = given_visit(services, brand.id)
    link = link_of(services, job)
    client.post(f"{link}/stop", data={"channel": "sms"})

    say(services, brand.id, job, FactType.DELAYED, minutes=45)

    with reading(services.sessions) as session:
        sent = session.execute(
            select(Message.channel).where(
                Message.rule == "running_late", Message.status == "delivered"
            )
        )
        assert sent.scalars().all() == ["email"]
