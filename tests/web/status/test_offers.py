"""A time on the page that binds only those who agree: that suits, yes, no, and too late."""

from __future__ import annotations

from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import select

from notifier.domain.facts import FactType
from notifier.domain.windows import to_json
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Brand, Job, JobPerson
from tests.web.pages import (
    WINDOW,
    facts_of,
    given_visit,
    link_of,
    press,
    say,
    show,
)


def _told(services: Services, job_id: UUID) -> object:
    with reading(services.sessions) as session:
        return session.scalar(select(JobPerson.told).where(JobPerson.job_id == job_id))


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
