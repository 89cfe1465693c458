"""Of several orders of one number, an answer is about the one that the last text spoke of."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from notifier.booking import NewOrder, NewPerson, book
from notifier.brands import keep_sender
from notifier.customers.correspondents import find_correspondent
from notifier.delivery import deliver_due
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import Channel
from notifier.domain.windows import Window
from notifier.intake import NewFact, record
from notifier.planner import look_again
from notifier.providers.errors import SendRejected
from notifier.replies import IncomingReply, take_reply
from notifier.services import Services
from notifier.store.tables import FactRow, Task
from tests.fakes.clock import FakeClock
from tests.services import RecordingSms, given_brand, make_services
from tests.web.pages import WINDOW

ADA = NewPerson(name="Ada Park", phone="+12065550100", zone="America/Los_Angeles")
TOMORROW = WINDOW.shifted(24 * 60)


@dataclass
class Shop:
    """A brand with orders of one customer, whose only way is one phone."""

    services: Services
    sms: RecordingSms
    clock: FakeClock
    brand: UUID

    def order(self, reference: str, window: Window) -> UUID:
        """Place an order; its confirmation goes out."""
        new = NewOrder(reference=reference, service=reference, window=window, people=(ADA,))
        job = book(self.services, self.brand, new, source=FactSource.API, actor="key:1").job_id
        self.deliver()
        return job

    def say(self, job: UUID, type: FactType) -> None:
        """The carrier says it."""
        new = NewFact(type=type, source=FactSource.CARRIER, actor="source:1")
        record(self.services, self.brand, job, new)
        self.clock.advance(minutes=6)
        self.deliver()

    def deliver(self) -> None:
        """Send what is due."""
        look_again(self.services)
        while deliver_due(self.services):
            pass
        self.clock.advance(seconds=1)

    def reply(self, body: str) -> None:
        """Ada texts back."""
        take_reply(
            self.services,
            IncomingReply(
                channel=Channel.SMS,
                provider_id=f"SM-{body}",
                from_address="+12065550100",
                to_address="+12065550199",
                body=body,
                received_at=self.clock(),
            ),
        )

    def reply_task(self) -> Task:
        """Return the task to read what she wrote."""
        with self.services.sessions() as session:
            return session.scalars(select(Task).where(Task.kind == "reply")).one()

    def said_by_customer(self) -> list[tuple[UUID, str]]:
        """Return the facts that rest on her word, with their orders."""
        with self.services.sessions() as session:
            query = select(FactRow).where(FactRow.source == FactSource.CUSTOMER)
            return [(row.job_id, row.type) for row in session.scalars(query)]


@pytest.fixture
def shop(sessions: sessionmaker[Session], clock: FakeClock) -> Shop:
    """Return a live shop."""
    sms = RecordingSms(now=clock)
    services = make_services(sessions, now=clock, sms=sms)
    return Shop(services, sms, clock, given_brand(services).id)


def test_h_says_that_the_order_asked_about_is_there(shop: Shop) -> None:
    """One is overdue, the other, placed later, is not: *Have it?* was about the first."""
    overdue = shop.order("ORD-1", WINDOW)
    shop.order("ORD-2", TOMORROW)
    shop.clock.set(WINDOW.end)
    shop.deliver()
    assert "no delivery of order ORD-1" in shop.sms.sent[-1].body

    shop.reply("H")

    assert shop.said_by_customer() == [(overdue, "delivered")]
    assert shop.reply_task().job_id == overdue


def test_a_text_that_never_reached_the_number_was_not_the_last(shop: Shop) -> None:
    """What the provider refused nobody has read: the answer is to the text before."""
    overdue = shop.order("ORD-1", WINDOW)
    other = shop.order("ORD-2", TOMORROW)
    shop.clock.set(WINDOW.end)
    shop.deliver()
    shop.sms.fail_next = [SendRejected("30007")]
    shop.say(other, FactType.OUT_FOR_DELIVERY)

    shop.reply("H")

    assert shop.said_by_customer() == [(overdue, "delivered")]
    assert shop.reply_task().job_id == overdue


def test_after_a_text_about_another_order_it_is_about_that_one(shop: Shop) -> None:
    """That is on its way, so nobody believes that it is there: a person reads it."""
    shop.order("ORD-1", WINDOW)
    other = shop.order("ORD-2", TOMORROW)
    shop.clock.set(WINDOW.end)
    shop.deliver()
    shop.say(other, FactType.SHIPPED)

    shop.reply("H")

    assert shop.said_by_customer() == []
    assert shop.reply_task().job_id == other


def test_an_address_that_two_paths_speak_from_is_one_brands(
    sessions: sessionmaker[Session], clock: FakeClock
) -> None:
    """Whoever writes back to it wrote to that brand once."""
    services = make_services(sessions, now=clock)
    brand = given_brand(services)
    ours = "hello@notify.example.com"
    for provider in ("sendgrid", "smtp"):
        keep_sender(services, brand.id, channel=Channel.EMAIL, provider=provider, address=ours)

    with sessions() as session:
        found = find_correspondent(
            session, channel=Channel.EMAIL, from_hash=b"of a stranger", to_address=ours
        )

    assert found is not None
    assert [one.id for one in found.brands] == [brand.id]
