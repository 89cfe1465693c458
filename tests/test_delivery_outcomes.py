"""What a provider answers: refused, later, wrong credentials, or a receipt that comes first."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from notifier.delivery import deliver_due
from notifier.domain.messages import Channel, MessageStatus, WhyNot
from notifier.providers.codes import Reaction
from notifier.providers.errors import (
    ProviderMisconfigured,
    SendDeferred,
    SendRejected,
)
from notifier.providers.protocols import Accepted
from notifier.providers.receipt import ReceiptEvent
from notifier.scheduler import run_round
from notifier.sending.claiming import claim_due
from notifier.sending.settling import settle, sign_of
from notifier.sending.suppressions import drop_what_waits, suppress
from notifier.services import Services
from notifier.store.tables import ContactPoint, Sender
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.outbox_world import ADA_EMAIL, World, make_world


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand with scripted providers."""
    return make_world(sessions, clock, ids)


@pytest.mark.parametrize(
    ("code", "reaction"),
    [
        ("21211", Reaction.FLAG_CONTACT),
        ("21614", Reaction.FLAG_CONTACT),
        ("21610", Reaction.SUPPRESS),
    ],
)
def test_a_refused_number_takes_the_next_channel(
    world: World, code: str, reaction: Reaction
) -> None:
    """The customer gets the email, and the text's row says why it was none."""
    job = world.book()
    world.late(job)
    world.sms.answers.append(SendRejected(code, reaction=reaction))

    deliver_due(world.services)
    deliver_due(world.services)

    row = world.message(job)
    assert (row.status, row.reason) == (MessageStatus.REJECTED, code)
    assert [email.to for email in world.email.sent] == [ADA_EMAIL]

    world.late(job, 120)
    deliver_due(world.services)
    deliver_due(world.services)
    assert len(world.sms.sent) == 1, "the number is known to be of no use now"
    assert len(world.email.sent) == 2


def test_what_was_certainly_not_taken_goes_again_when_it_may(world: World) -> None:
    """Retry-After is kept to the second."""
    job = world.book()
    world.late(job)
    world.sms.answers.append(SendDeferred("20429", retry_after=40))

    deliver_due(world.services)
    row = world.message(job)
    assert (row.status, row.reason) == (MessageStatus.DEFERRED, "20429")

    world.clock.advance(seconds=39)
    assert deliver_due(world.services) == 0
    world.clock.advance(seconds=1)
    assert deliver_due(world.services) == 1
    row = world.message(job)
    assert (row.status, row.attempts) == (MessageStatus.ACCEPTED, 2)


def test_stop_while_a_text_waits_for_its_retry_leaves_it_to_the_email(world: World) -> None:
    """The deferred text is closed like any other that waits, and planning comes to rest."""
    job = world.book()
    world.late(job)
    world.sms.answers.append(SendDeferred("20429", retry_after=40))
    deliver_due(world.services)
    row = world.message(job, Channel.SMS)
    with world.services.sessions.begin() as session:
        point = session.get_one(ContactPoint, row.contact_point_id)
        address_hash = point.address_hash
        suppress(
            session,
            world.services,
            brand_id=world.brand,
            channel=Channel.SMS,
            address_hash=address_hash,
            why=WhyNot.OPTED_OUT,
            source="customer",
        )

    drop_what_waits(
        world.services, brand_id=world.brand, channel=Channel.SMS, address_hash=address_hash
    )
    deliver_due(world.services)

    row = world.message(job, Channel.SMS)
    assert (row.status, row.reason) == (MessageStatus.SUPPRESSED, WhyNot.OPTED_OUT)
    assert [email.to for email in world.email.sent] == [ADA_EMAIL]


def test_a_retry_that_would_come_too_late_is_given_up(world: World) -> None:
    """An apology after the visit helps nobody; the row says that we gave up."""
    job = world.book(starts_in=timedelta(minutes=30))
    world.late(job, 20)
    world.sms.answers.append(SendDeferred("20429", retry_after=6 * 3600))

    deliver_due(world.services)

    row = world.message(job)
    assert (row.status, row.reason) == (MessageStatus.EXPIRED, WhyNot.GAVE_UP)


def test_refused_credentials_halt_the_sender_and_call_staff(world: World) -> None:
    """Nothing else is tried from that sender for a minute; one trial then opens it again."""
    first = world.book("JOB-1", email=None)
    second = world.book("JOB-2", email=None, phone="+12065550101")
    world.late(first)
    world.sms.answers.append(ProviderMisconfigured("20003"))
    deliver_due(world.services)
    world.late(second)

    deliver_due(world.services)
    assert len(world.sms.sent) == 1
    assert [task.why for task in world.tasks("sender_halted")] == ["20003"]

    world.clock.advance(seconds=61)
    deliver_due(world.services)
    assert world.message(first).status == MessageStatus.ACCEPTED
    assert world.message(second).status == MessageStatus.ACCEPTED
    with world.services.sessions() as session:
        assert all(sender.halted_at is None for sender in session.query(Sender))


def test_the_only_path_is_tried_on_though_it_fails(world: World) -> None:
    """There is nothing that the rest of a claim could wait for: each has its call."""
    for number in range(20):
        world.late(world.book(f"JOB-{number}", phone=f"+1206555{number:04}", email=None))
    world.sms.answers.extend(SendDeferred("no_connection") for _ in range(20))

    deliver_due(world.services, limit=20)

    assert len(world.sms.sent) == 20


def test_only_what_went_after_the_refusal_opens_a_halted_sender_again(world: World) -> None:
    """Twilio takes texts of a number that carriers refuse; one that it took before says nothing."""
    jobs = [world.book(f"JOB-{n}", phone=f"+1206555010{n}") for n in range(2)]
    for job in jobs:
        world.late(job)
    one, other = claim_due(world.services, limit=2).claims
    settle(world.services, one, Accepted("SM1"))
    refused = next(world.message(job) for job in jobs if world.message(job).id == one.message_id)
    world.receipt(refused, ReceiptEvent.UNDELIVERED, code="30034")

    settle(world.services, other, Accepted("SM2"))

    with world.services.sessions() as session:
        halted = session.scalars(select(Sender.halted_code).where(Sender.channel == Channel.SMS))
        assert list(halted) == ["30034"]


@pytest.mark.parametrize(("skew", "expected"), [(-5, 0), (0.5, 0.5), (3600, 2)])
def test_the_hand_over_is_the_providers_time_within_reason(
    world: World, skew: float, expected: float
) -> None:
    """Whole seconds and wrong clocks must not put a text before its sending or in the future."""
    job = world.book()
    world.late(job)
    started = world.clock()
    world.sms.meanwhile = partial(world.clock.advance, seconds=2)
    world.sms.answers.append(Accepted("SM1", started + timedelta(seconds=skew)))

    deliver_due(world.services)

    assert world.message(job).handed_over_at == started + timedelta(seconds=expected)


def test_a_receipt_that_beats_our_own_settle_wins(world: World) -> None:
    """ "Delivered" comes while the call is still open; "accepted" changes nothing after it."""
    job = world.book()
    world.late(job)
    world.sms.meanwhile = lambda: world.receipt(world.message(job), ReceiptEvent.DELIVERED)

    deliver_due(world.services)

    row = world.message(job)
    assert (row.status, row.provider_id) == (MessageStatus.DELIVERED, "twilio-1")


def test_a_silent_text_is_followed_sooner_where_they_must_hear_it_soon(world: World) -> None:
    """By two: at a quarter to, text, email and ring have five minutes each."""
    job = world.book(starts_in=timedelta(hours=3))
    tell_by = world.clock() + timedelta(hours=2)
    world.clock.set(tell_by - timedelta(minutes=15, seconds=1))
    world.late(job)
    work(world.services)

    world.clock.advance(minutes=5)
    work(world.services)
    assert [email.to for email in world.email.sent] == [ADA_EMAIL]
    assert world.tasks("call") == []
    world.clock.advance(minutes=5)
    work(world.services)

    assert [(task.why, task.due_at) for task in world.tasks("call")] == [("no_receipt", tell_by)]


def test_a_call_that_breaks_is_in_doubt_by_the_name_of_what_broke(world: World) -> None:
    """Its text may quote whom it was for; its name helps whoever looks for it."""
    job = world.book()
    world.late(job)
    world.sms.answers.append(KeyError("+12065550100"))

    deliver_due(world.services)

    row = world.message(job)
    assert (row.status, row.reason) == (MessageStatus.UNKNOWN, "KeyError")


@pytest.mark.parametrize(
    ("code", "was_one", "is_one"),
    [
        ("21614", False, True),
        ("30006", False, True),
        ("30003", False, False),
        ("30003", True, True),
    ],
)
def test_a_number_is_flagged_with_what_its_provider_said(
    world: World, code: str, was_one: bool, is_one: bool
) -> None:
    """`doctor` and the board say why it is written to no more; a landline stays one."""
    job = world.book()
    world.late(job)
    (claim,) = claim_due(world.services, limit=5).claims
    number = ContactPoint.channel == Channel.SMS
    with world.services.sessions.begin() as session:
        session.scalars(select(ContactPoint).where(number)).one().landline = was_one

    settle(world.services, claim, SendRejected(code, reaction=Reaction.FLAG_CONTACT))

    with world.services.sessions() as session:
        point = session.scalars(select(ContactPoint).where(number)).one()
    assert (point.flagged_code, point.landline) == (code, is_one)


def test_how_long_an_answer_took_is_learnt_of_its_path(world: World) -> None:
    """A path that is slow is left for another."""
    sign = sign_of(Accepted("SM1", None), at=world.clock(), took=timedelta(seconds=6))
    assert sign is not None
    assert sign.took == 6


def test_an_email_has_both_its_parts_and_comes_from_the_brand(world: World) -> None:
    """Where a sender has no name of its own, the brand's stands there."""
    job = world.book(phone=None)
    world.late(job)

    deliver_due(world.services)

    (email,) = world.email.sent
    assert email.from_name == "Northside"
    assert "Northside" in email.html
    assert "Northside" in email.text


def work(services: Services) -> None:
    """Do whatever is due now, as a worker does."""
    while run_round(services):
        pass
