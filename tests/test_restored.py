"""After a backup was restored: what may have gone since is found out, or held; not sent blindly."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from notifier.delivery import deliver_due
from notifier.domain.messages import Channel, MessageStatus, WhyNot
from notifier.domain.rules.rule import OnUnknown, RuleSet
from notifier.errors import Conflict
from notifier.providers.protocols import Accepted, LookUpFound
from notifier.providers.receipt import ReceiptEvent
from notifier.scheduler import run_round
from notifier.sending.claiming import claim_due
from notifier.sending.restored import Doubted, doubt_what_fell_due
from notifier.services import Services
from notifier.store.heartbeats import beat
from notifier.store.tables import Brand
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.fakes.scripted_providers import ScriptedSms
from tests.outbox_world import ADA, World, make_world


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand; what SendGrid has, nobody can ask."""
    world = make_world(sessions, clock, ids)
    world.email.can_look_up = False
    return world


def restore(world: World, *, after: timedelta = timedelta(hours=1)) -> None:
    """Let the database be what it was, `after` the worker's last sign of life in it."""
    with world.services.sessions.begin() as session:
        beat(session, world.clock())
    world.clock.advance(seconds=int(after.total_seconds()))


def late_text(world: World) -> UUID:
    """Owe a text that is due."""
    job = world.book()
    world.late(job)
    return job


def late_email(world: World) -> UUID:
    """Owe an email that is due."""
    job = world.book(phone=None)
    world.late(job)
    return job


def work(services: Services, clock: FakeClock) -> None:
    """Let a worker go its rounds for two minutes."""
    for _ in range(12):
        run_round(services)
        clock.advance(seconds=10)


def test_a_text_that_went_after_the_backup_is_found_and_not_sent_again(world: World) -> None:
    """Its link is made of its id, which the backup has."""
    job, at = late_text(world), world.clock()
    restore(world)
    taken = Accepted("SM1", at + timedelta(seconds=5))
    world.sms.look_ups.append(LookUpFound(taken, ReceiptEvent.DELIVERED))

    doubted = doubt_what_fell_due(world.services)
    work(world.services, world.clock)

    assert doubted == Doubted(since=at, looked_for=1, held=0)
    assert world.sms.asked_about == [(ADA, at)]
    assert world.sms.sent == []
    row = world.message(job)
    assert (row.status, row.provider_id) == (MessageStatus.DELIVERED, "SM1")
    assert row.handed_over_at == at + timedelta(seconds=5)


def test_a_text_that_did_not_go_goes_once(world: World) -> None:
    """Absent twice, it was never taken, and is still true."""
    job = late_text(world)
    restore(world)

    doubt_what_fell_due(world.services)
    work(world.services, world.clock)

    assert len(world.sms.asked) == 2
    assert [text.to for text in world.sms.sent] == [ADA]
    assert world.message(job).status == MessageStatus.ACCEPTED


def test_an_email_that_nobody_can_look_up_is_held_with_a_task(world: World) -> None:
    """A person finds out, once, however often the command is given."""
    job = late_email(world)
    restore(world)

    assert doubt_what_fell_due(world.services).held == 1
    assert doubt_what_fell_due(world.services).held == 0
    work(world.services, world.clock)

    assert world.email.sent == []
    row = world.message(job, Channel.EMAIL)
    assert (row.status, row.reason) == (MessageStatus.HELD, WhyNot.OUTCOME_UNKNOWN)
    assert [task.message_id for task in world.tasks("look_into")] == [row.id]


def test_an_email_that_was_about_to_be_called_for_is_held(world: World) -> None:
    """The backup knows of no call; it was made right afterwards."""
    job = late_email(world)
    (claim,) = claim_due(world.services, limit=1).claims
    assert claim.notes_call
    restore(world)

    assert doubt_what_fell_due(world.services).held == 1
    work(world.services, world.clock)

    assert world.email.sent == []
    assert world.message(job, Channel.EMAIL).status == MessageStatus.HELD


def test_what_its_rule_would_rather_have_twice_goes(world: World) -> None:
    """That is what `on_unknown: resend` means."""
    book = world.services.rulebook
    rules = RuleSet(replace(rule, on_unknown=OnUnknown.RESEND) for rule in book.rules)
    services = replace(world.services, rulebook=replace(book, rules=rules))
    late_email(world)
    restore(world)

    assert doubt_what_fell_due(services).held == 0
    work(services, world.clock)

    assert len(world.email.sent) == 1


def test_what_time_alone_made_owed_since_is_held(world: World) -> None:
    """Nobody reported on the text, so an email followed it: by another id than it would now."""
    job = late_text(world)
    deliver_due(world.services)
    world.email.can_look_up = True
    restore(world)

    assert doubt_what_fell_due(world.services).held == 1
    work(world.services, world.clock)

    assert world.email.sent == []
    assert world.message(job, Channel.EMAIL).status == MessageStatus.HELD


def test_of_two_paths_neither_says_that_a_text_did_not_go(world: World) -> None:
    """It may have gone from the other account."""
    second = ScriptedSms("twilio_2", now=world.clock)
    services = replace(world.services, sms={"twilio": world.sms, "twilio_2": second})
    late_text(world)
    restore(world)

    assert doubt_what_fell_due(services) == Doubted(
        since=world.clock() - timedelta(hours=1), looked_for=0, held=1
    )


def test_what_was_not_due_yet_is_in_no_doubt(world: World) -> None:
    """It goes at its time: told at night, it waits for the morning."""
    world.clock.advance(hours=14)
    job = world.book(starts_in=timedelta(hours=12))
    world.late(job)
    assert world.message(job).due_at > world.clock() + timedelta(hours=1)
    restore(world)

    assert doubt_what_fell_due(world.services).looked_for == 0
    assert world.message(job).status == MessageStatus.PLANNED


@pytest.mark.parametrize("nobody_hears", [{"live_at": None}, {"demo": True}])
def test_a_brand_in_shadow_or_of_the_demo_has_sent_nothing(
    world: World, nobody_hears: dict[str, object]
) -> None:
    """So nothing of it is in doubt."""
    late_text(world)
    with world.services.sessions.begin() as session:
        session.execute(update(Brand).values(**nobody_hears))
    restore(world)

    assert doubt_what_fell_due(world.services).looked_for == 0


def test_nothing_is_put_in_doubt_while_a_worker_may_run(world: World) -> None:
    """It may be sending it at this moment."""
    job = late_text(world)
    restore(world, after=timedelta(seconds=119))

    with pytest.raises(Conflict, match="Stop all workers"):
        doubt_what_fell_due(world.services)

    assert world.message(job).status == MessageStatus.READY


def test_where_no_worker_ever_ran_nothing_has_gone(world: World) -> None:
    """The first one sends it."""
    late_text(world)

    assert doubt_what_fell_due(world.services) == Doubted(since=None, looked_for=0, held=0)
    deliver_due(world.services)
    assert len(world.sms.sent) == 1
