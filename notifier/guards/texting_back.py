"""Texts that answer a text: the same limits hold for them, for each is paid for as well."""

from __future__ import annotations

from uuid import UUID

import phonenumbers
import structlog

from notifier.domain.guards.countries import is_abroad
from notifier.domain.guards.limits import stopped_by
from notifier.domain.phones import regions_of
from notifier.domain.words.segments import count_segments
from notifier.guards.counting import counts_of, keys_of, measured
from notifier.services import Services
from notifier.store.tables import Brand
from notifier.store.tallies import Tallies

_log = structlog.get_logger()


def may_text_back(
    services: Services, brand_id: UUID, number: str, address_hash: bytes, text: str
) -> bool:
    """Count `text` as one to `number`, and return whether it may go.

    What is no number that can be placed, as a short code, is not answered.
    """
    try:
        regions = regions_of(number)
    except phonenumbers.NumberParseException:
        return False
    with services.sessions.begin() as session:
        brand = session.get_one(Brand, brand_id)
        if is_abroad(regions, brand.texts_to):
            return False
        limits = services.guards.of(brand.slug)
        if not limits.any:
            return True
        keys = keys_of(services.vault, number, address_hash)
        tallies = Tallies(
            session, brand, {of: [key] for of, key in keys.items()}, now=services.now()
        )
        counts = counts_of(services.guards, brand, keys, regions, count_segments(text))
        why = stopped_by(measured(counts, tallies, limits), never_gives_way=False, calls_off=False)
        if why is not None:
            _log.warning("not_texted_back", guard=str(why), brand=brand.slug)
            return False
        for of, key, adds in counts:
            tallies.of(of, key).amount += adds
        tallies.write()
    return True
