"""Texts go to the brand's own country; who is abroad gets an email, or a person rings."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from notifier.booking import NewPerson
from notifier.brands import set_countries
from notifier.domain.messages import MessageStatus, Role, WhyNot
from notifier.errors import Invalid
from notifier.explain import explain
from notifier.job_views import job_views
from notifier.store.tables import AuditLine
from tests.desk import ADA, Desk, make_desk
from tests.fakes.clock import FakeClock

TORONTO = "+14165550123"
ABROAD = NewPerson(role=Role.CUSTOMER, name="Ada Park", phone=TORONTO)
ABROAD_WITH_EMAIL = NewPerson(
    role=Role.CUSTOMER, name="Ada Park", phone=TORONTO, email="ada@example.com"
)


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: FakeClock) -> Desk:
    """Return a desk of a brand in the United States."""
    return make_desk(sessions, clock)


def test_email_carries_what_may_not_be_texted_abroad(desk: Desk) -> None:
    """Nobody has to ring; `explain` says what stood in the way of the text."""
    job = desk.visit(people=(ABROAD_WITH_EMAIL,))
    desk.late(job, 45)
    desk.deliver()

    assert desk.sms.sent == []
    assert [email.to for email in desk.email.sent] == ["ada@example.com"] * 2
    assert desk.tasks(job) == []


def test_who_has_only_a_number_abroad_is_rung(desk: Desk) -> None:
    """The row says why, and so do the task, `explain` and the person's channel."""
    job = desk.visit(people=(ABROAD,))
    desk.late(job, 45)
    desk.deliver()

    assert desk.sms.sent == []
    (late,) = desk.messages(job, "running_late")
    assert (late.status, late.reason) == (MessageStatus.SKIPPED, WhyNot.COUNTRY_CLOSED)
    assert WhyNot.COUNTRY_CLOSED in {task.why for task in desk.tasks(job) if task.kind == "call"}
    explained = explain(desk.services, desk.brand, job)
    (why,) = [one for one in explained if one.rule == "running_late"]
    assert WhyNot.COUNTRY_CLOSED in why.in_the_way
    with desk.services.sessions() as session:
        (view,) = job_views(session, desk.services, [desk.job(job)])
    (person,) = view.people
    assert [channel.why for channel in person.channels] == [WhyNot.COUNTRY_CLOSED]


def test_a_brand_texts_to_the_countries_that_it_names(desk: Desk) -> None:
    """From then on; who set it is on record, and `own` goes back to its own alone."""
    assert set_countries(desk.services, desk.brand, ["CA", "US"], actor="staff:1") == ["CA", "US"]
    job = desk.visit(people=(ABROAD,))
    assert [sms.to for sms in desk.sms.sent] == [TORONTO]

    assert set_countries(desk.services, desk.brand, [], actor="staff:2") == ["US"]
    desk.late(job, 45)
    desk.deliver()
    assert len(desk.sms.sent) == 1
    with desk.services.sessions() as session:
        lines = session.scalars(select(AuditLine).order_by(AuditLine.id)).all()
    assert [(line.actor, line.did, line.body["countries"]) for line in lines] == [
        ("staff:1", "countries_set", ["CA", "US"]),
        ("staff:2", "countries_set", None),
    ]


def test_who_was_to_be_rung_is_texted_once_their_country_is_open(desk: Desk) -> None:
    """What is still true goes at once, and nobody has to ring any more."""
    job = desk.visit(people=(ABROAD,))
    assert {task.kind for task in desk.tasks(job)} == {"call"}

    set_countries(desk.services, desk.brand, ["US", "CA"], actor="staff:1")
    desk.deliver()

    assert [sms.to for sms in desk.sms.sent] == [TORONTO]
    assert desk.tasks(job) == []


def test_a_country_that_was_closed_meanwhile_is_not_texted(desk: Desk) -> None:
    """What waits for its moment is judged by the countries of that moment."""
    set_countries(desk.services, desk.brand, ["US", "CA"], actor="staff:1")
    job = desk.visit(people=(ABROAD_WITH_EMAIL,))
    desk.late(job, 45)
    set_countries(desk.services, desk.brand, ["US"], actor="staff:1")
    desk.deliver()

    assert [sms.to for sms in desk.sms.sent] == [TORONTO]  # the booking, before
    assert len(desk.email.sent) == 1


def test_explain_knows_the_countries_of_then(desk: Desk) -> None:
    """What was closed yesterday is what stood in the way yesterday."""
    job = desk.visit(people=(ABROAD,))
    desk.late(job, 45)
    then = desk.clock()
    desk.clock.advance(minutes=1)
    set_countries(desk.services, desk.brand, ["CA"], actor="staff:1")
    desk.clock.advance(minutes=1)
    set_countries(desk.services, desk.brand, ["US", "CA"], actor="staff:1")

    explained = explain(desk.services, desk.brand, job, at=then)

    (why,) = [one for one in explained if one.rule == "running_late"]
    assert WhyNot.COUNTRY_CLOSED in why.in_the_way


def test_what_is_no_country_is_refused(desk: Desk) -> None:
    """And nothing is changed."""
    with pytest.raises(Invalid, match="'XX' is no country"):
        set_countries(desk.services, desk.brand, ["US", "XX"], actor="staff:1")
    desk.visit(people=(ADA,))
    assert len(desk.sms.sent) == 1
