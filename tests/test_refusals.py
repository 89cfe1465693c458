"""What the claim itself refuses, each reason by itself: planning may not have seen it yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier.domain.messages import Channel, MessageKind, MessageStatus, WhyNot
from notifier.sending.refusals import Around, Refusal, refusal, stand_around
from notifier.store.tables import Brand, ContactPoint, Message, Person, Staff
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.outbox_world import World, make_world

#: Sets one thing up around a message that is due, and returns what the claim reads.
SetUp = Callable[[Message, Around], Around]


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand with scripted providers."""
    return make_world(sessions, clock, ids)


def point_of(row: Message, around: Around) -> ContactPoint:
    """Return the number or address that the message is for."""
    assert row.contact_point_id is not None
    return around.points[row.contact_point_id]


def person_of(row: Message, around: Around) -> Person:
    """Return whom it is for."""
    return around.people[point_of(row, around).person_id]


def brand_of(row: Message, around: Around) -> Brand:
    """Return whose message it is."""
    return around.brands[row.brand_id]


def refused(world: World, set_up: SetUp, channel: Channel = Channel.SMS) -> Refusal | None:
    """Return what the claim says to news that is due; what was set up is gone afterwards."""
    job = world.book(email=None) if channel is Channel.SMS else world.book(phone=None)
    world.late(job)
    with world.services.sessions() as session:
        row = session.get_one(Message, world.message(job, channel).id)
        around = stand_around(session, world.services, [row])
        return refusal(row, set_up(row, around), world.clock())


def nothing(_: Message, around: Around) -> Around:
    """All is well."""
    return around


def expired(row: Message, around: Around) -> Around:
    """It is of no use any more."""
    row.expires_at = row.due_at
    return around


def on_trial(row: Message, around: Around) -> Around:
    """Its rule sends nothing yet."""
    return replace(around, on_trial=frozenset({row.rule}))


def without_contact(row: Message, around: Around) -> Around:
    """There is no way to them."""
    row.contact_point_id = None
    return around


def corrected(row: Message, around: Around) -> Around:
    """It was a wrong number."""
    point_of(row, around).replaced_at = row.created_at
    return around


def erased(row: Message, around: Around) -> Around:
    """Nothing of theirs can be read any more."""
    person_of(row, around).key = None
    return around


def left_alone(row: Message, around: Around) -> Around:
    """They asked for no contact at all."""
    person_of(row, around).no_contact_at = row.created_at
    return around


def bounced(row: Message, around: Around) -> Around:
    """The address stands on the list."""
    point = point_of(row, around)
    listed = {(row.brand_id, point.channel, point.address_hash): WhyNot.BOUNCED}
    return replace(around, suppressed=listed)


def others_bounced(row: Message, around: Around) -> Around:
    """Another address stands on it."""
    point = point_of(row, around)
    return replace(around, suppressed={(row.brand_id, point.channel, b"other"): WhyNot.BOUNCED})


def closed(row: Message, around: Around) -> Around:
    """They never agreed to this kind of message."""
    return replace(around, closed={point_of(row, around).id: frozenset({MessageKind(row.kind)})})


def landline(row: Message, around: Around) -> Around:
    """It takes no text."""
    point_of(row, around).landline = True
    return around


def abroad(row: Message, around: Around) -> Around:
    """The brand does not text to that country."""
    point_of(row, around).regions = ["FR"]
    return around


def flagged(row: Message, around: Around) -> Around:
    """A provider refused it for good."""
    point_of(row, around).flagged_code = "21211"
    return around


def in_shadow(row: Message, around: Around) -> Around:
    """The brand is not live yet."""
    brand_of(row, around).live_at = None
    return around


def demo(row: Message, around: Around) -> Around:
    """The demonstration brand texts nobody but the sandbox."""
    brand_of(row, around).demo = True
    return in_shadow(row, around)


@pytest.mark.parametrize(
    ("set_up", "status", "why"),
    [
        (expired, MessageStatus.EXPIRED, WhyNot.EXPIRED),
        (on_trial, MessageStatus.SKIPPED, WhyNot.TRIAL),
        (without_contact, MessageStatus.SKIPPED, WhyNot.NO_CONTACT),
        (corrected, MessageStatus.SKIPPED, WhyNot.NO_CONTACT),
        (erased, MessageStatus.SKIPPED, WhyNot.NO_CONTACT),
        (left_alone, MessageStatus.SUPPRESSED, WhyNot.OPTED_OUT),
        (bounced, MessageStatus.SUPPRESSED, WhyNot.BOUNCED),
        (closed, MessageStatus.SKIPPED, WhyNot.NO_CONSENT),
        (landline, MessageStatus.SKIPPED, WhyNot.LANDLINE),
        (abroad, MessageStatus.SKIPPED, WhyNot.COUNTRY_CLOSED),
        (flagged, MessageStatus.SKIPPED, WhyNot.INVALID_ADDRESS),
        (in_shadow, MessageStatus.SKIPPED, WhyNot.SHADOW),
    ],
)
def test_each_reason_refuses_by_itself(
    world: World, set_up: SetUp, status: MessageStatus, why: WhyNot
) -> None:
    """The row says what became of it, and why."""
    assert refused(world, set_up) == Refusal(status, why)


@pytest.mark.parametrize("set_up", [nothing, others_bounced, demo])
def test_what_nothing_speaks_against_goes(world: World, set_up: SetUp) -> None:
    """Whatever is said of others."""
    assert refused(world, set_up) is None


def test_that_a_number_takes_no_text_is_nothing_to_an_email(world: World) -> None:
    """A landline's owner can read mail."""
    assert refused(world, landline, Channel.EMAIL) is None


@pytest.mark.parametrize(("disabled", "goes"), [(False, True), (True, False)])
def test_in_shadow_only_staff_get_messages(world: World, *, disabled: bool, goes: bool) -> None:
    """On a number of theirs that was verified, for as long as they are staff."""
    job = world.book(email=None)
    world.late(job)
    with world.services.sessions() as session:
        row = session.get_one(Message, world.message(job).id)
        brand = session.get_one(Brand, world.brand)
        brand.live_at = None
        point = session.get_one(ContactPoint, row.contact_point_id)
        session.add(
            Staff(
                id=world.services.ids(),
                brand_id=world.brand,
                key=b"key",
                name=b"name",
                email=b"email",
                email_hash=b"email",
                phone_hash=point.address_hash,
                session_epoch=0,
                created_at=world.clock(),
                disabled_at=world.clock() if disabled else None,
            )
        )
        session.flush()
        outcome = refusal(row, stand_around(session, world.services, [row]), world.clock())

    assert outcome == (None if goes else Refusal(MessageStatus.SKIPPED, WhyNot.SHADOW))
