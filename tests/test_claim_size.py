"""A worker that is too slow for its leases claims fewer messages, until some are sent in time."""

from __future__ import annotations

from datetime import timedelta

import pytest
import structlog
from sqlalchemy.orm import Session, sessionmaker

from notifier import delivery
from notifier.delivery import deliver_due
from notifier.domain.messages import Channel, MessageStatus
from notifier.sending.claim_size import MOST_AT_A_TIME, ClaimSize
from notifier.sending.claiming import Claimed, claim_due
from notifier.services import Services
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.outbox_world import World, make_world

#: How long the machine takes over each message of a claim: 25 take longer than a lease of 30 s.
SLOW = timedelta(seconds=2)


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand with scripted providers."""
    return make_world(sessions, clock, ids)


def test_it_is_halved_where_it_was_too_late_and_grows_where_it_was_not() -> None:
    """Never below one, never above the most."""
    size, sizes = ClaimSize(), []
    for too_late in (25, 12, 1, 1, 1, 1, 0, 0):
        size.learn(claimed=size.now, too_late=too_late)
        sizes.append(size.now)
    assert sizes == [12, 6, 3, 1, 1, 1, 2, 3]

    for _ in range(100):
        size.learn(claimed=size.now, too_late=0)
    assert size.now == MOST_AT_A_TIME


def test_a_small_claim_says_nothing_of_larger_ones() -> None:
    """That one message went in time does not say that nine will."""
    size = ClaimSize()
    size.learn(claimed=16, too_late=1)
    size.learn(claimed=1, too_late=0)
    assert size.now == 8


def test_on_a_machine_that_is_too_slow_for_a_whole_claim_all_are_sent_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the same 25 would be claimed for ever, each time for nothing."""
    jobs = [
        world.book(f"JOB-{number}", phone=f"+1206555{number:04}", email=None)
        for number in range(MOST_AT_A_TIME)
    ]
    for job in jobs:
        world.late(job)

    def slowly(services: Services, *, limit: int, channel: Channel) -> Claimed:
        claimed = claim_due(services, limit=limit, channel=channel)
        for _ in claimed.claims:
            world.clock.advance(seconds=SLOW.total_seconds())
        return claimed

    monkeypatch.setattr(delivery, "claim_due", slowly)
    with structlog.testing.capture_logs() as logs:
        rounds = 0
        while deliver_due(world.services):
            rounds += 1

    assert sorted(sms.to for sms in world.sms.sent) == sorted(
        f"+1206555{number:04}" for number in range(MOST_AT_A_TIME)
    )
    assert {world.message(job).status for job in jobs} == {MessageStatus.ACCEPTED}
    late = [line for line in logs if line["event"] == "claim_too_late"]
    assert [(line["messages"], line["next_claim"]) for line in late] == [(25, 12)]
    assert rounds == 3
