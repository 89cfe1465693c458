"""A brand with one source, `shop`, that pushes what it says of a visit."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from notifier.services import Services
from notifier.webhooks.receiving import receive
from notifier.webhooks.translation import translate_received
from tests.sources import generic_events


def push(services: Services, number: int = 1, **data: object) -> UUID:
    """Let the shop say that a visit is late, and read it; return the delivery."""
    body = generic_events.event(
        "appointment.delayed",
        services.now() - timedelta(hours=2),
        **({"reference": "JOB-1001", "minutes": 45} | data),
    )
    headers = generic_events.signed(body, at=services.now(), webhook_id=f"msg_{number}")
    kept = receive(services, "shop", headers, body)
    read(services)
    return kept.delivery_id


def read(services: Services) -> None:
    """Read all that is to be read."""
    while translate_received(services):
        pass
