"""Orders of one person whose news could go as one message, and what became of it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from notifier import booking
from notifier.booking import NewOrder, NewPerson
from notifier.delivery import deliver_due
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import Channel, MessageStatus
from notifier.domain.windows import Window, from_json
from notifier.parcels import NewParcel
from notifier.providers.receipt import ReceiptEvent
from notifier.store.tables import Message
from tests.outbox_world import ADA, ADA_EMAIL, World

TOMORROW = Window(datetime(2026, 11, 24, 16, tzinfo=UTC), datetime(2026, 11, 25, 2, tzinfo=UTC))
LATER = TOMORROW.shifted(3 * 24 * 60)
S = MessageStatus


def order(world: World, number: str, **person: str | None) -> UUID:
    """Book an order that is promised for tomorrow; its confirmation has arrived."""
    who = NewPerson(
        **{"name": "Ada Park", "phone": ADA, "email": ADA_EMAIL, "zone": "America/Los_Angeles"}
        | person  # type: ignore[arg-type]
    )
    job = booking.book(
        world.services,
        world.brand,
        NewOrder(
            reference=number,
            items=("Kettle",),
            parcels=(NewParcel(carrier="UPS", tracking_code=f"1Z{number}"),),
            window=TOMORROW,
            people=(who,),
        ),
        source=FactSource.API,
        actor="key:test",
    ).job_id
    deliver(world)
    for message in world.messages(job):
        world.receipt(message, ReceiptEvent.DELIVERED)
    world.sms.sent.clear()
    return job


def three(world: World) -> tuple[UUID, UUID, UUID]:
    """Book three orders of Ada's."""
    return order(world, "ORD-1"), order(world, "ORD-2"), order(world, "ORD-3")


def slip(world: World, job: UUID, expected: Window = LATER) -> None:
    """The order will be late; somebody says so a minute after whatever came before."""
    world.clock.advance(minutes=1)
    world.say(job, FactType.DELAYED, expected=expected)


def slip_all(world: World, *jobs: UUID) -> None:
    """Let each of them be late, and wait until the first of them is due."""
    for job in jobs:
        slip(world, job)
    world.clock.advance(minutes=4)


def deliver(world: World) -> None:
    """Send all that is due."""
    while deliver_due(world.services):
        pass


def news(world: World, job: UUID, channel: Channel = Channel.SMS) -> Message:
    """Return the message that says that the order is late."""
    found = [m for m in world.messages(job) if m.rule == "order_delayed" and m.channel == channel]
    return found[-1]


def statuses(world: World, *jobs: UUID, channel: Channel = Channel.SMS) -> set[str]:
    """Return in which statuses the news of these orders are."""
    return {news(world, job, channel).status for job in jobs}


def carrier(world: World, *jobs: UUID) -> Message:
    """Return the message that carries the others."""
    (primary,) = [m for m in (news(world, job) for job in jobs) if m.carried_by is None]
    return primary


def told(world: World, job: UUID) -> object:
    """Return what reached the customer last."""
    return from_json(world.person(job).told)
