"""Opting out behind a link: one address of one person, at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.customers.link_holder import Holder, find_holder
from notifier.domain.messages import Channel, WhyNot
from notifier.sending.suppressions import drop_what_waits, is_suppressed, suppress
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import ContactPoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopping:
    """What can be stopped behind one link, and what is."""

    brand: str
    brand_phone: str
    country: str  # of the brand, in which its number is dialled
    can_stop: tuple[Channel, ...]
    stopped: tuple[Channel, ...]


def read_stopping(services: Services, token: str) -> Stopping:
    """Return what the link's page shows. Changes nothing.

    :raises NotFound: if no link has that token.
    """
    with reading(services.sessions) as session:
        holder = find_holder(session, services.vault, token)
        points = _points(session, holder)
        stopped = {Channel(point.channel) for point in points if _is_stopped(session, point)}
    channels = dict.fromkeys(Channel(point.channel) for point in points)
    return Stopping(
        brand=holder.brand.name,
        brand_phone=holder.brand.phone,
        country=holder.brand.country,
        can_stop=tuple(channel for channel in channels if channel not in stopped),
        stopped=tuple(channel for channel in channels if channel in stopped),
    )


def stop(services: Services, token: str, *, channel: Channel | None = None) -> None:
    """Stop messages to the address that the link was sent to, from this moment on.

    A link that no message carries belongs to a person: `channel` then picks which of their
    addresses, without one all of them. A mail program's one click names no channel.

    :raises NotFound: if no link has that token.
    """
    with services.sessions.begin() as session:
        holder = find_holder(session, services.vault, token)
        points = [
            point
            for point in _points(session, holder)
            if channel is None or point.channel == channel
        ]
        for point in points:
            suppress(
                session,
                services,
                brand_id=point.brand_id,
                channel=point.channel,
                address_hash=point.address_hash,
                why=WhyNot.OPTED_OUT,
                source="customer",
            )
        addresses = {(point.brand_id, point.channel, point.address_hash) for point in points}
    for brand_id, of_channel, of_hash in sorted(addresses):
        drop_what_waits(services, brand_id=brand_id, channel=of_channel, address_hash=of_hash)
    services.wake()


def _points(session: Session, holder: Holder) -> Sequence[ContactPoint]:
    """Return the address that the link was sent to, else all that the person has in use."""
    if holder.contact_point_id is not None:
        return [session.get_one(ContactPoint, holder.contact_point_id)]
    return session.scalars(
        select(ContactPoint)
        .where(
            ContactPoint.person_id == holder.person.id,
            ContactPoint.replaced_at.is_(None),
        )
        .order_by(ContactPoint.channel.desc(), ContactPoint.id)
    ).all()


def _is_stopped(session: Session, point: ContactPoint) -> bool:
    why = is_suppressed(
        session,
        brand_id=point.brand_id,
        channel=point.channel,
        address_hash=point.address_hash,
    )
    return why is WhyNot.OPTED_OUT
