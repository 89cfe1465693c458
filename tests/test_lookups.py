"""What became of a message whose answer was lost: looked up, never blindly sent again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier.delivery import deliver_due, resolve_unknown, send_claimed
from notifier.domain.facts import FactType
from notifier.domain.messages import Channel, MessageStatus, WhyNot
from notifier.domain.rules.rule import OnUnknown, RuleSet
from notifier.planner import look_again
from notifier.providers.errors import (
    SendDeferred,
    SendOutcomeUnknown,
)
from notifier.providers.protocols import Accepted, LookUpAbsent, LookUpFound, LookUpImpossible
from notifier.providers.receipt import ReceiptEvent
from notifier.replies import IncomingReply, take_reply
from notifier.scheduler import run_round
from notifier.sending.claiming import claim_due
from notifier.sending.settling import settle
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.outbox_world import ADA, ADA_EMAIL, OUR_NUMBER, World, make_world


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand with scripted providers."""
    return make_world(sessions, clock, ids)


def test_a_lost_answer_is_looked_up_and_found(world: World) -> None:
    """The provider has it: accepted, with its id and time, and nothing is sent twice."""
    job = world.book()
    world.late(job)
    started = world.clock()
    world.sms.answers.append(SendOutcomeUnknown("read_timeout"))
    deliver_due(world.services)
    assert world.message(job).status == MessageStatus.UNKNOWN

    world.clock.advance(seconds=39)
    assert resolve_unknown(world.services) == 0
    world.clock.advance(seconds=1)
    created = started + timedelta(seconds=1)
    world.sms.look_ups.append(LookUpFound(Accepted("SM1", created), ReceiptEvent.SENT))
    assert resolve_unknown(world.services) == 1

    row = world.message(job)
    assert (row.status, row.provider_id) == (MessageStatus.SENT, "SM1")
    assert row.handed_over_at == created
    assert world.sms.asked == [world.sms.sent[0].link_token]
    deliver_due(world.services)
    assert len(world.sms.sent) == 1


def test_absent_twice_was_not_taken_and_goes_again(world: World) -> None:
    """At 40 and at 90 seconds; never after the first absence alone."""
    job = world.book()
    world.late(job)
    world.sms.answers.append(SendOutcomeUnknown("connection_lost"))
    deliver_due(world.services)

    world.clock.advance(seconds=40)
    resolve_unknown(world.services)
    world.clock.advance(seconds=49)
    resolve_unknown(world.services)
    deliver_due(world.services)
    assert len(world.sms.sent) == 1
    world.clock.advance(seconds=1)
    resolve_unknown(world.services)
    deliver_due(world.services)

    assert len(world.sms.sent) == 2
    assert world.message(job).status == MessageStatus.ACCEPTED
    assert len(world.sms.asked) == 2


def test_absent_again_and_again_it_waits_longer_each_time_and_ends(world: World) -> None:
    """As long as other retries wait, from one attempt to the next; in the end somebody rings."""
    job = world.book(email=None)
    world.late(job)
    late = world.message(job)
    tried: list[datetime] = []

    def note() -> None:
        if world.sms.sent[-1].message_id == late.id:
            tried.append(world.clock())

    world.sms.meanwhile = note
    world.sms.answers.extend(SendOutcomeUnknown("connection_lost") for _ in range(60))
    while world.clock() < late.expires_at:
        resolve_unknown(world.services)
        look_again(world.services)
        deliver_due(world.services)
        (row,) = [row for row in world.messages(job) if row.id == late.id]
        world.clock.set(max(row.due_at, world.clock() + timedelta(seconds=1)))

    waits = [(later - sooner).total_seconds() for sooner, later in pairwise(tried)]
    assert waits[:7] == [90, 90, 90, 120, 300, 600, 600]
    assert set(waits[7:]) == {600}
    assert (row.status, row.reason) == (MessageStatus.EXPIRED, WhyNot.GAVE_UP)
    assert [task.why for task in world.tasks("call")] == ["connection_lost"]


def test_what_was_not_taken_and_is_no_longer_true_stays_unsent(world: World) -> None:
    """The truth is asked again before anything goes a second time."""
    job = world.book()
    world.late(job)
    world.sms.answers.append(SendOutcomeUnknown("connection_lost"))
    deliver_due(world.services)
    world.say(job, FactType.COMPLETED)

    for seconds in (40, 50):
        world.clock.advance(seconds=seconds)
        resolve_unknown(world.services)
    deliver_due(world.services)

    assert len(world.sms.sent) == 1
    assert world.message(job).status == MessageStatus.SUPERSEDED


def test_a_claim_whose_worker_died_is_unknown_and_looked_up(world: World) -> None:
    """The provider took it just before the worker died: found, and sent once."""
    job = world.book()
    world.late(job)
    claimed = claim_due(world.services, limit=100)
    claimed.claims[0].provider.send(claimed.claims[0].outgoing)  # type: ignore[arg-type]
    del claimed  # the worker dies here

    deliver_due(world.services)
    assert world.message(job).status == MessageStatus.CLAIMED
    world.clock.advance(seconds=30)
    resolve_unknown(world.services)
    row = world.message(job)
    assert (row.status, row.reason) == (MessageStatus.UNKNOWN, "lease_lapsed")
    world.clock.advance(seconds=10)
    world.sms.look_ups.append(LookUpFound(Accepted("SM1"), ReceiptEvent.ACCEPTED))
    resolve_unknown(world.services)

    assert world.message(job).status == MessageStatus.ACCEPTED
    assert len(world.sms.sent) == 1


def test_a_worker_that_was_only_slow_settles_late(world: World) -> None:
    """Its answer is the truth, even after the lease lapsed and another worker took over."""
    job = world.book()
    world.late(job)
    (claim,) = claim_due(world.services, limit=100).claims
    world.clock.advance(seconds=31)
    resolve_unknown(world.services)

    settle(world.services, claim, Accepted("SM1", world.clock()))
    settle(world.services, claim, Accepted("SM1", world.clock()))

    row = world.message(job)
    assert (row.status, row.provider_id) == (MessageStatus.ACCEPTED, "SM1")


def test_a_callback_that_carries_our_id_settles_what_was_in_doubt(world: World) -> None:
    """It comes between the two look-ups: nothing is sent again."""
    job = world.book()
    world.late(job)
    world.sms.answers.append(SendOutcomeUnknown("read_timeout"))
    deliver_due(world.services)
    world.clock.advance(seconds=40)
    resolve_unknown(world.services)

    world.receipt(world.message(job), ReceiptEvent.SENT)
    world.clock.advance(seconds=50)
    assert resolve_unknown(world.services) == 0
    deliver_due(world.services)

    assert world.message(job).status == MessageStatus.SENT
    assert len(world.sms.sent) == 1


def test_an_earlier_attempts_failure_says_nothing_of_the_later_one(world: World) -> None:
    """The first attempt turned up after all and failed; the second is with the person."""
    job = world.book()
    world.late(job)
    world.sms.answers.append(SendOutcomeUnknown("read_timeout"))
    deliver_due(world.services)
    first = world.message(job)
    for seconds in (40, 50):
        world.clock.advance(seconds=seconds)
        resolve_unknown(world.services)
    deliver_due(world.services)

    world.receipt(first, ReceiptEvent.FAILED, code="30008")
    assert world.message(job).status == MessageStatus.ACCEPTED
    world.receipt(first, ReceiptEvent.DELIVERED)
    assert world.message(job).status == MessageStatus.DELIVERED


def test_a_claim_that_waited_past_its_lease_is_not_sent(world: World) -> None:
    """Others look for it by then; it goes again by a claim of its own."""
    job = world.book()
    world.late(job)
    (claim,) = claim_due(world.services, limit=100).claims
    world.clock.advance(seconds=30)
    resolve_unknown(world.services)

    send_claimed(world.services, claim)

    assert world.sms.sent == []
    assert world.message(job).status == MessageStatus.DEFERRED
    world.clock.advance(seconds=5)
    deliver_due(world.services)
    assert len(world.sms.sent) == 1


def test_where_nobody_can_say_a_person_looks_into_it(world: World) -> None:
    """Held after 15 minutes with a task; it is not sent again on a guess."""
    job = world.book(email=None)
    world.late(job)
    world.sms.answers.append(SendOutcomeUnknown("read_timeout"))
    deliver_due(world.services)

    world.clock.advance(seconds=40)
    world.sms.look_ups.append(LookUpImpossible("bodies_not_kept"))
    resolve_unknown(world.services)
    assert world.message(job).status == MessageStatus.UNKNOWN
    world.clock.advance(seconds=859)  # 899 since it was sent
    assert resolve_unknown(world.services) == 0
    assert world.message(job).status == MessageStatus.UNKNOWN
    world.clock.advance(seconds=1)
    world.sms.look_ups.append(LookUpImpossible("bodies_not_kept"))
    resolve_unknown(world.services)
    deliver_due(world.services)

    row = world.message(job)
    assert (row.status, row.reason) == (MessageStatus.HELD, WhyNot.OUTCOME_UNKNOWN)
    assert [task.message_id for task in world.tasks("look_into")] == [row.id]
    assert len(world.sms.sent) == 1


def test_a_rule_may_rather_send_twice_than_not_at_all(world: World) -> None:
    """`on_unknown: resend`: where nobody can say, it goes again once waiting has helped nobody."""
    book = world.services.rulebook
    rules = RuleSet(replace(rule, on_unknown=OnUnknown.RESEND) for rule in book.rules)
    services = replace(world.services, rulebook=replace(book, rules=rules))
    job = world.book(email=None)
    world.late(job)
    world.sms.answers.append(SendOutcomeUnknown("read_timeout"))
    deliver_due(services)

    world.clock.advance(minutes=15)
    world.sms.look_ups.append(LookUpImpossible("bodies_not_kept"))
    resolve_unknown(services)
    deliver_due(services)

    assert world.message(job).status == MessageStatus.ACCEPTED
    assert world.tasks("look_into") == []
    assert len(world.sms.sent) == 2


def test_a_record_that_cannot_be_read_teaches_nothing(world: World) -> None:
    """A failed look-up is no absence: it is repeated."""
    job = world.book()
    world.late(job)
    world.sms.answers.append(SendOutcomeUnknown("read_timeout"))
    deliver_due(world.services)

    world.clock.advance(seconds=90)
    world.sms.look_ups.extend([SendDeferred("http_503"), LookUpAbsent(), LookUpAbsent()])
    resolve_unknown(world.services)
    for _ in range(2):
        assert world.message(job).status == MessageStatus.UNKNOWN
        world.clock.advance(seconds=10)
        resolve_unknown(world.services)

    assert world.message(job).status == MessageStatus.DEFERRED


@pytest.mark.parametrize("taken", [True, False])
def test_a_record_that_can_be_read_again_settles_what_a_person_was_asked(
    world: World, taken: bool
) -> None:
    """The provider is out of order for longer than we wait: a person is asked, and so is it."""
    job = world.book(email=None)
    world.late(job)
    world.sms.answers.append(SendOutcomeUnknown("http_503"))
    deliver_due(world.services)
    world.sms.look_ups.extend(SendDeferred("http_503") for _ in range(200))
    asked_at = []
    for _ in range(120):
        world.clock.advance(seconds=10)
        before = len(world.sms.asked)
        resolve_unknown(world.services)
        asked_at += [world.clock()] * (len(world.sms.asked) - before)
    assert world.message(job).status == MessageStatus.UNKNOWN
    assert [task.why for task in world.tasks("look_into")] == ["record_unreadable"]
    waits = [(later - sooner).total_seconds() for sooner, later in pairwise(asked_at)]
    assert max(waits[:80]) == 10
    assert waits[-1] > 200, "it asks ever less often"

    world.sms.look_ups.clear()
    if taken:
        world.sms.look_ups.append(LookUpFound(Accepted("SM1", world.clock()), ReceiptEvent.SENT))
    for _ in range(60):
        world.clock.advance(seconds=10)
        resolve_unknown(world.services)
    deliver_due(world.services)

    assert world.message(job).status == (MessageStatus.SENT if taken else MessageStatus.ACCEPTED)
    assert len(world.sms.sent) == (1 if taken else 2)
    assert world.tasks("look_into") == []


def given_email_beside_a_text_in_doubt(world: World) -> UUID:
    """Return a job whose text nobody could look up, until its email had gone instead."""
    job = world.book()
    world.late(job)
    world.sms.answers.append(SendOutcomeUnknown("read_timeout"))
    world.sms.look_ups.extend(SendDeferred("http_503") for _ in range(60))
    while not world.email.sent:
        world.clock.advance(seconds=20)
        while run_round(world.services):
            pass
    world.sms.look_ups.clear()
    for _ in range(4):
        world.clock.advance(seconds=20)
        while run_round(world.services):
            pass
    assert world.message(job).status == MessageStatus.SUPERSEDED, "the email is on its way"
    return job


def test_a_text_that_gave_way_to_an_email_that_failed_is_a_call(world: World) -> None:
    """It was certainly not taken, nor did the email arrive: nobody has told them."""
    job = given_email_beside_a_text_in_doubt(world)

    world.receipt(world.message(job, Channel.EMAIL), ReceiptEvent.BOUNCED)

    assert len(world.sms.sent) == 1
    assert [task.job_id for task in world.tasks("call")] == [job]


def given_text_in_doubt(world: World, *, email: str | None = ADA_EMAIL) -> UUID:
    """Return a job with a text whose answer was lost, and which was not taken."""
    job = world.book(email=email)
    world.late(job)
    world.sms.answers.append(SendOutcomeUnknown("read_timeout"))
    deliver_due(world.services)
    return job


def look_up_twice(world: World) -> None:
    """Find nothing twice, and send what may go."""
    for seconds in (40, 50):
        world.clock.advance(seconds=seconds)
        resolve_unknown(world.services)
    while run_round(world.services):
        pass


def test_what_another_channel_told_is_not_sent_again(world: World) -> None:
    """The email arrived before anybody could say that the text was not taken."""
    job = given_email_beside_a_text_in_doubt(world)

    world.receipt(world.message(job, Channel.EMAIL), ReceiptEvent.DELIVERED)
    look_up_twice(world)

    assert len(world.sms.sent) == 1
    assert world.tasks("call") == []


def test_whoever_opted_out_meanwhile_gets_it_no_second_time(world: World) -> None:
    """STOP came between the lost answer and the second look-up."""
    job = given_text_in_doubt(world, email=None)
    answered = IncomingReply(
        channel=Channel.SMS,
        provider_id="SM-stop",
        from_address=ADA,
        to_address=OUR_NUMBER,
        body="STOP",
        received_at=world.clock(),
    )
    take_reply(world.services, answered)

    look_up_twice(world)

    assert len(world.sms.sent) == 1
    row = world.message(job)
    assert (row.status, row.reason) == (MessageStatus.SUPPRESSED, WhyNot.OPTED_OUT)


def test_what_expired_while_in_doubt_is_not_sent_again(world: World) -> None:
    """Nobody worked for hours, and the window that it tells of has passed."""
    job = given_text_in_doubt(world, email=None)
    world.clock.advance(hours=8)

    look_up_twice(world)

    assert len(world.sms.sent) == 1
    assert world.message(job).status == MessageStatus.EXPIRED


def test_that_nobody_comes_goes_again_though_the_job_has_ended(world: World) -> None:
    """Its end is what it tells of."""
    job = world.book()
    world.say(job, FactType.CANCELLED)
    world.sms.answers.append(SendOutcomeUnknown("read_timeout"))
    deliver_due(world.services)

    look_up_twice(world)

    assert [sent.message_id for sent in world.sms.sent] == [world.message(job).id] * 2
    assert world.message(job).status == MessageStatus.ACCEPTED
