"""Opting out that a source tells of: the customer said STOP to the vendor's own texts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.domain.messages import Channel, WhyNot
from notifier.domain.phones import to_e164
from notifier.errors import Invalid
from notifier.sending.suppressions import Address, suppress
from notifier.services import Services
from notifier.store.addresses import address_hash
from notifier.store.tables import Brand, Source, Suppression


def close_number(
    session: Session, services: Services, source: Source, phone: str, *, at: datetime
) -> Address | None:
    """Close the number for texts of the source's brand, as they asked `at` that time.

    The caller drops what waits for it, once this is committed. Return None where they opted in
    again later, so that it stays open.

    :raises Invalid: if it can't be a number.
    """
    try:
        number = to_e164(phone, session.get_one(Brand, source.brand_id).country)
    except ValueError as error:
        raise Invalid("phone", str(error)) from error
    hashed = address_hash(services.vault, Channel.SMS, number)
    opened_since = select(Suppression.id).where(
        Suppression.brand_id == source.brand_id,
        Suppression.channel == Channel.SMS,
        Suppression.address_hash == hashed,
        Suppression.why == WhyNot.OPTED_OUT,
        Suppression.lifted_at >= at,
    )
    if session.scalar(opened_since.limit(1)) is not None:
        return None
    suppress(
        session,
        services,
        brand_id=source.brand_id,
        channel=Channel.SMS,
        address_hash=hashed,
        why=WhyNot.OPTED_OUT,
        source="source",
    )
    return source.brand_id, Channel.SMS, hashed
