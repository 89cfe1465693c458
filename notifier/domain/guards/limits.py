"""How much a brand sends at most, beyond which a person is asked first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from notifier.domain.messages import WhyNot

#: What money is counted in: so many make one of the currency.
MILLIONTHS = 1_000_000

#: The last digits of a number, left out of its prefix: a thousand numbers in a row share one.
_LEFT_OUT = 3


class TallyOf(StrEnum):
    """What is counted, and for how long."""

    DAY = "day"  # texts of a brand
    SPEND_DAY = "spend_day"
    SPEND_MONTH = "spend_month"
    NUMBER = "number"  # texts in a day
    PREFIX = "prefix"  # texts in a day
    RULE = "rule"  # messages in an hour

    @property
    def is_money(self) -> bool:
        """Whether money is counted, not messages."""
        return self in (TallyOf.SPEND_DAY, TallyOf.SPEND_MONTH)


#: What is said where there is no room left.
WHY: Mapping[TallyOf, WhyNot] = {
    TallyOf.NUMBER: WhyNot.NUMBER_CAP,
    TallyOf.PREFIX: WhyNot.PREFIX_CAP,
    TallyOf.DAY: WhyNot.DAY_CAP,
    TallyOf.SPEND_DAY: WhyNot.SPENT_TODAY,
    TallyOf.SPEND_MONTH: WhyNot.SPENT_THIS_MONTH,
}

#: Every reason for which a guard keeps a text from going.
STOPPED_BY = frozenset({*WHY.values(), WhyNot.COUNTRY_CLOSED, WhyNot.BRAKED})

#: Limits of a brand as a whole, of which a person may let as much again go.
LIFTED_BY_HAND: Mapping[WhyNot, TallyOf] = {
    WHY[of]: of for of in (TallyOf.DAY, TallyOf.SPEND_DAY, TallyOf.SPEND_MONTH)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one brand may send in a local day, or month; None: as much as it likes.

    `brake_from` and `brake_times` are of the brake: a rule that is about to send more than
    `brake_from` messages in an hour, and more than `brake_times` what it ever did, is held.
    """

    texts_per_number: int | None = None
    texts_per_prefix: int | None = None
    texts_per_day: int | None = None
    spend_per_day: int | None = None  # millionths
    spend_per_month: int | None = None  # millionths
    brake_from: int | None = None
    brake_times: int = 3

    def at_most(self, of: TallyOf) -> int | None:
        """Return the limit that holds for a tally; None: there is none."""
        return {
            TallyOf.NUMBER: self.texts_per_number,
            TallyOf.PREFIX: self.texts_per_prefix,
            TallyOf.DAY: self.texts_per_day,
            TallyOf.SPEND_DAY: self.spend_per_day,
            TallyOf.SPEND_MONTH: self.spend_per_month,
        }.get(of)

    @property
    def any(self) -> bool:
        """Whether anything is guarded at all."""
        return self != replace(Limits(), brake_times=self.brake_times)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """The limits of every brand, and what a segment of a text costs by country."""

    usual: Limits = Limits()
    brands: Mapping[str, Limits] = field(default_factory=dict)  # by slug, where they differ
    prices: Mapping[str, int] = field(default_factory=dict)  # millionths a segment, by country
    currency: str = ""

    def of(self, brand: str) -> Limits:
        """Return the limits of the brand with that slug."""
        return self.brands.get(brand, self.usual)

    def price(self, regions: Iterable[str] | None, country: str) -> int:
        """Return what a segment to a number costs: where it may be in several countries, or in
        one without a price, the highest that may be asked.

        :param regions: where the number may be; None: in the brand's `country`.
        """
        asked = (country,) if regions is None else regions
        countries = {region.partition("/")[0] for region in asked}
        if countries and countries <= self.prices.keys():
            return max(self.prices[one] for one in countries)
        return max(self.prices.values(), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One limit that a text counts for: how much went before it, and how much it adds."""

    of: TallyOf
    so_far: int
    adds: int
    at_most: int | None
    more: int = 0  # how often a person let as much again go

    @property
    def is_passed(self) -> bool:
        """Whether there is no room for it."""
        return self.at_most is not None and self.so_far + self.adds > self.at_most * (1 + self.more)


def prefix_of(e164: str) -> str:
    """Return what a number shares with the thousand numbers in whose row it stands."""
    return e164[:-_LEFT_OUT]


def stopped_by(
    measured: Iterable[Measured], *, never_gives_way: bool, calls_off: bool
) -> WhyNot | None:
    """Return the first limit that a text would pass; None: it may go.

    :param never_gives_way: a slip of the promise and the like: only money stops it.
    :param calls_off: it says that nobody comes: nothing stops it.
    """
    for one in measured:
        binds = not calls_off and (one.of.is_money or not never_gives_way)
        if binds and one.is_passed:
            return WHY[one.of]
    return None
