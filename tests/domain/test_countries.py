"""A number is abroad only if it is certainly in none of the countries that a brand texts to."""

from __future__ import annotations

import pytest

from notifier.domain.guards.countries import is_abroad
from notifier.domain.phones import regions_of


@pytest.mark.parametrize(
    ("number", "countries", "abroad"),
    [
        ("+12065550100", {"US"}, False),
        ("+18005550199", {"US"}, False),
        ("+14165550123", {"US"}, True),  # the same +1, and another country
        ("+18765550100", {"US"}, True),
        ("+14165550123", {"US", "CA"}, False),
        ("+442071838750", {"US"}, True),
        ("+447700900123", {"GB"}, False),  # of Britain or one of its islands: nobody can tell
        ("+447700900123", {"FR"}, True),
        ("+88213300000", {"US"}, True),  # a satellite's
    ],
)
def test_where_a_number_is(number: str, countries: set[str], abroad: bool) -> None:
    """By its country, not by its first digits."""
    assert is_abroad(regions_of(number), countries) is abroad


def test_a_number_that_was_never_placed_is_not_abroad() -> None:
    """Those of before regions were kept go on as they did."""
    assert not is_abroad(None, {"US"})
