"""Phone numbers: where they may be, and how people read them."""

from __future__ import annotations

import pytest

from notifier.domain.phones import for_reading, zones_of


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        ("+12065550100", ("America/Los_Angeles",)),
        ("+12085550100", ("America/Boise", "America/Los_Angeles")),
        (
            "+447700900126",  # says nothing of itself: every zone of its country code
            ("Europe/Guernsey", "Europe/Isle_of_Man", "Europe/Jersey", "Europe/London"),
        ),
    ],
)
def test_a_number_may_be_in_every_zone_that_it_does_not_rule_out(
    number: str, zones: tuple[str, ...]
) -> None:
    """Nobody is texted at night because their number did not say where it is."""
    assert zones_of(number) == zones


@pytest.mark.parametrize(
    ("phone", "country", "read"),
    [
        ("+12065550199", "US", "206-555-0199"),
        ("+442079460018", "GB", "020 7946 0018"),
        ("+442079460018", "US", "+44 20 7946 0018"),
        ("ring the bell", "US", "ring the bell"),
        ("", "US", ""),
    ],
)
def test_a_number_reads_as_people_there_dial_it(phone: str, country: str, read: str) -> None:
    """One of another country keeps its +; what is no number stays as it is."""
    assert for_reading(phone, country) == read
