"""The page behind a digest's link leads to every order that the message told of."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import select

from notifier import booking
from notifier.booking import NewOrder, NewPerson, PeoplePatch, correct_people
from notifier.delivery import deliver_due
from notifier.domain.facts import FactSource, FactType
from notifier.domain.windows import Window
from notifier.links import message_token
from notifier.services import Services
from notifier.store.tables import Brand, JobPerson, Message, Person
from tests.fakes.clock import FakeClock
from tests.web.pages import say

TOMORROW = Window(datetime(2026, 11, 24, 16, tzinfo=UTC), datetime(2026, 11, 25, 2, tzinfo=UTC))
LATER = TOMORROW.shifted(3 * 24 * 60)


def order(services: Services, brand: Brand, number: str, name: str = "Ada Park") -> UUID:
    """Book an order on the one phone that everybody here shares."""
    return booking.book(
        services,
        brand.id,
        NewOrder(
            reference=number,
            items=(f"Kettle of {number}",),
            window=TOMORROW,
            people=(NewPerson(name=name, phone="+12065550100"),),
        ),
        source=FactSource.API,
        actor="key:test",
    ).job_id


def all_late(services: Services, brand: Brand, clock: FakeClock, *jobs: UUID) -> None:
    """Let every order be late, and what is said of it go out."""
    for job in jobs:
        say(services, brand.id, job, FactType.DELAYED, expected=LATER)
    clock.advance(minutes=6)
    while deliver_due(services):
        pass


def links(services: Services, job: UUID) -> list[tuple[bool, str]]:
    """Return, of each message about a job's lateness, whether it is carried, and its link."""
    with services.sessions() as session:
        rows = session.scalars(
            select(Message).where(Message.job_id == job, Message.rule == "order_delayed")
        )
        return [
            (row.carried_by is not None, f"/s/{message_token(services.vault, row.id)}")
            for row in rows
        ]


def test_the_link_of_a_digest_leads_to_each_of_its_orders(
    client: FlaskClient, services: Services, brand: Brand, clock: FakeClock
) -> None:
    """One link in the text; behind it each other order with a page of its own."""
    jobs = [order(services, brand, f"ORD-{number}") for number in (1, 2, 3)]
    his = order(services, brand, "ORD-9", name="Bo Park")
    all_late(services, brand, clock, *jobs, his)
    by_carried = {carried: link for job in jobs for carried, link in links(services, job)}

    page = client.get(by_carried[False]).text
    assert sum(f"Kettle of ORD-{number}" in page for number in (1, 2, 3)) == 3
    assert "In the same message" in page
    others = [link for job in jobs for carried, link in links(services, job) if carried]
    assert len(others) == 2
    for link in others:
        assert f'href="{link}"' in page
        assert client.get(link).status_code == 200
    assert "ORD-9" not in page
    ((carried, link),) = links(services, his)
    assert not carried
    assert "In the same message" not in client.get(link).text


def test_an_order_that_turns_out_to_be_somebody_elses_leaves_the_page(
    client: FlaskClient, services: Services, brand: Brand, clock: FakeClock
) -> None:
    """A corrected name makes another human of them; an erased one is nobody."""
    jobs = [order(services, brand, f"ORD-{number}") for number in (1, 2, 3)]
    all_late(services, brand, clock, *jobs)
    (first,) = [link for job in jobs for carried, link in links(services, job) if not carried]
    carried = [job for job in jobs for is_carried, _ in links(services, job) if is_carried]
    correct_people(services, brand.id, carried[0], PeoplePatch(name="Bo Park"), actor="key:1")
    assert client.get(first).text.count("<li>") == 1
    with services.sessions.begin() as session:
        person_id = session.scalars(
            select(JobPerson.person_id).where(JobPerson.job_id == carried[1])
        ).one()
        session.get_one(Person, person_id).key = None
    assert "In the same message" not in client.get(first).text
