"""For what a text counts: its number, the row of numbers beside it, the brand's day, and money."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from notifier.domain.guards.limits import Guards, Limits, Measured, TallyOf, prefix_of
from notifier.store.tables import Brand
from notifier.store.tallies import Tallies
from notifier.store.vault import Vault

#: A tally, its key, and what a text adds to it: one, or money.
Counted = tuple[TallyOf, str, int]


def keys_of(vault: Vault, number: str, address_hash: bytes) -> dict[TallyOf, str]:
    """Return the keys under which texts to `number` (E.164) are counted: keyed hashes."""
    return {
        TallyOf.NUMBER: address_hash.hex(),
        TallyOf.PREFIX: vault.blind(f"prefix:{prefix_of(number)}").hex(),
    }


def counts_of(
    guards: Guards,
    brand: Brand,
    keys: Mapping[TallyOf, str],
    regions: Collection[str] | None,
    segments: int,
) -> list[Counted]:
    """Return the tallies that one text counts for, and how much.

    :param regions: where the number may be; None: in the brand's country.
    """
    cost = segments * guards.price(regions, brand.country)
    return [
        (TallyOf.NUMBER, keys[TallyOf.NUMBER], 1),
        (TallyOf.PREFIX, keys[TallyOf.PREFIX], 1),
        (TallyOf.DAY, "", 1),
        (TallyOf.SPEND_DAY, "", cost),
        (TallyOf.SPEND_MONTH, "", cost),
    ]


def measured(counts: list[Counted], tallies: Tallies, limits: Limits) -> Iterator[Measured]:
    """Yield how much room there is for a text in each tally that it counts for."""
    for of, key, adds in counts:
        tally = tallies.of(of, key)
        yield Measured(
            of=of,
            so_far=tally.amount,
            adds=adds,
            at_most=limits.at_most(of),
            more=tally.more,
        )
