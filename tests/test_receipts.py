"""What providers say later: nothing moves back, and `told` follows what arrived."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from notifier.booking import NewPerson
from notifier.delivery import deliver_due
from notifier.domain.facts import FactType
from notifier.domain.messages import Channel, MessageStatus, Role, Strength
from notifier.domain.sending.transitions import MessageEvent, after
from notifier.domain.windows import UNKNOWN, Window, from_json
from notifier.providers.receipt import Receipt, ReceiptEvent
from notifier.receipts import apply_receipt
from notifier.scheduler import run_round
from notifier.store.tables import ContactPoint, JobPerson, Suppression
from notifier.store.tables import Receipt as ReceiptRow
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.outbox_world import ADA_EMAIL, World, make_world


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand with scripted providers."""
    return make_world(sessions, clock, ids)


def test_delivered_moves_told_to_what_the_message_asserted(world: World) -> None:
    """Not before the receipt, and to the window of the text, with its own tell_by."""
    job = world.book(starts_in=timedelta(hours=4))
    booked = Window(world.clock() + timedelta(hours=4), world.clock() + timedelta(hours=6))
    world.late(job)
    deliver_due(world.services)
    assert from_json(world.person(job).told) == booked

    world.receipt(world.message(job), ReceiptEvent.DELIVERED)

    person = world.person(job)
    assert from_json(person.told) == booked.shifted(45)
    assert person.told_strength == Strength.DELIVERED
    assert person.told_at == world.message(job).handed_over_at
    ledger = world.promises(job)[-1]
    assert ledger.tell_by == booked.shifted(45).start - timedelta(minutes=60)


def test_the_same_receipt_many_times_is_one_row_and_one_promise(world: World) -> None:
    """SendGrid's events arrive three times on average."""
    job = world.book()
    world.late(job)
    deliver_due(world.services)

    for _ in range(3):
        world.receipt(world.message(job), ReceiptEvent.DELIVERED)

    assert len(world.promises(job)) == 2
    with world.services.sessions() as session:
        count = session.scalar(
            select(func.count()).select_from(ReceiptRow).where(ReceiptRow.origin == "callback")
        )
    assert count == 1


def test_receipts_in_reverse_leave_the_message_delivered(world: World) -> None:
    """ "Sent" and "queued" that come after "delivered" are old news."""
    job = world.book()
    world.late(job)
    deliver_due(world.services)

    for event in (ReceiptEvent.DELIVERED, ReceiptEvent.SENT, ReceiptEvent.ACCEPTED):
        world.receipt(world.message(job), event)

    assert world.message(job).status == MessageStatus.DELIVERED


def test_receipts_of_two_messages_in_reverse_leave_told_at_the_newer(world: World) -> None:
    """A receipt that comes late for an older message changes only its own ledger row."""
    job = world.book()
    world.late(job, 45)
    deliver_due(world.services)
    world.late(job, 120)
    deliver_due(world.services)
    older, newer = world.messages(job)

    world.receipt(newer, ReceiptEvent.DELIVERED)
    told = world.person(job).told
    world.receipt(older, ReceiptEvent.DELIVERED)

    assert told == newer.asserts
    assert world.person(job).told == newer.asserts
    assert len(world.promises(job)) == 3


def test_undelivered_takes_the_next_channel(world: World) -> None:
    """The email carries the same news as one episode; `told` moves by it alone."""
    job = world.book()
    world.late(job)
    deliver_due(world.services)

    world.receipt(world.message(job), ReceiptEvent.UNDELIVERED, code="30003")
    deliver_due(world.services)

    text, email = world.messages(job)
    assert (text.status, text.reason) == (MessageStatus.UNDELIVERED, "30003")
    assert text.episode == email.episode
    assert [sent.to for sent in world.email.sent] == [ADA_EMAIL]
    world.receipt(email, ReceiptEvent.DELIVERED)
    assert world.person(job).told == email.asserts


def test_one_persons_receipt_does_not_silence_another(world: World) -> None:
    """Of two people one can't be reached: the other's "delivered" is not theirs."""
    spouse = NewPerson(role=Role.SECOND_CONTACT, name="Bo Park", phone="+12065550102")
    job = world.book(others=(spouse,))
    world.late(job)
    deliver_due(world.services)
    deliver_due(world.services)
    first, second = world.messages(job)

    world.receipt(first, ReceiptEvent.DELIVERED)
    world.receipt(second, ReceiptEvent.UNDELIVERED, code="30003")

    with world.services.sessions() as session:
        customer, other = session.scalars(
            select(JobPerson).where(JobPerson.job_id == job).order_by(JobPerson.position)
        )
    assert customer.told == first.asserts
    assert other.told is None
    assert [task.job_person_id for task in world.tasks("call")] == [other.id]


def test_a_failure_after_delivered_takes_it_back(world: World) -> None:
    """A mail server may bounce what it took: `told` returns to what it was."""
    job = world.book(phone=None)
    before = world.person(job).told
    world.late(job)
    deliver_due(world.services)
    email = world.message(job, Channel.EMAIL)
    world.receipt(email, ReceiptEvent.DELIVERED)
    assert world.person(job).told == email.asserts

    world.receipt(email, ReceiptEvent.BOUNCED, code="invalid_address")

    assert world.message(job, Channel.EMAIL).status == MessageStatus.UNDELIVERED
    assert world.person(job).told == before
    assert world.promises(job)[-1].strength == Strength.NONE


def test_a_bounce_closes_the_address(world: World) -> None:
    """Flagged for this person and suppressed for everyone who shares it."""
    job = world.book(phone=None)
    world.late(job)
    deliver_due(world.services)

    world.receipt(world.message(job, Channel.EMAIL), ReceiptEvent.BOUNCED, code="invalid_address")
    other = world.book("JOB-2", phone=None)
    world.late(other)
    deliver_due(world.services)

    assert len(world.email.sent) == 1
    assert [row.status for row in world.messages(other)] == [MessageStatus.SUPPRESSED]
    with world.services.sessions() as session:
        flags = set(session.scalars(select(ContactPoint.flagged_code)))
        closed_by = list(session.scalars(select(Suppression.source)))
    assert flags == {"invalid_address", None}
    assert closed_by == ["provider"]


def test_an_address_that_bounced_without_a_code_says_so(world: World) -> None:
    """Staff see why nothing goes there."""
    job = world.book(phone=None)
    world.late(job)
    deliver_due(world.services)

    world.receipt(world.message(job, Channel.EMAIL), ReceiptEvent.BOUNCED)

    with world.services.sessions() as session:
        assert list(session.scalars(select(ContactPoint.flagged_code))) == ["bounced"]


def test_an_opt_out_reported_by_the_provider_closes_what_waits(world: World) -> None:
    """In every job with that address, at once; the other channel carries on."""
    first, second = world.book("JOB-1"), world.book("JOB-2")
    world.late(first)
    deliver_due(world.services)
    world.late(second)

    world.receipt(world.message(first), ReceiptEvent.OPTED_OUT)
    assert world.statuses(second)[0] == ("sms", MessageStatus.SUPPRESSED)
    deliver_due(world.services)

    assert len(world.sms.sent) == 1
    assert [email.to for email in world.email.sent] == [ADA_EMAIL]
    assert world.message(first).status == MessageStatus.ACCEPTED


def test_an_update_promise_is_in_the_ledger(world: World) -> None:
    """ "We will text by" is a promise of a moment, with the moment as its tell_by."""
    job = world.book()
    world.clock.advance(seconds=1)
    world.say(job, FactType.DELAYED, expected=UNKNOWN)
    deliver_due(world.services)
    row = world.message(job)
    assert row.next_update_at is not None

    world.receipt(row, ReceiptEvent.DELIVERED)

    moments = [promise for promise in world.promises(job) if promise.moment is not None]
    assert [(promise.moment, promise.tell_by) for promise in moments] == [
        (row.next_update_at, row.next_update_at)
    ]
    assert from_json(world.person(job).told) is UNKNOWN


def test_an_offer_that_arrived_leaves_told_alone(world: World) -> None:
    """Only acceptance moves `told` to an earlier time."""
    job = world.book()
    world.late(job)
    deliver_due(world.services)
    world.receipt(world.message(job), ReceiptEvent.DELIVERED)
    late = world.person(job).told
    world.late(job, 0)
    deliver_due(world.services)
    offer = world.message(job)
    assert offer.rule == "earlier_if_suits"

    world.receipt(offer, ReceiptEvent.DELIVERED)

    assert world.message(job).status == MessageStatus.DELIVERED
    assert world.person(job).told == late


def test_a_receipt_is_found_by_the_providers_id_too(world: World) -> None:
    """Where our own ids were lost on the way."""
    job = world.book()
    world.late(job)
    deliver_due(world.services)

    world.receipt(world.message(job), ReceiptEvent.DELIVERED, by_provider_id=True)

    assert world.message(job).status == MessageStatus.DELIVERED


def test_what_failed_is_known_by_the_providers_id_all_the_same(world: World) -> None:
    """Whoever asks the provider why, asks by that."""
    job = world.book(email=None)
    world.late(job)
    deliver_due(world.services)
    provider_id = world.message(job).provider_id

    world.receipt(world.message(job), ReceiptEvent.UNDELIVERED, code="30003")

    row = world.message(job)
    assert (row.status, row.provider_id) == (MessageStatus.UNDELIVERED, provider_id)


def test_a_receipt_of_nothing_we_know_is_kept(world: World) -> None:
    """Recorded once, and no error: the provider would only send it again."""
    stranger = Receipt(
        message_id=None,
        attempt_id=None,
        provider="twilio",
        provider_id="SM-of-somebody-else",
        event_id="SM-of-somebody-else:delivered:",
        event=ReceiptEvent.DELIVERED,
    )

    apply_receipt(world.services, stranger, origin="callback")
    apply_receipt(world.services, stranger, origin="callback")

    with world.services.sessions() as session:
        rows = list(session.scalars(select(ReceiptRow)))
    assert [(row.provider_id, row.message_id) for row in rows] == [("SM-of-somebody-else", None)]


def test_good_news_waits_until_the_bad_was_accepted_and_then_goes(world: World) -> None:
    """The offer is planned by the very settle that it waited for."""
    job = world.book()
    world.late(job)
    world.sms.meanwhile = lambda: _recover(world, job)

    deliver_due(world.services)
    assert [row.rule for row in world.messages(job)] == ["running_late", "earlier_if_suits"]
    deliver_due(world.services)

    assert len(world.sms.sent) == 2


def _recover(world: World, job: UUID) -> None:
    world.sms.meanwhile = None
    world.late(job, 0)
    assert len(world.messages(job)) == 1


@pytest.mark.parametrize("event", list(ReceiptEvent))
def test_what_is_reported_months_later_is_kept_and_starts_nothing(
    world: World, event: ReceiptEvent
) -> None:
    """The visit is long over: no second channel, no call; what it says of the address counts."""
    job = world.book()
    world.late(job)
    deliver_due(world.services)
    text = world.message(job)
    world.say(job, FactType.COMPLETED)
    world.clock.advance(days=200)

    world.receipt(text, event)
    while run_round(world.services):
        pass

    assert world.message(job).status == after(
        MessageStatus.ACCEPTED, MessageEvent(f"receipt_{event}")
    )
    assert (len(world.sms.sent), world.email.sent, world.tasks("call")) == (1, [], [])
    with world.services.sessions() as session:
        listed = session.scalar(select(func.count()).select_from(Suppression))
    closes = {ReceiptEvent.OPTED_OUT, ReceiptEvent.COMPLAINED, ReceiptEvent.BOUNCED}
    assert listed == (event in closes)
