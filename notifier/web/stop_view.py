"""The page that stops messages, in words."""

from __future__ import annotations

from dataclasses import dataclass

from notifier.customers.stopping import Stopping
from notifier.domain.messages import Channel
from notifier.domain.phones import for_reading


@dataclass(frozen=True, slots=True, kw_only=True)
class StopView:
    """What the template writes down: who writes, and what can still be stopped."""

    brand: str
    brand_phone: str
    brand_phone_dial: str
    open_channels: tuple[str, ...]
    stopped: bool
    stopped_words: str


def stop_view_of(stopping: Stopping) -> StopView:
    """Write the page that stops messages."""
    words = {Channel.SMS: "texts", Channel.EMAIL: "emails"}
    return StopView(
        brand=stopping.brand,
        brand_phone=for_reading(stopping.brand_phone, stopping.country),
        brand_phone_dial=stopping.brand_phone,
        open_channels=tuple(channel.value for channel in stopping.can_stop),
        stopped=bool(stopping.stopped),
        stopped_words=" or ".join(words[channel] for channel in stopping.stopped),
    )
