"""Sending what is due: once, and only while it is true."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session, sessionmaker

from notifier.delivery import deliver_due
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import Channel, MessageStatus, WhyNot
from notifier.intake import withdraw
from notifier.providers.codes import Reaction
from notifier.providers.errors import (
    ProviderMisconfigured,
    SendDeferred,
    SendRejected,
)
from notifier.providers.protocols import Accepted
from notifier.providers.receipt import ReceiptEvent
from notifier.rendering import RenderFailed
from notifier.sending.claiming import claim_due
from notifier.sending.suppressions import drop_what_waits, suppress
from notifier.store import outbox
from notifier.store.tables import Brand, ContactPoint, Message, Person, Sender
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.outbox_world import ADA, ADA_EMAIL, World, add_brand, make_world


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


def test_what_is_no_longer_true_is_not_sent(world: World) -> None:
    """A delay that was taken back before anyone was told leaves everyone in peace."""
    job = world.book()
    fact = world.late(job)
    withdraw(
        world.services, world.brand, job, fact.fact_id, source=FactSource.STAFF, actor="staff:test"
    )

    deliver_due(world.services)

    assert world.sms.sent == []
    assert world.message(job).status == MessageStatus.SUPERSEDED


def test_the_text_says_the_window_as_it_is_at_the_claim(world: World) -> None:
    """Three corrections before the worker comes are one text with the last of them."""
    job = world.book()
    for minutes in (45, 50, 90):
        world.late(job, minutes)

    deliver_due(world.services)

    assert len(world.sms.sent) == 1
    assert "2:30" in world.sms.sent[0].body
    assert "4:30" in world.sms.sent[0].body


def test_an_address_that_opted_out_gets_nothing(world: World) -> None:
    """The list is read in the claim itself; the other channel carries on, for STOP closes one."""
    job = world.book()
    world.late(job)
    with world.services.sessions.begin() as session:
        point = session.get_one(Message, world.message(job).id).contact_point_id
        suppress(
            session,
            world.services,
            brand_id=world.brand,
            channel=Channel.SMS,
            address_hash=session.get_one(ContactPoint, point).address_hash,
            why=WhyNot.OPTED_OUT,
            source="staff",
        )

    deliver_due(world.services)
    deliver_due(world.services)

    assert world.sms.sent == []
    assert [email.to for email in world.email.sent] == [ADA_EMAIL]
    row = world.message(job)
    assert (row.status, row.reason) == (MessageStatus.SUPPRESSED, WhyNot.OPTED_OUT)


def test_nothing_is_sent_while_the_suppression_list_cannot_be_read(world: World) -> None:
    """Better late than to someone who asked to be left alone."""
    job = world.book()
    world.late(job)
    with world.services.sessions.begin() as session:
        session.execute(text("ALTER TABLE suppressions RENAME TO mislaid"))

    with pytest.raises(DatabaseError):
        deliver_due(world.services)

    assert world.sms.sent == []
    assert world.message(job).status == MessageStatus.READY


def test_a_brand_in_shadow_plans_and_sends_nothing(world: World) -> None:
    """Skipped, with the reason; nothing falls through to email either."""
    with world.services.sessions.begin() as session:
        session.execute(update(Brand).values(live_at=None))
    job = world.book()
    world.late(job)

    deliver_due(world.services)
    deliver_due(world.services)

    assert world.sms.sent == []
    assert world.email.sent == []
    assert [(row.status, row.reason) for row in world.messages(job)] == [
        (MessageStatus.SKIPPED, WhyNot.SHADOW)
    ]


def test_a_channel_without_a_provider_leaves_to_the_other(world: World) -> None:
    """Once any provider is configured, the sandbox swallows nothing that is meant for people."""
    services = world.services
    without_sms = type(services)(
        **{
            field: getattr(services, field)
            for field in services.__dataclass_fields__
            if field != "sms"
        },
        sms={},
    )
    job = world.book()
    world.late(job)

    deliver_due(without_sms)
    deliver_due(without_sms)

    assert world.message(job).reason == WhyNot.NO_PROVIDER
    assert len(world.email.sent) == 1


def test_the_demo_never_leaves_the_sandbox(world: World) -> None:
    """Without a sandbox there is nowhere for it to go, whatever is configured."""
    demo = add_brand(
        world.services, "demo", live_at=world.clock(), demo=True, number="+15005550007"
    )
    demo_world = World(world.services, world.clock, world.sms, world.email, demo)
    job = demo_world.book()
    demo_world.late(job)

    deliver_due(world.services)
    deliver_due(world.services)

    assert world.sms.sent == []
    assert world.email.sent == []


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
    first, second = world.book("JOB-1"), world.book("JOB-2", phone="+12065550101")
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


def test_words_that_cannot_be_said_are_a_task_and_the_email_carries_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken template stops its own channel, not the news and not the other messages."""

    def broken(*_: object) -> str:
        raise RenderFailed("en/running_late/sms.txt is missing")

    job = world.book()
    world.late(job)
    monkeypatch.setattr(type(world.services.words), "render_sms", broken)

    deliver_due(world.services)
    deliver_due(world.services)

    assert world.message(job).reason == WhyNot.RENDER_FAILED
    assert [task.why for task in world.tasks("look_into")] == [WhyNot.RENDER_FAILED]
    assert len(world.email.sent) == 1


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
