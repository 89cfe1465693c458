"""What stops a text, and what nothing stops."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.guards.limits import WHY, Guards, Limits, Measured, prefix_of, stopped_by
from notifier.domain.messages import WhyNot

_MONEY = [WhyNot.SPENT_TODAY, WhyNot.SPENT_THIS_MONTH]

_amounts = st.integers(0, 1000)
measured = st.builds(
    Measured,
    of=st.sampled_from(list(WHY)),
    so_far=_amounts,
    adds=_amounts,
    at_most=st.none() | st.integers(1, 1000),
    more=st.integers(0, 3),
)


@given(st.lists(measured), st.booleans())
def test_nothing_stops_the_word_that_nobody_comes(
    limits: list[Measured], never_gives_way: bool
) -> None:
    """Whoever waits at home in vain costs more than a text."""
    assert stopped_by(limits, never_gives_way=never_gives_way, calls_off=True) is None


@given(st.lists(measured))
def test_only_money_stops_what_never_gives_way(limits: list[Measured]) -> None:
    """A slip of the promise goes past every cap, and past no limit of money."""
    passed = [WHY[one.of] for one in limits if one.is_passed and WHY[one.of] in _MONEY]
    why = stopped_by(limits, never_gives_way=True, calls_off=False)
    assert why == (passed[0] if passed else None)


@given(st.lists(measured))
def test_a_text_goes_where_every_limit_has_room(limits: list[Measured]) -> None:
    """And is stopped by the first that has none."""
    passed = [
        WHY[one.of]
        for one in limits
        if one.at_most is not None and one.so_far + one.adds > one.at_most * (one.more + 1)
    ]
    why = stopped_by(limits, never_gives_way=False, calls_off=False)
    assert why == (passed[0] if passed else None)


def test_a_row_of_a_thousand_numbers_shares_a_prefix() -> None:
    """Invented numbers come in a row."""
    assert prefix_of("+12065550100") == prefix_of("+12065550999") == "+12065550"
    assert prefix_of("+12065551000") != prefix_of("+12065550999")


@pytest.mark.parametrize(
    ("regions", "price"),
    [
        (["US/206"], 8),
        (["CA"], 9),
        (["GB"], 30),  # without a price of its own: the highest
        (["US", "CA"], 9),
        (["US", "JM"], 30),
        (None, 8),
        ([], 30),
    ],
)
def test_where_nobody_knows_the_price_the_highest_counts(
    regions: list[str] | None, price: int
) -> None:
    """A stop that comes too early is lifted; one that comes too late is paid."""
    guards = Guards(prices={"US": 8, "CA": 9, "AQ": 30})
    assert guards.price(regions, "US") == price


def test_without_a_price_list_money_stops_nothing() -> None:
    """Nobody can count what nobody named."""
    assert Guards().price(["US"], "US") == 0


def test_a_brand_without_limits_of_its_own_has_the_usual_ones() -> None:
    """By slug."""
    guards = Guards(usual=Limits(texts_per_day=5), brands={"big": Limits(texts_per_day=50)})
    assert (guards.of("small").texts_per_day, guards.of("big").texts_per_day) == (5, 50)
    assert Limits(texts_per_day=5).any
    assert not Limits(brake_times=9).any
