"""The suite has all that it is said to have."""

from __future__ import annotations

from tests.faults.families import FAMILIES


def test_the_suite_has_every_family() -> None:
    """And each case is of one family, by its name."""
    names = [case.name for family in FAMILIES for case in family.cases()]

    assert {name.partition("/")[0] for name in names} == {
        "kill",
        "freeze",
        "provider",
        "database",
        "clock",
        "deadline",
        "race",
        "repeat",
        "load",
    }
    assert len(set(names)) == len(names)
