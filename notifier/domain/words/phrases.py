"""The few words that values are made of, by language: another language is another entry.

A language belongs here once `templates/messages/` has its folder; until then its readers get
English dates in English sentences, never a mixture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from notifier.domain.reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """Words and patterns of one language; `{}` marks where the value goes."""

    today: str
    by: str
    until: str  # between two times, where there is room
    noon: str | None  # None: the language writes the hour
    midnight: str | None
    time_of_place: str
    phone_or_link: str
    and_more: str
    order: str
    reasons: Mapping[Reason, tuple[str, str]]  # for a text, for an email; OTHER says nothing


_ENGLISH: Final = Phrases(
    today="today",
    by="by {}",
    until="to",
    noon="noon",
    midnight="midnight",
    time_of_place="{} time",
    phone_or_link="{} or {}",
    and_more="{} and {} more",
    order="order {}",
    reasons=MappingProxyType(
        {
            Reason.TRAFFIC: ("traffic", "heavy traffic on the way"),
            Reason.WEATHER: ("weather", "the weather"),
            Reason.EARLIER_JOB: ("earlier visit ran over", "an earlier visit took longer"),
            Reason.PARTS: ("awaiting a part", "a part that we are still waiting for"),
            Reason.VEHICLE: ("van trouble", "trouble with our vehicle"),
            Reason.STAFFING: ("team schedule", "a change in our team's schedule"),
            Reason.ADDRESS: ("checking address", "the address, which we are checking"),
            Reason.CUSTOMS: ("customs", "checks at customs"),
            Reason.CARRIER: ("carrier trouble", "a problem at the carrier"),
            Reason.STOCK: ("out of stock", "an item that is out of stock"),
            Reason.DAMAGED: ("damaged item", "an item that was damaged"),
        }
    ),
)

_BY_LANGUAGE: Final[Mapping[str, Phrases]] = MappingProxyType({"en": _ENGLISH})

LANGUAGES: Final = frozenset(_BY_LANGUAGE)


def phrases_for(language: str) -> Phrases:
    """Return the phrases of `language` (two letters), in English where there are none."""
    return _BY_LANGUAGE.get(language, _ENGLISH)
