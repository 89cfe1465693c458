"""Finding people by what staff would type, through equal terms only."""

from __future__ import annotations

import pytest

from notifier.domain.search_terms import query_terms, terms

JOSE = terms("José O’Brien", "+12065550100", "jose@example.com", "1200 Pine St, Apt 4")


def finds(query: str, person: frozenset[str] = JOSE) -> bool:
    """Return whether `query` finds `person`, as the store does it."""
    sought = query_terms(query)
    return bool(sought) and all(group & person for group in sought)


@pytest.mark.parametrize(
    "query",
    [
        "José",
        "jose",
        "JOSE OBRIEN",
        "O'Brien",
        "obr",
        "+1 206 555 0100",
        "(206) 555-0100",
        "0100",
        "1200 pine",
        "pine 0100",
        "jose@example.com",
        "Jose@Example.COM",
        "4",
    ],
)
def test_what_staff_type_finds_the_person(query: str) -> None:
    """Names in any spelling, the end of a number, part of an address, the whole email."""
    assert finds(query)


@pytest.mark.parametrize("query", ["jo", "brien", "0101", "ada", "jose ada", "", "  ", "+", "'"])
def test_what_does_not_belong_to_them_does_not_find_them(query: str) -> None:
    """Two letters of a longer word are no search; every word must belong to the person."""
    assert not finds(query)


def test_a_trunk_zero_or_the_international_prefix_still_finds_the_number() -> None:
    """Numbers are stored in E.164, and typed in many ways."""
    person = terms("Bo", "+31612345678", None, None)

    assert finds("06 1234 5678", person)
    assert finds("0031 6 12345678", person)


def test_short_names_are_found_whole() -> None:
    """A name of two letters, or of one character, is a name."""
    assert finds("bo", terms("Bo", None, None, None))
    assert finds("田", terms("田中", None, None, None))


def test_long_words_do_not_make_endless_terms() -> None:
    """An address of one enormous word costs a handful of rows."""
    assert len(terms(None, None, None, "x" * 10_000)) < 12
