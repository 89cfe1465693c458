"""A text whose receipts met an outage of ours: the record is asked before it gives way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from notifier.checkup.silence import owe_looking_into_silence
from notifier.domain.facts import FactType
from notifier.domain.messages import Channel, MessageStatus
from notifier.domain.rules.rule import RuleSet, Unreached
from notifier.links import message_token
from notifier.providers.errors import SendDeferred
from notifier.providers.protocols import Accepted, LookUp, LookUpFound, LookUpImpossible
from notifier.providers.receipt import ReceiptEvent
from notifier.scheduler import Worker, run_round
from notifier.sending.asking_ahead import ask_before_giving_way
from notifier.store.awaited_receipts import awaited_query
from notifier.store.engine import create_engine_for
from notifier.store.tables import Receipt
from notifier.waking import Waker
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.outbox_world import World, make_world
from tests.served import eventually
from tests.three_orders import carrier, deliver, slip_all, statuses, three

REACH = timedelta(minutes=10)


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand with scripted providers."""
    return make_world(sessions, clock, ids)


def given_taken(world: World, reference: str = "JOB-1", **person: str | None) -> UUID:
    """Return a job whose text was taken; no receipt of it ever comes."""
    job = world.book(reference, **person)  # type: ignore[arg-type]
    world.late(job)
    rounds(world)
    assert world.message(job).status == MessageStatus.ACCEPTED
    return job


def rounds(world: World) -> None:
    """Do all that is due."""
    while run_round(world.services):
        pass


def until_its_reach_ends(world: World, *, in_seconds: int) -> None:
    """Wait until its reach has so many seconds left, and do what is due."""
    world.clock.advance(seconds=REACH.total_seconds() - in_seconds)
    rounds(world)


def says(status: ReceiptEvent, code: str | None = None) -> LookUp:
    """Return what a record says of a text that it has."""
    return LookUpFound(Accepted("SM1"), status, code)


def asked(world: World) -> list[tuple[str, str | None, str | None]]:
    """Return what was noted of the record's answers: event, code, and the provider's id."""
    with world.services.sessions() as session:
        rows = session.scalars(select(Receipt).where(Receipt.origin == "look_up"))
        return [(row.event, row.code, row.provider_id) for row in rows.all()]


def test_a_text_that_arrived_is_found_so_before_the_email_goes(world: World) -> None:
    """Its receipt met a deploy: nobody is told twice, nobody rings."""
    job = given_taken(world)
    until_its_reach_ends(world, in_seconds=31)
    assert world.sms.asked == []

    world.sms.look_ups.append(says(ReceiptEvent.DELIVERED))
    world.clock.advance(seconds=1)
    rounds(world)
    world.clock.advance(minutes=5)
    rounds(world)

    assert world.message(job).status == MessageStatus.DELIVERED
    assert world.sms.asked == [world.sms.sent[0].link_token]
    assert world.email.sent == []
    assert world.tasks("call") == []


def test_where_nobody_but_a_person_is_left_the_record_is_asked_too(world: World) -> None:
    """Staff would ring somebody who has read it."""
    job = given_taken(world, email=None)
    world.sms.look_ups.append(says(ReceiptEvent.DELIVERED))
    until_its_reach_ends(world, in_seconds=30)
    world.clock.advance(minutes=5)
    rounds(world)

    assert world.message(job).status == MessageStatus.DELIVERED
    assert world.tasks("call") == []


def test_a_text_that_did_not_arrive_gives_way_sooner(world: World) -> None:
    """By its own code, half a minute before its reach would have run out."""
    job = given_taken(world)
    world.sms.look_ups.append(says(ReceiptEvent.UNDELIVERED, "30003"))
    until_its_reach_ends(world, in_seconds=30)

    row = world.message(job)
    assert (row.status, row.reason) == (MessageStatus.UNDELIVERED, "30003")
    assert len(world.email.sent) == 1


@pytest.mark.parametrize(
    ("answer", "noted"),
    [
        (says(ReceiptEvent.SENT), ("sent", None, "SM1")),
        (LookUpImpossible("bodies_not_kept"), ("ignored", "bodies_not_kept", None)),
        (None, ("ignored", "absent", None)),
    ],
)
def test_what_is_asked_is_asked_once(
    world: World, answer: LookUp | None, noted: tuple[str, str | None, str | None]
) -> None:
    """A record that knows no more than we changes nothing: the email goes in its time."""
    given_taken(world)
    world.sms.look_ups.extend([answer] if answer else [])
    until_its_reach_ends(world, in_seconds=30)
    for _ in range(29):
        assert world.email.sent == []
        world.clock.advance(seconds=1)
        rounds(world)
    world.clock.advance(seconds=1)
    rounds(world)

    assert len(world.email.sent) == 1
    assert len(world.sms.asked) == 1
    assert asked(world) == [noted]


def test_a_record_that_cannot_be_read_teaches_nothing_and_is_asked_once_a_round(
    world: World,
) -> None:
    """It hangs: the others would only wait for it. Read at last, it says what it has to say."""
    jobs = [given_taken(world, f"J{n}", phone=f"+1206555010{n}") for n in range(3)]
    world.clock.advance(seconds=REACH.total_seconds() - 30)
    world.sms.look_ups.extend([SendDeferred("http_503"), *[says(ReceiptEvent.DELIVERED)] * 3])

    assert ask_before_giving_way(world.services) == 0
    assert (len(world.sms.asked), asked(world)) == (1, [])
    assert {world.message(job).status for job in jobs} == {MessageStatus.ACCEPTED}

    assert ask_before_giving_way(world.services) == 3
    assert {world.message(job).status for job in jobs} == {MessageStatus.DELIVERED}


def test_a_record_that_cannot_be_read_keeps_no_other_record_from_being_asked(
    world: World,
) -> None:
    """The texts are asked about first, and theirs is out of order; the emails' is not."""
    given_taken(world, "J1", email=None)
    job = world.book("J2", phone=None)
    world.late(job)
    rounds(world)
    world.clock.advance(seconds=REACH.total_seconds() - 30)
    world.sms.look_ups.append(SendDeferred("http_503"))
    world.email.look_ups.append(says(ReceiptEvent.DELIVERED))

    assert ask_before_giving_way(world.services) == 1
    assert world.message(job, Channel.EMAIL).status == MessageStatus.DELIVERED


def test_a_round_asks_about_a_few(world: World) -> None:
    """Where callbacks never come, thousands of texts wait: the soonest go first."""
    jobs = [given_taken(world, f"J{n}", phone=f"+1206555010{n}") for n in range(3)]
    world.clock.advance(seconds=REACH.total_seconds() - 30)
    world.sms.look_ups.extend([says(ReceiptEvent.DELIVERED)] * 3)

    assert ask_before_giving_way(world.services, limit=2) == 2
    assert [world.message(job).status for job in jobs] == [
        MessageStatus.DELIVERED,
        MessageStatus.DELIVERED,
        MessageStatus.ACCEPTED,
    ]


def test_nobody_is_asked_where_nothing_hangs_on_it(world: World) -> None:
    """No other channel, and nobody would ring: what became of the text changes nothing."""
    book = world.services.rulebook
    rules = RuleSet(replace(rule, unreached=Unreached.NOTHING) for rule in book.rules)
    world = replace(world, services=replace(world.services, rulebook=replace(book, rules=rules)))
    given_taken(world, email=None)
    until_its_reach_ends(world, in_seconds=30)
    world.clock.advance(seconds=29)
    rounds(world)

    assert world.sms.asked == []


def test_what_has_no_record_takes_no_place_from_what_has(world: World) -> None:
    """An email by a provider that can't be searched is looked at first, and not asked about."""
    world.email.can_look_up = False
    world.late(world.book("J1", phone=None))
    rounds(world)
    job = given_taken(world, "J2")
    world.clock.advance(seconds=REACH.total_seconds() - 30)
    world.sms.look_ups.append(says(ReceiptEvent.DELIVERED))

    assert ask_before_giving_way(world.services, limit=1) == 1
    assert world.message(job).status == MessageStatus.DELIVERED


def test_what_one_text_told_of_three_orders_is_one_question(world: World) -> None:
    """Asked once, of whichever order; what it says is said of all of them."""
    jobs = three(world)
    slip_all(world, *jobs)
    deliver(world)
    world.sms.look_ups.append(says(ReceiptEvent.SENT))
    world.clock.advance(seconds=REACH.total_seconds() - 30)

    assert ask_before_giving_way(world.services) == 1
    assert statuses(world, *jobs) == {MessageStatus.SENT}
    assert ask_before_giving_way(world.services) == 0


def test_what_the_carrier_told_of_others_is_asked_about_when_its_own_order_is_over(
    world: World,
) -> None:
    """It was cancelled: nothing hangs on it there; for the two others an email does."""
    jobs = three(world)
    slip_all(world, *jobs)
    deliver(world)
    carried_by = carrier(world, *jobs)
    world.say(carried_by.job_id, FactType.CANCELLED)
    rounds(world)
    world.receipt(world.message(carried_by.job_id), ReceiptEvent.DELIVERED)
    world.sms.look_ups.append(says(ReceiptEvent.DELIVERED))
    world.clock.advance(seconds=REACH.total_seconds() - 30)

    assert ask_before_giving_way(world.services) == 1
    assert world.sms.asked == [message_token(world.services.vault, carried_by.id)]
    assert statuses(world, *jobs) == {MessageStatus.DELIVERED}


def test_the_worker_asks_by_itself(world: World, database_url: str) -> None:
    """At its ticks, as in a round."""
    job = given_taken(world)
    world.sms.look_ups.append(says(ReceiptEvent.DELIVERED))
    world.clock.advance(seconds=REACH.total_seconds() - 30)
    engine = create_engine_for(database_url)
    worker = Worker(world.services, Waker(engine), tick_seconds=0.05)
    worker.start()
    try:
        eventually(lambda: world.message(job).status == MessageStatus.DELIVERED)
    finally:
        worker.stop()
        engine.dispose()


def test_that_callbacks_stay_away_is_told_all_the_same(world: World) -> None:
    """The record stands in for them; it does not show that they reach us."""
    job = given_taken(world)
    world.sms.look_ups.append(says(ReceiptEvent.DELIVERED))
    until_its_reach_ends(world, in_seconds=30)
    assert world.message(job).status == MessageStatus.DELIVERED
    world.clock.advance(minutes=6)

    assert owe_looking_into_silence(world.services) == 1


def test_looking_for_them_reads_indexes_only(world: World) -> None:
    """Whatever lies in the outbox, on both databases."""
    now = world.clock()
    with world.services.sessions.begin() as session:
        dialect = session.get_bind().dialect.name
        if dialect == "postgresql":
            session.execute(text("SET LOCAL enable_seqscan = off"))
        statement = awaited_query(
            paths=["twilio"], taken_after=now - REACH, now=now, until=now, limit=100
        )
        compiled = str(
            statement.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        )
        explain = "EXPLAIN QUERY PLAN" if dialect == "sqlite" else "EXPLAIN"
        lines = " ".join(str(row) for row in session.execute(text(f"{explain} {compiled}")))

    for index in ("ix_jobs_look_at", "ix_messages_job", "ix_receipts_message"):
        assert index in lines
