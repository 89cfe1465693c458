"""A sender that is refused is a warning until somebody has looked, whatever it takes meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier.checkup.diagnosis import diagnose
from notifier.checkup.readiness import check_readiness
from notifier.domain.findings import Finding, Level
from notifier.domain.messages import MessageStatus
from notifier.providers.errors import ProviderMisconfigured
from notifier.providers.receipt import ReceiptEvent
from notifier.scheduler import run_round
from notifier.store.tables import Message, Sender
from notifier.task_list import mark_done
from notifier.web.metrics import StoredFigures
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds, IdsByTheClock
from tests.outbox_world import World, make_world

UNREGISTERED = "30034"


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand with scripted providers, whose ids are of the moment."""
    world = make_world(sessions, clock, ids)
    services = replace(world.services, ids=IdsByTheClock(clock), public_url="http://127.0.0.1:9")
    return replace(world, services=services)


def text(world: World, number: int = 0) -> Message:
    """Let one text be taken, to somebody who has had none, and return it."""
    job = world.book(f"JOB-{number}", phone=f"+1206555{number:04}", email=None)
    world.late(job)
    while run_round(world.services):
        pass
    return world.message(job)


def refuse(world: World, message: Message) -> None:
    """Let the carrier say that it takes nothing from our number."""
    world.receipt(message, ReceiptEvent.UNDELIVERED, code=UNREGISTERED)


def readyz(world: World) -> tuple[Level, float | None, str]:
    """Return what `/readyz` says of senders."""
    (check,) = [one for one in check_readiness(world.services) if one.name == "halted_sender_count"]
    return check.level, check.value, check.sentence


def doctor(world: World) -> Finding:
    """Return what `doctor` says of senders, in one line."""
    (found,) = [
        one
        for one in diagnose(world.services, webhook_key=None)
        if one.subject in ("senders", "sender of default")
    ]
    return found


def test_a_number_that_carriers_refuse_warns_whatever_twilio_takes(world: World) -> None:
    """Nine texts in eight minutes, each taken and then reported: never well in between."""
    assert readyz(world)[:2] == (Level.OK, 0)
    refuse(world, text(world))

    for number in range(1, 9):
        world.clock.advance(minutes=1)
        message = text(world, number)
        assert message.status == MessageStatus.ACCEPTED
        assert readyz(world)[:2] == (Level.WARNING, 1), "it took one, and its receipt is to come"
        assert doctor(world).level is Level.WARNING
        refuse(world, message)
        assert readyz(world)[:2] == (Level.WARNING, 1)
        assert doctor(world).level is Level.FAILING

    assert "twilio (30034)" in readyz(world)[2]
    assert len(world.tasks("sender_halted")) == 1


def test_what_warns_is_among_the_figures(world: World) -> None:
    """An alarm can rest on it."""
    refuse(world, text(world))

    (checks,) = [
        one for one in StoredFigures(world.services).collect() if one.name == "notifier_check"
    ]

    values = {sample.labels["check"]: sample.value for sample in checks.samples}
    assert values["halted_sender_count"] == 1


def test_the_doctor_says_what_to_do_while_its_texts_are_taken(world: World) -> None:
    """What Twilio takes says nothing of the carriers."""
    refuse(world, text(world))
    world.clock.advance(minutes=1)
    text(world, 1)

    found = doctor(world)

    assert "not registered for US texts (30034)" in found.sentence
    assert "tick off the task" in (found.remedy or "")


def test_it_is_well_once_it_is_mended_and_ticked_off(world: World) -> None:
    """While it rests, ticking off alone ends nothing."""
    refuse(world, text(world))
    (task,) = world.tasks("sender_halted")
    mark_done(world.services, world.brand, task.id, actor="staff:test")
    assert readyz(world)[:2] == (Level.WARNING, 1)

    world.clock.advance(minutes=1)
    text(world, 1)

    assert readyz(world)[:2] == (Level.OK, 0)
    assert doctor(world).level is Level.OK


def test_what_nobody_ticked_off_is_old_news_after_a_day(world: World) -> None:
    """As long as it is refused there is a new task each day."""
    refuse(world, text(world))
    world.clock.advance(minutes=1)
    text(world, 1)
    world.clock.advance(hours=23)
    assert readyz(world)[0] is Level.WARNING

    world.clock.advance(hours=1)

    assert readyz(world)[0] is Level.OK


def test_refused_credentials_warn_as_well(world: World) -> None:
    """With each code that it was refused with."""
    refuse(world, text(world))
    world.clock.advance(minutes=1)
    world.sms.answers.append(ProviderMisconfigured("20003"))
    text(world, 1)

    assert readyz(world)[:2] == (Level.WARNING, 1)
    assert "twilio (20003, 30034)" in readyz(world)[2]


def test_a_path_that_is_no_longer_set_up_is_nobodys_trouble(world: World) -> None:
    """Nothing goes by it any more, so nothing could wake it either."""
    with world.services.sessions.begin() as session:
        session.add(
            Sender(
                id=world.services.ids(),
                brand_id=world.brand,
                channel="email",
                provider="smtp",
                address="hello@default.example.com",
                halted_at=world.clock() - timedelta(days=3),
                halted_code="535",
            )
        )

    assert readyz(world)[:2] == (Level.OK, 0)
    assert doctor(world).level is Level.OK
