"""Sending what is due: once, and only while it is true."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from notifier.delivery import deliver_due, send_claimed
from notifier.domain.facts import FactType
from notifier.domain.messages import Channel, MessageStatus, WhyNot
from notifier.links import message_token
from notifier.sending.claiming import claim_due
from notifier.store import outbox
from notifier.store.tables import Person
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.outbox_world import ADA, ADA_EMAIL, World, make_world


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand with scripted providers."""
    return make_world(sessions, clock, ids)


def test_a_due_message_is_sent_once_however_often_the_worker_runs(world: World) -> None:
    """Two ticks over one due message are one text, and its row tells its whole story."""
    job = world.book()
    world.late(job)

    assert deliver_due(world.services) == 1
    assert deliver_due(world.services) == 0

    assert [sms.to for sms in world.sms.sent] == [ADA]
    row = world.message(job)
    assert row.status == MessageStatus.ACCEPTED
    assert (row.provider, row.provider_id, row.attempts) == ("twilio", "twilio-1", 1)
    assert row.handed_over_at is not None
    assert row.accepted_at is not None
    assert world.sms.sent[0].link_token in world.sms.sent[0].body
    assert world.sms.sent[0].valid_until == row.expires_at


def test_an_email_is_on_record_as_it_went(world: World) -> None:
    """With its subject, and with the token by which it is looked for."""
    job = world.book(phone=None)
    world.late(job)
    deliver_due(world.services)

    row = world.message(job, Channel.EMAIL)
    (sent,) = world.email.sent
    assert sent.link_token == message_token(world.services.vault, row.id)
    with world.services.sessions() as session:
        key = session.scalars(select(Person.key)).one()
    assert key is not None
    assert row.subject is not None
    assert row.html is not None
    assert world.services.vault.open(key, row.subject) == sent.subject
    assert world.services.vault.open(key, row.html) == sent.html


def test_eight_workers_at_once_send_one_text(world: World) -> None:
    """The claim is what makes it one, whoever gets there first."""
    job = world.book()
    world.late(job)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: deliver_due(world.services), range(8)))

    assert len(world.sms.sent) == 1
    assert world.message(job).status == MessageStatus.ACCEPTED


def test_four_workers_share_forty_jobs_without_a_text_twice_or_lost(world: World) -> None:
    """They pass over what another one holds, and none waits for another in a circle."""
    jobs = [world.book(f"JOB-{n}", phone=f"+120655502{n:02}", email=None) for n in range(40)]
    for job in jobs:
        world.late(job)

    def work(_: int) -> None:
        while deliver_due(world.services, limit=7):
            pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    assert len(world.sms.sent) == 40
    assert len({sms.to for sms in world.sms.sent}) == 40
    assert {world.message(job).status for job in jobs} == {MessageStatus.ACCEPTED}


def test_the_text_says_the_window_as_it_is_at_the_claim(world: World) -> None:
    """Three corrections before the worker comes are one text with the last of them."""
    job = world.book()
    for minutes in (45, 50, 90):
        world.late(job, minutes)

    deliver_due(world.services)

    assert len(world.sms.sent) == 1
    assert "2:30" in world.sms.sent[0].body
    assert "4:30" in world.sms.sent[0].body


def test_no_transaction_is_open_while_the_provider_is_called(world: World) -> None:
    """Another writer gets through during the call, on SQLite too."""
    job = world.book()
    world.late(job)
    booked: list[UUID] = []
    world.sms.meanwhile = lambda: booked.append(world.book("JOB-2", phone="+12065550101"))

    deliver_due(world.services)

    assert len(booked) == 1
    assert world.message(job).status == MessageStatus.ACCEPTED


def test_one_person_has_one_message_with_a_provider_at_a_time(world: World) -> None:
    """While the late text is on its way, the cancellation waits for it to settle."""
    job = world.book()
    world.late(job)
    seen: list[int] = []

    def cancel_meanwhile() -> None:
        world.sms.meanwhile = None
        world.say(job, FactType.CANCELLED)
        seen.append(deliver_due(world.services))

    world.sms.meanwhile = cancel_meanwhile
    deliver_due(world.services)
    deliver_due(world.services)

    assert seen == [0]
    assert [row.status for row in world.messages(job)] == [MessageStatus.ACCEPTED] * 2
    assert len(world.sms.sent) == 2


def test_two_due_messages_of_one_person_go_one_after_the_other(world: World) -> None:
    """Late, and on the way: both are owed, and one claim takes one of them."""
    job = world.book()
    world.late(job)
    world.clock.advance(seconds=1)
    world.say(job, FactType.EN_ROUTE)
    assert len(world.messages(job)) == 2

    assert len(claim_due(world.services, limit=100).claims) == 1
    assert claim_due(world.services, limit=100).claims == ()

    statuses = [row.status for row in world.messages(job)]
    assert sorted(statuses) == [MessageStatus.CLAIMED, MessageStatus.READY]


def test_a_claim_whose_turn_came_too_late_goes_with_the_next(world: World) -> None:
    """It is not sent, for others may look for it by then; nobody refused it: it waits no longer."""
    job = world.book()
    world.late(job)
    for _ in range(4):
        (claim,) = claim_due(world.services, limit=100).claims
        world.clock.advance(seconds=world.services.timing.lease)
        send_claimed(world.services, claim)
    assert world.sms.sent == []

    assert deliver_due(world.services) == 1

    assert [sms.to for sms in world.sms.sent] == [ADA]


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.EMAIL])
def test_a_claim_whose_turn_came_when_the_news_was_over_expires(
    world: World, channel: Channel
) -> None:
    """It was true as it was claimed; silence is better now, and the record says why."""
    by_text = channel is Channel.SMS
    job = world.book(phone=ADA if by_text else None, email=None if by_text else ADA_EMAIL)
    world.late(job)
    expires_at = world.message(job, channel).expires_at
    world.clock.set(expires_at - timedelta(seconds=2))
    (claim,) = claim_due(world.services, limit=100).claims
    world.clock.set(expires_at)
    send_claimed(world.services, claim)

    assert (world.sms.sent, world.email.sent) == ([], [])
    row = world.message(job, channel)
    assert (row.status, row.reason) == (MessageStatus.EXPIRED, WhyNot.GAVE_UP)


def test_what_was_sent_is_kept_sealed_and_readable(world: World) -> None:
    """The row holds the words as they went, under the key of the person."""
    job = world.book()
    world.late(job)
    deliver_due(world.services)
    row = world.message(job)

    with world.services.sessions() as session:
        person = session.get_one(Person, world.person(job).person_id)
        assert row.body is not None
        assert row.recipient is not None
        assert world.services.vault.open(person.key, row.body) == world.sms.sent[0].body
        assert world.services.vault.open(person.key, row.recipient) == ADA


def test_only_the_first_text_to_a_number_says_how_to_stop(world: World) -> None:
    """Also when the same number comes with another booking."""
    for number, reference in enumerate(("JOB-1", "JOB-2")):
        job = world.book(reference)
        world.late(job)
        deliver_due(world.services)
        assert ("STOP" in world.sms.sent[number].body) is (number == 0)


def test_a_tick_with_nothing_due_reads_an_index_only(world: World) -> None:
    """The plan of the query names the partial index, on both databases."""
    with world.services.sessions.begin() as session:
        dialect = session.get_bind().dialect.name
        if dialect == "postgresql":
            session.execute(text("SET LOCAL enable_seqscan = off"))
        statement = outbox.due_query(1, now=world.clock(), limit=100)
        compiled = str(
            statement.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        )
        explain = "EXPLAIN QUERY PLAN" if dialect == "sqlite" else "EXPLAIN"
        lines = " ".join(str(row) for row in session.execute(text(f"{explain} {compiled}")))

    assert "ix_messages_due" in lines
