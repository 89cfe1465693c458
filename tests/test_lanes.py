"""A provider that hangs keeps nobody waiting but those who leave by its channel."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from notifier import delivery
from notifier.booking import NewPerson
from notifier.delivery import deliver_due
from notifier.domain.messages import Channel, MessageStatus, Role
from notifier.scheduler import DELIVERY_THREADS, Worker
from notifier.sending.claim_size import MOST_AT_A_TIME
from notifier.sending.claiming import Claimed, claim_due
from notifier.sending.lane import CLAIMS_AT_ONCE, Lane
from notifier.services import Services
from notifier.store.engine import create_engine_for
from notifier.store.tables import Message
from notifier.waking import Waker
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.fakes.scripted_providers import ScriptedEmail, ScriptedSms
from tests.outbox_world import ADA_EMAIL, World, make_world
from tests.served import eventually

_CALLS_AT_ONCE = 8  # by one channel

_NEVER = 86_400  # seconds between ticks

#: Of a claim. Two are more than may be called at once.
_AT_A_TIME = 5

#: More than all threads of a worker could claim.
_OVERDUE = DELIVERY_THREADS * _AT_A_TIME + 5


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand with scripted providers."""
    return make_world(sessions, clock, ids)


def owe(world: World, channel: Channel, number: int) -> None:
    """Owe somebody of their own the news by `channel`."""
    by_text = channel is Channel.SMS
    job = world.book(
        f"JOB-{channel}-{number}",
        phone=f"+1206555{number:04}" if by_text else None,
        email=None if by_text else f"ada{number}@example.com",
    )
    world.late(job)


def claimed(world: World) -> int:
    """Return how many messages a worker has in hand."""
    with world.services.sessions() as session:
        query = select(func.count()).where(Message.status == MessageStatus.CLAIMED)
        return session.scalar(query) or 0


def has_sent(path: ScriptedSms | ScriptedEmail, count: int) -> bool:
    """Return whether `count` messages were handed to `path`."""
    return len(path.sent) == count


@contextmanager
def working(world: World, database_url: str, *, tick_seconds: float) -> Iterator[Waker]:
    """Let a worker of this process work, and yield what wakes it."""
    engine = create_engine_for(database_url)
    waker = Waker(engine)
    worker = Worker(replace(world.services, wake=waker), waker, tick_seconds=tick_seconds)
    worker.start()
    try:
        yield waker
    finally:
        worker.stop()
        engine.dispose()


@pytest.mark.parametrize("hanging", list(Channel))
def test_fresh_news_goes_while_the_other_channel_hangs(
    world: World, database_url: str, hanging: Channel
) -> None:
    """Its only path answers nobody, and more wait for it than a worker can have in hand."""
    hung, well = (world.sms, world.email) if hanging is Channel.SMS else (world.email, world.sms)
    (other,) = set(Channel) - {hanging}
    for number in range(_OVERDUE):
        owe(world, hanging, number)
    for lane in world.services.lanes.values():
        lane.claim_size.learn(claimed=2 * _AT_A_TIME, too_late=1)
    let_go = threading.Event()
    hung.meanwhile = lambda: let_go.wait(100)
    with working(world, database_url, tick_seconds=0.05):
        try:
            eventually(lambda: claimed(world) == CLAIMS_AT_ONCE * _AT_A_TIME)
            eventually(partial(has_sent, hung, _CALLS_AT_ONCE))
            for number in range(5):
                owe(world, other, number)
                eventually(partial(has_sent, well, number + 1))
            assert has_sent(hung, _CALLS_AT_ONCE), "and still it hangs"
        finally:
            let_go.set()


def test_one_wake_is_enough_for_more_than_one_claim(world: World, database_url: str) -> None:
    """The calls of the first take their time; another thread takes what is left, without a tick."""
    for number in range(2 * _AT_A_TIME):
        owe(world, Channel.SMS, number)
    world.services.lanes[Channel.SMS].claim_size.learn(claimed=2 * _AT_A_TIME, too_late=1)
    let_go = threading.Event()
    world.sms.meanwhile = lambda: let_go.wait(100)
    with working(world, database_url, tick_seconds=_NEVER) as wake:
        try:
            wake()
            eventually(lambda: claimed(world) == 2 * _AT_A_TIME)
        finally:
            let_go.set()


def test_a_claim_for_one_channel_leaves_alone_what_goes_by_the_other(world: World) -> None:
    """Of one job: the customer has a phone, and who lives there an email address."""
    other = NewPerson(role=Role.SECOND_CONTACT, name="Bo Park", email=ADA_EMAIL, locale="en")
    job = world.book(email=None, others=(other,))
    world.late(job)
    waiting = {row.channel for row in world.messages(job)}
    assert waiting == set(Channel)

    claims = [claim_due(world.services, limit=10, channel=channel).claims for channel in Channel]

    assert [[one.provider.name for one in by] for by in claims] == [["twilio"], ["sendgrid"]]


def test_a_slow_channel_has_smaller_claims_and_the_other_has_not(world: World) -> None:
    """The first email took so long that nobody's lease held for the next ones."""
    for number in range(20):
        owe(world, Channel.EMAIL, number)
    world.email.meanwhile = lambda: world.clock.advance(seconds=world.services.timing.lease)

    deliver_due(world.services)

    sizes = {channel: lane.claim_size.now for channel, lane in world.services.lanes.items()}
    assert sizes[Channel.EMAIL] < MOST_AT_A_TIME == sizes[Channel.SMS]


def test_a_lane_has_room_for_so_many_claims_and_for_one_more_when_one_ends() -> None:
    """Whoever was turned away is told of once, so that they look again."""
    lane = Lane()
    assert [lane.enter() for _ in range(CLAIMS_AT_ONCE)] == [True] * CLAIMS_AT_ONCE
    assert lane.leave() is False
    assert [lane.enter(), lane.enter()] == [True, False]

    assert [lane.leave(), lane.leave()] == [True, False]
    assert lane.enter()


def test_whoever_was_turned_away_is_woken(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What they were woken for may have become due after the others had looked."""
    woken: list[bool] = []
    lane = world.services.lanes[Channel.SMS]
    turned_away = [False]

    def claim(_: Services, *, limit: int, channel: Channel) -> Claimed:
        if turned_away[0] and channel is Channel.SMS:
            assert not lane.enter()
        return Claimed(claims=(), dealt_with=0)

    monkeypatch.setattr(delivery, "claim_due", claim)
    services = replace(world.services, wake=lambda: woken.append(True))
    assert all(lane.enter() for _ in range(CLAIMS_AT_ONCE - 1))

    deliver_due(services)
    assert woken == [], "nothing is due, and nobody else came"
    turned_away[0] = True
    deliver_due(services)

    assert woken == [True]


def test_whoever_finds_the_lanes_full_has_nothing_to_do(world: World) -> None:
    """It does not come back at once: those who have the room go on."""
    owe(world, Channel.SMS, 1)
    lane = world.services.lanes[Channel.SMS]
    for _ in range(CLAIMS_AT_ONCE):
        assert lane.enter()

    assert deliver_due(world.services) == 0
    assert world.sms.sent == []
    lane.leave()
    assert deliver_due(world.services) == 1
