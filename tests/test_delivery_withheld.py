"""What is due and is not sent: no longer true, opted out, in shadow; each with its reason."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session, sessionmaker

from notifier.delivery import deliver_due
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import Channel, MessageStatus, WhyNot
from notifier.intake import withdraw
from notifier.rendering import RenderFailed, Words
from notifier.sending.suppressions import suppress
from notifier.store.tables import Brand, ContactPoint, Message
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.outbox_world import ADA_EMAIL, World, add_brand, make_world


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand with scripted providers."""
    return make_world(sessions, clock, ids)


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
    assert [(row.status, row.reason, row.settled_at) for row in world.messages(job)] == [
        (MessageStatus.SKIPPED, WhyNot.SHADOW, world.clock())
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


@pytest.mark.parametrize(
    "written", [b"caf\xe9", b"{% if link > 3 %}late{% endif %}"], ids=["cp1252", "compare"]
)
def test_a_template_spoilt_while_messages_go_stops_its_own_alone(
    world: World, tmp_path: Path, written: bytes
) -> None:
    """Templates are edited live: who is to hear of something else hears it in the same claim."""
    shutil.copytree(world.services.words.directory, tmp_path / "messages")
    services = replace(world.services, words=Words(tmp_path / "messages"))
    world = replace(world, services=services)
    late, off = world.book("JOB-1"), world.book("JOB-2", phone="+12065550101")
    world.late(late)
    world.say(off, FactType.CANCELLED, by="us")
    with (tmp_path / "messages/en/running_late/sms.txt").open("ab") as file:
        file.write(written)

    deliver_due(services)

    assert [sms.to for sms in world.sms.sent] == ["+12065550101"]
    row = world.message(late)
    assert (row.status, row.reason) == (MessageStatus.SKIPPED, WhyNot.RENDER_FAILED)
    assert [(task.job_id, task.why) for task in world.tasks("look_into")] == [
        (late, WhyNot.RENDER_FAILED)
    ]
    deliver_due(services)
    assert [email.to for email in world.email.sent] == [ADA_EMAIL]
