"""Read `config/guards.yaml`: how much each brand sends before a person is asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainValidator

from notifier.domain.guards.limits import MILLIONTHS, Guards, Limits
from notifier.word_linter.costs import load_prices
from notifier.yaml_files import YamlFault, YamlInvalid, read_yaml

_UNLIMITED = "unlimited"


def _messages(said: object) -> int | None:
    if said == _UNLIMITED:
        return None
    if isinstance(said, bool) or not isinstance(said, int) or said < 1:
        raise ValueError(f"write a whole number from 1 on, or {_UNLIMITED}")
    return said


def _millionths(said: object) -> int | None:
    if said == _UNLIMITED:
        return None
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 < said < 1e9:
        raise ValueError(f"write an amount of money such as 50 or 12.50, or {_UNLIMITED}")
    return round(said * MILLIONTHS)


_Messages = Annotated[int | None, PlainValidator(_messages)]
_Money = Annotated[int | None, PlainValidator(_millionths)]


class LimitsFile(BaseModel):
    """The limits of one brand, or of all; what is not named is as usual."""

    model_config = ConfigDict(extra="forbid")

    texts_per_number: _Messages = None
    texts_per_prefix: _Messages = None
    texts_per_day: _Messages = None
    spend_per_day: _Money = None
    spend_per_month: _Money = None
    brake_from: _Messages = None
    brake_times: Annotated[int, Field(ge=1, le=1000)] = 3

    def over(self, usual: Limits) -> Limits:
        """Return these limits, and the usual ones where they say nothing."""
        return replace(usual, **self.model_dump(exclude_unset=True))


class GuardsFile(BaseModel):
    """The file, as a business writes it."""

    model_config = ConfigDict(extra="forbid")

    usual: LimitsFile = Field(description="The limits of every brand.")
    brands: dict[str, LimitsFile] = Field(
        default={}, description="Brands that have it otherwise, by slug."
    )


def load_guards(path: Path, prices: Path) -> Guards:
    """Return what the file at `path` says, with the price list at `prices`.

    :raises YamlInvalid: if either can't be used: with every fault found.
    """
    read = read_yaml(path, GuardsFile)
    listed = load_prices(prices)
    currencies = sorted({price.currency for price in listed.values()})
    if len(currencies) > 1:
        said = f"the prices are in {' and '.join(currencies)}: a stop can count one currency only"
        raise YamlInvalid([YamlFault(prices.name, 1, said)])
    usual = read.usual.over(Limits())
    return Guards(
        usual=usual,
        brands={slug: own.over(usual) for slug, own in read.brands.items()},
        prices={country: int(price.segment * MILLIONTHS) for country, price in listed.items()},
        currency=next(iter(currencies), ""),
    )
