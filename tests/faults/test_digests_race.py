"""Workers, facts and reports all at once: an order is told of once, and nobody waits for ever."""

from __future__ import annotations

import random
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier.clock import new_id
from notifier.delivery import deliver_due, resolve_unknown
from notifier.domain.facts import FactType
from notifier.domain.messages import MessageStatus
from notifier.planner import look_again
from notifier.providers.receipt import ReceiptEvent
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.outbox_world import World, make_world
from tests.three_orders import LATER, news, order

pytestmark = [pytest.mark.timeout(300)]

_ORDERS, _WORKERS = 8, 4

#: Time flies here, by more than a lease while a call is made: a text that waits again and again
#: gives way to the email, untaken.
_ENDS = {MessageStatus.DELIVERED, MessageStatus.SUPERSEDED, MessageStatus.EXPIRED}


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand on both databases in turn, with ids that threads may share."""
    made = make_world(sessions, clock, ids)
    return replace(made, services=replace(made.services, ids=new_id))


def told_of(world: World) -> Counter[str]:
    """Return how often each order was named in a text."""
    return Counter(name for sms in world.sms.sent for name in re.findall(r"ORD-\d+", sms.body))


@pytest.mark.parametrize("seed", range(3))
def test_several_workers_tell_of_each_order_once(world: World, seed: int) -> None:
    """Whoever comes first takes along what is free; the others find nothing left to say."""
    jobs = [order(world, f"ORD-{number}") for number in range(1, _ORDERS // 2 + 1)]
    for job in random.Random(seed).sample(jobs, len(jobs)):
        world.say(job, FactType.DELAYED, expected=LATER)
    world.clock.advance(minutes=6)

    with ThreadPoolExecutor(_WORKERS) as threads:
        list(threads.map(lambda _: deliver_due(world.services), range(_WORKERS * 3)))

    assert set(told_of(world).values()) == {1}
    assert len(told_of(world)) == len(jobs)
    assert {news(world, job).status for job in jobs} == {MessageStatus.ACCEPTED}


@pytest.mark.parametrize("seed", range(3))
def test_facts_reports_and_claims_at_once_end_without_a_deadlock(world: World, seed: int) -> None:
    """Corrections come while digests are claimed, settled and reported on, in any order."""
    jobs = [order(world, f"ORD-{number}") for number in range(1, _ORDERS // 2 + 1)]
    later = [LATER.shifted(day * 24 * 60) for day in range(4)]
    chance = random.Random(seed)

    def correct(job: UUID) -> None:
        for window in chance.sample(later, 3):
            world.say(job, FactType.DELAYED, expected=window)
            world.clock.advance(minutes=2)

    def work(_: int) -> None:
        for _ in range(4):
            deliver_due(world.services)
            look_again(world.services)
            resolve_unknown(world.services)
            for job in jobs:
                for message in world.messages(job):
                    if message.status == MessageStatus.ACCEPTED and message.carried_by is None:
                        world.receipt(message, ReceiptEvent.DELIVERED)

    with ThreadPoolExecutor(_WORKERS + len(jobs)) as threads:
        running = [threads.submit(correct, job) for job in jobs]
        running += [threads.submit(work, number) for number in range(_WORKERS)]
        for one in running:
            one.result(timeout=120)

    world.clock.advance(minutes=10)
    for _ in range(3):
        work(0)
    for job in jobs:
        rows = [m for m in world.messages(job) if m.claimed_at is not None]
        assert {m.status for m in rows} <= _ENDS
        assert all(m.provider_id is None for m in rows if m.status == MessageStatus.EXPIRED)
        delivered = [m for m in rows if m.status == MessageStatus.DELIVERED and m.asserts]
        last = max(delivered, key=lambda m: (m.handed_over_at, m.id))
        assert world.person(job).told == last.asserts
