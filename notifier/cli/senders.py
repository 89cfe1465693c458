"""The numbers and addresses of the settings, as what every brand speaks from."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from notifier.brands import keep_sender
from notifier.cli.context import services
from notifier.domain.messages import Channel
from notifier.providers.second import second_of
from notifier.store.engine import reading
from notifier.store.tables import Brand


def keep_senders(settings: Any) -> None:
    """Put on record who speaks from what is set: each brand but the demo, which never leaves.

    So a STOP is known to be for each brand that may have written from that number.
    """
    with reading(services().sessions) as session:
        brands = session.scalars(select(Brand.id).where(~Brand.demo)).all()
    speaks = (
        (Channel.SMS, "twilio", settings.sms_configured and settings.twilio_from),
        (
            Channel.SMS,
            second_of("twilio"),
            settings.sms_configured and settings.twilio_second_from,
        ),
        (Channel.EMAIL, "sendgrid", settings.sendgrid_api_key and settings.sendgrid_from),
        (Channel.EMAIL, "smtp", settings.smtp_url and settings.sendgrid_from),
    )
    for brand_id in brands:
        for channel, provider, address in speaks:
            if address:
                keep_sender(
                    services(), brand_id, channel=channel, provider=provider, address=address
                )
