"""What people agree to or refuse is recorded, counts for planning, and again at the claim."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from notifier.booking import NewPerson, PeoplePatch, correct_people
from notifier.brands import set_countries
from notifier.customers.consents import NewConsent
from notifier.delivery import deliver_due
from notifier.domain.consent import ConsentPolicy, Needs
from notifier.domain.facts import FactType
from notifier.domain.messages import Channel, MessageKind, MessageStatus, WhyNot
from notifier.domain.rules.rule import RuleSet
from notifier.errors import Invalid
from notifier.explain import explain
from notifier.sending.refusals import refusal, stand_around
from notifier.store.tables import Consent, ContactPoint, Message
from tests.desk import ADA, WITH_EMAIL, Desk, make_desk
from tests.fakes.clock import FakeClock

MARKETING, CARE, TRANSACTIONAL = (
    MessageKind.MARKETING,
    MessageKind.CARE,
    MessageKind.TRANSACTIONAL,
)
BO = NewPerson(name="Bo Park", phone=ADA.phone)


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: FakeClock) -> Desk:
    """Return a desk on both databases in turn, whose thanks after a visit are marketing."""
    desk = make_desk(sessions, clock)
    book = desk.services.rulebook
    rules = RuleSet(
        replace(rule, kind=MARKETING, enabled=True) if rule.id == "done_thanks" else rule
        for rule in book.rules
    )
    return replace(desk, services=replace(desk.services, rulebook=replace(book, rules=rules)))


def said(kind: MessageKind, granted: bool, **fields: object) -> NewConsent:
    """Return a consent as a caller states it."""
    return NewConsent(kind=kind, granted=granted, source="checkout", **fields)  # type: ignore[arg-type]


def who(person: NewPerson, *consents: NewConsent) -> tuple[NewPerson, ...]:
    """Return `person` having said `consents`."""
    return (replace(person, consents=consents),)


def patch(desk: Desk, job: UUID, **fields: object) -> None:
    """Correct the customer of a job."""
    correct_people(desk.services, desk.brand, job, PeoplePatch(**fields), actor="key:1")  # type: ignore[arg-type]


def thanks(desk: Desk, job: UUID) -> list[str]:
    """Finish the visit; return how the thanks fared on each channel."""
    desk.say(job, FactType.COMPLETED)
    desk.deliver()
    return [f"{m.channel} {m.status} {m.reason}" for m in desk.messages(job, "done_thanks")]


SENT = ["sms delivered None"]
CLOSED = ["sms skipped no_consent"]


def test_marketing_needs_an_agreement(desk: Desk) -> None:
    """Nobody who said nothing is sold to; the row says why, and nobody has to ring."""
    job = desk.visit()
    assert thanks(desk, job) == CLOSED
    assert [task.kind for task in desk.tasks(job)] == []


def test_with_an_agreement_it_goes(desk: Desk) -> None:
    """Given at booking, with its source and moment."""
    at = desk.clock() - timedelta(days=3)
    job = desk.visit(people=who(ADA, said(MARKETING, True, at=at)))
    with desk.services.sessions() as session:
        (row,) = session.scalars(select(Consent)).all()
    assert (row.kind, row.granted, row.source, row.at) == ("marketing", True, "checkout", at)
    assert thanks(desk, job) == SENT


def test_the_latest_word_counts_and_nothing_is_overwritten(desk: Desk) -> None:
    """Agreed, refused, agreed again: three rows."""
    job = desk.visit(people=who(ADA, said(MARKETING, True)))
    for granted in (False, True):
        desk.clock.advance(minutes=1)
        patch(desk, job, consents=(said(MARKETING, granted),))
    with desk.services.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Consent)) == 3
    assert thanks(desk, job) == SENT


def test_what_was_said_earlier_does_not_undo_what_was_said_later(desk: Desk) -> None:
    """A list that comes late with an older agreement changes nothing."""
    job = desk.visit(people=who(ADA, said(MARKETING, False)))
    earlier = desk.clock() - timedelta(days=30)
    patch(desk, job, consents=(said(MARKETING, True, at=earlier),))
    assert thanks(desk, job) == CLOSED


def test_a_clock_that_is_ahead_is_believed_and_counts_as_now(desk: Desk) -> None:
    """What is refused a moment later is later, whatever the caller's clock had said before."""
    ahead = desk.clock() + timedelta(minutes=4)
    job = desk.visit(people=who(ADA, said(MARKETING, True, at=ahead)))
    with desk.services.sessions() as session:
        (row,) = session.scalars(select(Consent)).all()
    assert row.at < ahead
    desk.clock.advance(minutes=1)
    patch(desk, job, consents=(said(MARKETING, False),))
    assert thanks(desk, job) == CLOSED


def test_said_both_at_the_same_moment_is_a_refusal(desk: Desk) -> None:
    """The strictest reading."""
    at = desk.clock()
    job = desk.visit(people=who(ADA, said(MARKETING, False, at=at), said(MARKETING, True, at=at)))
    assert thanks(desk, job) == CLOSED


def test_the_news_of_a_visit_goes_unless_it_is_refused(desk: Desk) -> None:
    """And a refusal of it leaves a person to be rung."""
    wants = desk.visit("JOB-1", people=who(ADA, said(MARKETING, False)))
    refuses = desk.visit(
        "JOB-2",
        people=who(NewPerson(name="Cy", phone="+12065550133"), said(TRANSACTIONAL, False)),
    )
    assert [m.status for m in desk.messages(wants, "booked")] == [MessageStatus.DELIVERED]
    assert [(m.status, m.reason) for m in desk.messages(refuses, "booked")] == [
        (MessageStatus.SKIPPED, WhyNot.NO_CONSENT)
    ]


def test_another_channel_that_is_open_carries_it(desk: Desk) -> None:
    """They agreed to emails alone."""
    job = desk.visit(people=who(WITH_EMAIL, said(MARKETING, True, channels=(Channel.EMAIL,))))
    assert thanks(desk, job) == ["email delivered None"]


def test_a_refusal_counts_in_their_other_jobs(desk: Desk) -> None:
    """Every booking has contact points of its own; what was said of the address holds."""
    desk.visit("JOB-1", people=who(ADA, said(CARE, False)))
    job = desk.visit("JOB-2")
    rules = {one.rule: one.reason for one in explain(desk.services, desk.brand, job)}
    with desk.services.sessions.begin() as session:
        assert session.scalar(select(func.count()).select_from(ContactPoint)) == 2
    assert rules["booked"] != WhyNot.NO_CONSENT
    book = desk.services.rulebook
    care = RuleSet(
        replace(r, kind=CARE, enabled=True) if r.id == "done_thanks" else r for r in book.rules
    )
    desk = replace(desk, services=replace(desk.services, rulebook=replace(book, rules=care)))
    assert thanks(desk, job) == CLOSED


def test_an_agreement_counts_in_their_other_jobs_and_in_nobody_elses(desk: Desk) -> None:
    """The one who shares the phone agreed to nothing."""
    desk.visit("JOB-1", people=who(ADA, said(MARKETING, True)))
    hers, his = desk.visit("JOB-2"), desk.visit("JOB-3", people=(BO,))
    assert thanks(desk, hers) == SENT
    assert thanks(desk, his) == CLOSED


def test_a_refusal_at_a_shared_address_is_everyones(desk: Desk) -> None:
    """The strictest reading: that phone rings for both of them."""
    desk.visit("JOB-1", people=who(BO, said(MARKETING, False)))
    job = desk.visit("JOB-2", people=who(ADA, said(MARKETING, True)))
    assert thanks(desk, job) == CLOSED


def test_a_corrected_number_keeps_what_was_refused_and_not_what_was_agreed_to(desk: Desk) -> None:
    """An agreement was given for that number; a refusal was meant."""
    job = desk.visit(people=who(ADA, said(MARKETING, True), said(CARE, False)))
    patch(desk, job, phone="+12065550177")
    with desk.services.sessions() as session:
        rows = session.execute(
            select(Consent.kind, Consent.granted)
            .join(ContactPoint, ContactPoint.id == Consent.contact_point_id)
            .where(ContactPoint.replaced_at.is_(None))
        ).all()
    assert [tuple(row) for row in rows] == [("care", False)]


def test_refused_after_planning_it_is_not_sent(desk: Desk) -> None:
    """The claim asks again, of what is committed by then: here on another job's contact."""
    job = desk.visit("JOB-1", people=who(ADA, said(MARKETING, True)))
    other = desk.visit("JOB-2")
    desk.say(job, FactType.COMPLETED)
    planned = desk.messages(job, "done_thanks")
    assert [m.status for m in planned] == [MessageStatus.READY]
    desk.clock.advance(minutes=1)
    patch(desk, other, consents=(said(MARKETING, False),))
    while deliver_due(desk.services):
        pass
    (row,) = desk.messages(job, "done_thanks")
    assert (row.status, row.reason) == (MessageStatus.SKIPPED, WhyNot.NO_CONSENT)


def test_the_reading_of_the_brands_country_and_the_numbers_both_count(desk: Desk) -> None:
    """A number of a country where care needs an agreement gets none without."""
    policy = ConsentPolicy(regions={"GB": {MARKETING: Needs.NEVER}})
    desk = replace(desk, services=replace(desk.services, consent=policy))
    set_countries(desk.services, desk.brand, ["US", "GB"], actor="cli")
    british = NewPerson(name="Di", phone="+447400123456")
    here = desk.visit("JOB-1", people=who(ADA, said(MARKETING, True)))
    there = desk.visit("JOB-2", people=who(british, said(MARKETING, True)))
    assert thanks(desk, here) == SENT
    assert thanks(desk, there) == CLOSED


def test_the_past_is_explained_by_what_had_been_said_then(desk: Desk) -> None:
    """A refusal of today was not in the way yesterday."""
    job = desk.visit(people=who(ADA, said(TRANSACTIONAL, True)))
    then = desk.clock()
    desk.clock.advance(hours=1)
    patch(desk, job, consents=(said(TRANSACTIONAL, False),))
    desk.late(job, 60)
    now = {one.rule: one for one in explain(desk.services, desk.brand, job)}
    past = {one.rule: one for one in explain(desk.services, desk.brand, job, at=then)}
    assert WhyNot.NO_CONSENT in now["running_late"].in_the_way
    assert WhyNot.NO_CONSENT not in past["running_late"].in_the_way


def test_a_consent_of_tomorrow_is_refused(desk: Desk) -> None:
    """Nobody has said it yet."""
    tomorrow = desk.clock() + timedelta(days=1)
    with pytest.raises(Invalid, match="ahead"):
        desk.visit(people=who(ADA, said(MARKETING, True, at=tomorrow)))


def test_the_claim_asks_by_itself(desk: Desk) -> None:
    """Were planning to miss it, what is committed at the claim still decides."""
    job = desk.visit("JOB-1", people=who(ADA, said(MARKETING, True)))
    other = desk.visit("JOB-2")
    desk.say(job, FactType.COMPLETED)
    desk.clock.advance(minutes=1)
    patch(desk, other, consents=(said(MARKETING, False),))
    with desk.services.sessions() as session:
        row = session.scalars(select(Message).where(Message.rule == "done_thanks")).one()
        now = desk.clock()
        around = stand_around(session, desk.services, [row])
        refused = refusal(row, around, now)
    assert refused is not None
    assert refused.why is WhyNot.NO_CONSENT
