"""What is due is held against the truth once more before it goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from notifier.booking import NewAppointment, NewPerson, book
from notifier.delivery import deliver_due
from notifier.domain.facts import FactSource
from notifier.domain.messages import MessageStatus
from notifier.domain.rules.rule import RuleSet
from notifier.domain.windows import Window
from notifier.rulebook import Rulebook
from notifier.store.tables import Message
from tests.fakes.clock import FakeClock
from tests.services import RecordingSms, given_brand, make_services


def test_a_text_whose_rule_was_switched_off_after_it_was_planned_does_not_go(
    sessions: sessionmaker[Session], clock: FakeClock
) -> None:
    """Nothing is recorded between the plan and the claim: only the claim can see it."""
    sms = RecordingSms(now=clock)
    services = make_services(sessions, now=clock, sms=sms)
    brand = given_brand(services)
    start = clock() + timedelta(hours=2)
    book(
        services,
        brand.id,
        NewAppointment(
            reference="JOB-1",
            service="Boiler repair",
            window=Window(start, start + timedelta(hours=2)),
            people=(NewPerson(name="Ada Park", phone="+12065550100"),),
        ),
        source=FactSource.API,
        actor="key:1",
    )
    switched_off = Rulebook(
        rules=RuleSet(
            replace(rule, enabled=rule.enabled and rule.id != "booked")
            for rule in services.rulebook.rules
        ),
        hash="edited",
    )

    deliver_due(replace(services, rulebook=switched_off))

    assert sms.sent == []
    with sessions() as session:
        (row,) = session.scalars(select(Message))
    assert (row.status, row.reason) == (MessageStatus.SUPERSEDED, "no_longer_owed")
    assert row.claimed_at is None
