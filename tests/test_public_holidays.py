"""Which days a business works: its country's weekdays, without public holidays."""

from datetime import date

import pytest

from notifier.public_holidays import is_holiday, works_on


@pytest.mark.parametrize(
    ("country", "day", "works"),
    [
        ("US", date(2026, 11, 26), False),  # Thanksgiving
        ("GB", date(2026, 11, 26), True),
        ("GB", date(2026, 12, 28), False),  # Boxing Day, on a Saturday, is made up for
        ("FR", date(2026, 7, 14), False),
        ("US", date(2026, 7, 14), True),
        ("US", date(2026, 11, 28), False),  # a Saturday
        ("EG", date(2026, 11, 27), False),  # Friday is the weekend there
        ("EG", date(2026, 11, 29), True),  # and Sunday is not
        ("XX", date(2026, 11, 26), True),  # nobody knows its holidays
        ("XX", date(2026, 11, 28), False),
    ],
)
def test_a_country_decides_its_working_days(country: str, day: date, works: bool) -> None:
    """Its own weekend and its own holidays."""
    assert works_on(country)(day) is works


def test_a_day_on_which_the_brand_is_closed_is_no_working_day() -> None:
    """Mondays too, for who says so."""
    assert works_on("US")(date(2026, 11, 23))
    assert not works_on("US", frozenset({0}))(date(2026, 11, 23))


def test_a_state_has_holidays_of_its_own() -> None:
    """Mardi Gras is one in Louisiana; a state that is not known has its country's."""
    assert is_holiday("US-LA", date(2027, 2, 9))
    assert not is_holiday("US", date(2027, 2, 9))
    assert is_holiday("US-ZZ", date(2026, 11, 26))
