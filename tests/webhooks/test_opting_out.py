"""Whoever says STOP to the texts of a field tool says it to the business whose texts they are."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from notifier.domain.deliveries import DeliveryStatus
from notifier.domain.messages import Channel, MessageStatus, WhyNot
from notifier.replies import IncomingReply, take_reply
from notifier.sending.suppressions import is_suppressed
from notifier.services import Services
from notifier.store.addresses import address_hash
from notifier.store.engine import reading
from notifier.store.tables import Delivery, Message
from notifier.webhooks.receiving import receive
from notifier.webhooks.set_up import add_source
from tests.sources.onfleet_events import SECRET, body_of, opt_out, sign
from tests.webhooks.deliveries import HOUR, book_visit, translate_all

ADA = "+12065550100"
OURS = "+12065550199"


@pytest.fixture
def onfleet(services: Services, brand: UUID) -> None:
    """Connect Onfleet, which need not be live: an opt-out counts before that."""
    add_source(services, brand, "onfleet", "onfleet", SECRET)


def stop(services: Services, phone: str, at: datetime) -> None:
    """Let Onfleet deliver an opt-out of that time, and translate it."""
    body = body_of(opt_out(phone, at))
    headers = {"Content-Type": "application/json", "X-Onfleet-Signature": sign(SECRET, body)}
    receive(services, "onfleet", headers, body)
    translate_all(services)


def why_closed(services: Services, brand: UUID) -> WhyNot | None:
    """Return why nothing is texted to Ada."""
    hashed = address_hash(services.vault, Channel.SMS, ADA)
    with reading(services.sessions) as session:
        return is_suppressed(session, brand_id=brand, channel=Channel.SMS, address_hash=hashed)


def deliveries(services: Services) -> list[tuple[str, str | None]]:
    """Return what became of each delivery, and why, in order."""
    with reading(services.sessions) as session:
        rows = session.scalars(select(Delivery).order_by(Delivery.received_at, Delivery.id))
        return [(row.status, row.why) for row in rows]


@pytest.mark.usefixtures("onfleet")
@pytest.mark.parametrize("written", [ADA, "(206) 555-0100"])
def test_a_stop_closes_the_number_and_what_waits_for_it(
    services: Services, brand: UUID, written: str
) -> None:
    """Her confirmation is dropped at once, and nothing is texted to her again."""
    job_id = book_visit(services, brand)

    stop(services, written, services.now())

    assert why_closed(services, brand) is WhyNot.OPTED_OUT
    with reading(services.sessions) as session:
        rows = session.scalars(select(Message).where(Message.job_id == job_id)).all()
    assert {(row.status, row.reason) for row in rows if row.channel == Channel.SMS} == {
        (MessageStatus.SUPPRESSED, WhyNot.OPTED_OUT)
    }
    assert deliveries(services) == [(DeliveryStatus.APPLIED, None)]


@pytest.mark.usefixtures("onfleet")
def test_a_stop_before_she_was_ever_booked_closes_her_number(
    services: Services, brand: UUID
) -> None:
    """It is the number that is closed, whoever has it and whenever they book."""
    stop(services, ADA, services.now())
    job_id = book_visit(services, brand)

    with reading(services.sessions) as session:
        rows = session.scalars(select(Message).where(Message.job_id == job_id)).all()
    assert [row for row in rows if row.status == MessageStatus.READY] == []


@pytest.mark.usefixtures("onfleet")
def test_a_stop_that_comes_after_she_opted_in_again_closes_nothing(
    services: Services, brand: UUID
) -> None:
    """She said STOP, then START to us; the news of the STOP was two hours late."""
    said_stop_at = services.now() - 2 * HOUR
    book_visit(services, brand)
    for nth, word in enumerate(("STOP", "START")):
        reply = IncomingReply(
            channel=Channel.SMS,
            provider_id=f"SM{nth}",
            from_address=ADA,
            to_address=OURS,
            body=word,
            received_at=services.now() - HOUR + timedelta(minutes=nth),
        )
        take_reply(services, reply)
    assert why_closed(services, brand) is None

    stop(services, ADA, said_stop_at)

    assert why_closed(services, brand) is None
    assert deliveries(services) == [(DeliveryStatus.APPLIED, "opted in again since")]


@pytest.mark.usefixtures("onfleet")
def test_what_is_no_number_fails_and_is_not_quoted(services: Services, brand: UUID) -> None:
    """Staff see what is wrong; the number is nowhere in it."""
    stop(services, "+1 206 555", services.now())

    assert why_closed(services, brand) is None
    ((status, why),) = deliveries(services)
    assert status == DeliveryStatus.FAILED
    assert why == "phone: this phone number has too many or too few digits"
