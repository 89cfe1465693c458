"""A mail server that defers one mail works; one that defers us does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier.delivery import deliver_due
from notifier.domain.messages import Channel, MessageStatus
from notifier.domain.sending.path_health import Tone
from notifier.providers.errors import SendDeferred
from notifier.providers.smtp_email import SmtpEmail
from notifier.sending.paths import read_health
from notifier.sending.settling import sign_of
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.fakes.mail_server import FakeMailServer
from tests.outbox_world import World, make_world


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand with scripted providers."""
    return make_world(sessions, clock, ids)


@pytest.mark.parametrize(
    ("step", "reply", "reason", "opens"),
    [
        ("RCPT", "450 mailbox busy", "mail_450", False),
        ("RCPT", "451 greylisted, come again", "mail_451", False),
        ("end", "452 mailbox full", "mail_452", False),
        ("RCPT", "421 closing", "smtp_421", True),
        ("end", "421 closing", "smtp_421", True),
        ("MAIL", "451 later", "smtp_451", True),
        ("greeting", "421 busy", "smtp_421", True),
        ("RCPT", "hang up", "no_connection", True),
    ],
)
def test_three_in_a_row_open_the_circuit_only_if_they_are_about_us(
    world: World, step: str, reply: str, reason: str, *, opens: bool
) -> None:
    """As the answers are read back from the record, by every worker alike."""
    with FakeMailServer(**{step: reply}) as server:
        smtp = SmtpEmail(
            url=f"smtp://{server.address}",
            from_address="hello@acme.example",
            now=world.clock,
            timeout=1,
        )
        world = replace(world, services=replace(world.services, email={"smtp": smtp}))
        jobs = [
            world.book(f"J{number}", phone=None, email=f"ada{number}@example.com")
            for number in range(3)
        ]
        for job in jobs:
            world.late(job)
            deliver_due(world.services)

    rows = [world.message(job, Channel.EMAIL) for job in jobs]
    assert {(row.status, row.reason) for row in rows} == {(MessageStatus.DEFERRED, reason)}
    with world.services.sessions() as session:
        health = read_health(session, "smtp")
    assert (health.open_until is not None) is opens


@pytest.mark.parametrize(("code", "tone"), [("mail_450", Tone.WELL), ("smtp_450", Tone.ILL)])
def test_the_rest_of_a_batch_judges_by_the_same_sign(
    clock: FakeClock, code: str, tone: Tone
) -> None:
    """It has the answer before it is on record."""
    sign = sign_of(SendDeferred(code), at=clock(), took=timedelta(seconds=1))

    assert sign is not None
    assert sign.tone is tone
