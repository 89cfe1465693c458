"""What a text costs, counted as carriers count it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.words.segments import count_segments, offending_characters, plain


@pytest.mark.parametrize(
    ("body", "segments"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("é" * 160, 1),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ł" * 70, 1),
        ("ł" * 71, 2),
        ("ł" * 134, 2),
        ("ł" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("a" * 70 + "’", 2),
    ],
)
def test_segments_are_counted_as_they_are_billed(body: str, segments: int) -> None:
    """160 and 153 septets of GSM-7, 70 and 67 units of UCS-2, extensions twice."""
    assert count_segments(body) == segments


def test_a_character_of_two_units_is_not_split() -> None:
    """153 septets hold 76 euro signs, not 76 and a half: the last one moves on."""
    assert count_segments("€" * 153) == 3
    assert count_segments("😀" * 67) == 3


def test_an_empty_text_is_an_error() -> None:
    """Nobody sends nothing."""
    with pytest.raises(ValueError, match="empty"):
        count_segments("")


def test_the_characters_that_cost_double_are_named_once() -> None:
    """So that staff can see which letter turned 160 into 70."""
    assert offending_characters("Łódź ’n’ more") == ("Ł", "ó", "ź", "’")
    assert offending_characters("Hello {you} [€5] ñ à") == ()


def test_what_word_processors_put_in_becomes_plain() -> None:
    """Quotes, dashes, ellipses and odd spaces all have a twin on every phone."""
    typed = "\u201cWe\u2019re late\u201d \u2013 9\u202fAM\u2014noon\u2026\u00a0ok\u200b"

    assert plain(typed) == '"We\'re late" - 9 AM-noon... ok'


def test_letters_are_left_alone() -> None:
    """Nobody's name is rewritten to save a segment."""
    assert plain("Łukasz Żółć, ça va") == "Łukasz Żółć, ça va"


@given(st.text(min_size=1))
def test_plain_never_makes_a_text_cost_another_alphabet(body: str) -> None:
    """It only takes offending characters away."""
    assert set(offending_characters(plain(body))) <= set(offending_characters(body))
    assert plain(plain(body)) == plain(body)
