"""Addresses that must not be written to: each is one brand's, on one channel, for one reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier.domain.messages import Channel, WhyNot
from notifier.sending.suppressions import is_suppressed, lift, suppress
from notifier.services import Services
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.outbox_world import World, add_brand, make_world


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one line of the list says, and the list that it is on."""

    services: Services
    brand_id: UUID
    channel: Channel = Channel.SMS
    address_hash: bytes = b"ada's"

    def put(self, why: WhyNot = WhyNot.OPTED_OUT) -> bool:
        """Put it on the list; return whether it was not there for this reason."""
        with self.services.sessions.begin() as session:
            return suppress(
                session,
                self.services,
                brand_id=self.brand_id,
                channel=self.channel,
                address_hash=self.address_hash,
                why=why,
                source="reply",
            )

    def take_off(self, why: WhyNot = WhyNot.OPTED_OUT) -> bool:
        """Take it off the list; return whether it stood there for this reason."""
        with self.services.sessions.begin() as session:
            return lift(
                session,
                self.services,
                brand_id=self.brand_id,
                channel=self.channel,
                address_hash=self.address_hash,
                why=why,
            )

    def why(self) -> WhyNot | None:
        """Return why it must not be written to."""
        with self.services.sessions() as session:
            return is_suppressed(
                session,
                brand_id=self.brand_id,
                channel=self.channel,
                address_hash=self.address_hash,
            )


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand."""
    return make_world(sessions, clock, ids)


@pytest.fixture
def line(world: World) -> Line:
    """Return Ada's number, which is not on the list."""
    return Line(services=world.services, brand_id=world.brand)


@pytest.fixture
def others(line: Line) -> list[Line]:
    """Return what differs from Ada's number in one thing each."""
    other = add_brand(line.services, "other", live_at=None, number="+15005550008")
    return [
        replace(line, brand_id=other),
        replace(line, channel=Channel.EMAIL),
        replace(line, address_hash=b"bo's"),
    ]


def test_a_line_closes_its_own_address_and_no_other(line: Line, others: list[Line]) -> None:
    """Another brand, channel or address goes on, and can be put there by itself."""
    assert line.why() is None
    assert line.put() is True
    assert line.put() is False
    assert line.why() == WhyNot.OPTED_OUT
    for other in others:
        assert other.why() is None
        assert other.put() is True


def test_taking_one_off_leaves_the_others(line: Line, others: list[Line]) -> None:
    """It says whether there was one; afterwards it can be put there again."""
    for one in (line, *others):
        one.put()

    assert line.take_off() is True
    assert line.take_off() is False
    assert line.why() is None
    assert [other.why() for other in others] == [WhyNot.OPTED_OUT] * 3
    assert line.put() is True


def test_what_stands_there_for_two_reasons_is_open_when_neither_holds(
    line: Line, clock: FakeClock
) -> None:
    """The first reason is the one that is named."""
    line.put(WhyNot.BOUNCED)
    clock.advance(minutes=1)
    assert line.put(WhyNot.OPTED_OUT) is True
    assert line.why() == WhyNot.BOUNCED

    assert line.take_off(WhyNot.BOUNCED) is True
    assert line.why() == WhyNot.OPTED_OUT
    assert line.take_off(WhyNot.OPTED_OUT) is True
    assert line.why() is None
